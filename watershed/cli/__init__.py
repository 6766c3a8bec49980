"""The command `watershed`."""
