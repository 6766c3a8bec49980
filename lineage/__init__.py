"""Where a column comes from and what depends on it, read from the transforms and the SQL themselves."""
