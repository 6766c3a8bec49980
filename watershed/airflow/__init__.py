"""What knows Airflow: steps as tasks, the asset catalogue, schedules, retries. DAG files import from here.
"""
