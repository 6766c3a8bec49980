"""What must hold for the rows of a table before anybody sees them.

*schema rules* derive from the contract (`schema.py`); *business rules* are listed in `expectations/<table>.py`, whose
`build_rules(known)` returns Great Expectations objects. A *row rule* says something about each row: those that fail it
go to quarantine. A *table rule* says something about all rows together: a critical one blocks the publish, others are
only reported. Importing this package is cheap: Great Expectations is imported inside functions.
"""

from watershed.quality.late_modules import delay_imports

delay_imports()
