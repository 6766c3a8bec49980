"""Transforms that any project can build its own on: forms of log lines, times, rows of databases, histories."""
