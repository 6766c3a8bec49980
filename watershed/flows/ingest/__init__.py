"""Land, stage, check, publish: from raw objects of a source to its tables."""
