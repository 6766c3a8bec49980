"""A LocalExecutor whose workers have the heavy modules in memory before the first task.

Workers and tasks are forks of the scheduler: what it imported is free for them (four checks in a row took 15 s without
this and 2 s with it). The modules are listed in airflow.cfg, `[watershed] preload`. The first S3 client of a process
reads botocore's description of S3, 0.13 s, which forks inherit too.
"""

from importlib import import_module

import boto3
from airflow.configuration import conf
from airflow.executors.local_executor import LocalExecutor


class WarmLocalExecutor(LocalExecutor):
    """Imports the configured modules, then forks."""

    def start(self) -> None:
        for module in conf.get("watershed", "preload", fallback="").split():
            import_module(module)
        boto3.client("s3", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        super().start()
