"""Versions of models: what was trained, from what, how good it is, and whether it answers."""

from watershed.declarations.registry import declare_models

TABLE = declare_models(owner="recommendations")
