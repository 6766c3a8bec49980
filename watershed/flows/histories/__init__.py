"""Histories: the versions of every record, folded from extractions of a database."""
