"""What knows Airflow: steps as tasks, the asset catalogue, schedules, retries. DAG files import from here.

Airflow would run every file below this folder as a plugin; `.airflowignore` keeps that to files named *_plugin.py.
"""
