"""Start everything, run the sample through every DAG and print what came of it; this is `make run`.

Exit code 0 only if every DAG is green and every number that is known beforehand is right, whatever else the lake has by
now. The servers go on running.
"""

import argparse
import time

GOES_ON = "servers, and runs that were started, go on: `watershed down` stops them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    from stack.commands import up

    began = time.monotonic()
    is_first = up.start_all()

    from stack.airflow_api import open_api
    from stack.demo import generate_sample, list_red_runs, run_sample
    from stack.demo_models import run_models
    from stack.demo_streams import find_stream_untruths, run_streams
    from stack.report import print_report

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)

    api = open_api()
    landed = run_sample(api, report)
    run_streams(api, report)
    landed |= run_models(api, report)
    wrong = [*print_report(generate_sample() / "truth.json", landed), *find_stream_untruths(generate_sample())]
    red = [f"the DAG {entry['dag_id']} is not green: {entry['state']}" for entry in list_red_runs(api)]
    if wrong or red:
        raise ValueError("not all is as it must be: " + "; ".join([*wrong, *red]))
    print(f"All DAGs are green and all known numbers are right, after {time.monotonic() - began:.0f} s.\n")
    up.print_access(is_first)
    return 0
