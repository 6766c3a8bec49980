"""PostgreSQL as a source: its catalogue, sessions, and extractions of its tables."""
