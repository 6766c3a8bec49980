"""The whole sample, for `watershed demo`: everything is landed, sent, run and compared with what is known of it."""

from sample.demo import generate_sample, run_sample
from sample.demo_models import run_models
from sample.demo_streams import find_stream_untruths, run_streams
from sample.report import print_report
from watershed.cli.dag_runs import Report, find_red_dags
from watershed.stack.airflow_api import AirflowApi


def run_all(api: AirflowApi, report: Report) -> list[str]:
    """Returns a sentence for every number that is not what it must be, and for every DAG that is not green."""
    landed = run_sample(api, report)
    run_streams(api, report)
    landed |= run_models(api, report)
    wrong = [*print_report(generate_sample() / "truth.json", landed), *find_stream_untruths(generate_sample())]
    return wrong + find_red_dags(api)
