"""Ask all questions, or those named, and write a table, the raw figures and a plot to benchmarks/results/.

python -m benchmarks                          full size: 10 million lines, about 40 minutes on 2 cores
python -m benchmarks --lines 200000 --repeat 1 top_pages        a quick look
"""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

QUESTIONS = (
    "watch_logs_to_table",
    "growing_input",
    "small_runs",
    "top_pages",
    "postgres_extraction",
    "airflow_tasks",
    "event_to_answer",
    "topic_to_table",
    "recommender",
    "choose_recommender",
    "growing_interactions",
    "minutes_to_features",
    "twenty_analysts",
    "cockpit",
    "attacked",
    "worst_questions",
)
RESULTS = Path(__file__).with_name("results")


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=raw)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"one of {', '.join(QUESTIONS)}")
    parser.add_argument("--lines", type=int, default=10_000_000, help="size of the input (default 10 million)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each section; medians are shown (default 3)")
    parser.add_argument("--home", type=Path, help="keep stack, input and peers there for the next time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    args = parser.parse_args()
    if unknown := set(args.questions) - set(QUESTIONS):
        parser.error(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    with tempfile.TemporaryDirectory(prefix="watershed-bench-", ignore_cleanup_errors=True) as temporary:
        leave_settings()
        os.environ["WATERSHED_HOME"] = str((args.home or Path(temporary)).absolute())
        return ask_questions(args)


def leave_settings() -> None:
    """Forget the caller's own stack: the benchmark has one of its own."""
    for variable in [name for name in os.environ if name.startswith(("WATERSHED_", "AIRFLOW_", "AWS_"))]:
        del os.environ[variable]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def ask_questions(args: argparse.Namespace) -> int:
    """Returns 0 when every goal is met."""
    from benchmarks.bench import install_peers, open_bench
    from benchmarks.report import write_report
    from watershed.stack.servers import start_storage, stop_stack

    bench = open_bench(args.lines, args.repeat)
    answers = []
    try:
        install_peers(bench)
        start_storage(bench.home)
        for name in args.questions or QUESTIONS:
            print(f"{name}", flush=True)
            answers.append(importlib.import_module(f"benchmarks.{name}").ask(bench))
            write_report(bench, answers, args.results)
    finally:
        stop_stack(bench.home)
    print((args.results / "results.md").read_text())
    return 0 if all(goal.is_met for answer in answers for goal in answer.goals) else 1


if __name__ == "__main__":
    sys.exit(main())
