"""Where a column comes from and what depends on it, read from the transforms and the SQL themselves.

Words used here:
*address*: of a table, mart or view (`core.requests`), of raw objects (`raw/access_logs`) or of a topic
(`topic/photo_events`), as the asset catalogue spells them.
*origin*: a column of an input that the value of a column is made of.
*rows*: the columns that decide which rows there are: conditions, joins, groups. They are in no value and yet change it.

`columns.py` answers for one table or query, `graph.py` for all of them together, `events.py` says it in OpenLineage.
Importing this room is cheap: Ibis and sqlglot load when something is asked.
"""
