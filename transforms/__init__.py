"""From records to rows: one file a table, named like it. Pure: no clock, network or file."""
