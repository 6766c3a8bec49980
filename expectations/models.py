"""Business rules of ml.models: the engine's."""

from watershed.quality.registry import list_model_rules as build_rules

__all__ = ["build_rules"]
