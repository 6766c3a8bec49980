"""The ledger: what every publish recorded, its tables and views, and copies of it in memory."""
