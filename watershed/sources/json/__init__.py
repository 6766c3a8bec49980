"""Strict JSON: documents cut out of bytes, their forms, and their fields."""
