"""Objects that are later states of others: growing logs, and what takes whose place."""
