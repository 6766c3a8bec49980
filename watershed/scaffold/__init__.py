"""Files of new sources: templates by kind, and contracts derived from a database."""
