"""What must hold for the rows of a table before anybody sees them: one file a table, whose `build_rules(known)` returns
Great Expectations objects (the words for them are in watershed/quality/rules.py)."""
