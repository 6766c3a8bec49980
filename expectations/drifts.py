"""Business rules of ml.drifts: the engine's."""

from watershed.quality.registry import list_drift_rules as build_rules

__all__ = ["build_rules"]
