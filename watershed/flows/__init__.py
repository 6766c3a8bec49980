"""The protocol, one file a step: land, stage, check, publish. Plain functions that know nothing of Airflow.

A step leaves what it found out as JSON at `runs/<run_id>/<step>.json` and returns counts; the next one reads it there.
That is why a run can go on in another process, on another machine, or after a crash. See ADR 2.
"""
