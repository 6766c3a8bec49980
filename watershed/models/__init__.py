"""The registry of models: versions, and which of them answers."""
