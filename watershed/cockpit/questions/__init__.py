"""What pages ask: of the ledger's copy, DuckLake's catalogue and the lake."""
