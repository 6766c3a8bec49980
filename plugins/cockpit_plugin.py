"""What Airflow loads: the engine's plugin, which puts the cockpit into the web server.

Plugins of your own go beside it, in files named *_plugin.py (`.airflowignore` keeps Airflow from all others)."""

from watershed.airflow.plugin import CockpitPlugin

__all__ = ["CockpitPlugin"]
