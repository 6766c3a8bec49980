"""Upkeep of the lake and looks into it: compaction, expiry, pins, exports, traces."""
