"""What is learned from tables: one folder a model, and the registry of their versions."""
