"""Great Expectations on an open DuckDB connection, through its own extension points.

The only modules that import it (3 s): import them inside functions.
"""
