"""How far what the champion sees has moved from what it was trained on."""

from watershed.declarations.registry import declare_drifts

TABLE = declare_drifts(owner="recommendations")
