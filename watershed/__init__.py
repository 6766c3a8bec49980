"""Watershed's engine: from raw objects to published tables, for whatever project it runs in."""

__version__ = "0.1.0"
