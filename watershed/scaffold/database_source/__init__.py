"""From a database that nobody here designed to contracts: what it has, names and types of ours, and the files."""
