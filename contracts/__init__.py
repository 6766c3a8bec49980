"""What the tables are: one file a table. A contract is found by walking this folder, never by a list."""
