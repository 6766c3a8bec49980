"""How long from raw objects on S3 to a published, checked table, beside the least that could do it and beside peers?"""

import tempfile

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, generate_watch_logs, land_files, our_python
from benchmarks.measure import run_section
from watershed.settings import load_settings
from watershed.warehouse.publish import prepare

DLT_SHARE = 20  # dlt takes a twentieth of the lines; its time is scaled by line
# What its guide advises for speed: both cores normalize, pages are large, files rotate so that there is work to share.
DLT_OPTIONS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "NORMALIZE__WORKERS": "2",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "DATA_WRITER__FILE_MAX_ITEMS": "250000",
}


def ask(bench: Bench) -> Answer:
    folder, truth = generate_watch_logs(bench, bench.lines)
    ours, floor = Measured("watershed, all of it", bench.lines), Measured("floor: bare DuckDB, one regex", bench.lines)
    pandas = Measured("pandas, parse and to Parquet", bench.lines)
    dlt = Measured("dlt, dictionaries to DuckDB", bench.lines // DLT_SHARE)
    for _ in range(bench.repeat):
        with empty_lake(bench):
            land_files("watch_logs", folder)
            run_section(floor, our_python("benchmarks.parse_bare"))
            prepare(load_settings())
            verify_rows(run_section(ours, our_python("benchmarks.run_source", "watch_logs")), truth)
            run_peers(bench, pandas, dlt)
    checks = ours.find_median("check") / ours.median
    goals = [
        Goal("times the floor", ours.median / floor.median, 1.5),
        Goal("times faster than dlt, per line", dlt.per_unit / ours.per_unit, 40, at_least=True),
        Goal("share of the time that checks take", checks, 0.25),
        Goal("peak memory in MB", max(ours.peak_mb), 2000),
    ]
    steps = ", ".join(f"{step} {ours.find_median(step):.2f} s" for step in ("land", "stage", "check", "publish"))
    notes = [
        f"ours, by step: {steps}; three tables, line numbers, rules, quarantine and ledger included",
        f"processor seconds: ours {ours.find_median('cpu'):.1f}, floor {floor.find_median('cpu'):.1f}",
        f"dlt took {dlt.units:,} of the lines; compare its seconds per million",
    ]
    return Answer("From raw objects to a published, checked table", "lines", [ours, floor, pandas, dlt], goals, notes)


def run_peers(bench: Bench, pandas: Measured, dlt: Measured) -> None:
    settings = load_settings()
    storage = {
        "WATERSHED_S3_ENDPOINT": settings.s3_endpoint,
        "WATERSHED_S3_ACCESS_KEY": settings.s3_access_key,
        "WATERSHED_S3_SECRET_KEY": settings.s3_secret_key,
    }
    run_section(pandas, [bench.peers_python, str(bench.peers_folder / "load_with_pandas.py")], **storage)
    with tempfile.TemporaryDirectory(dir=bench.home.path) as work:
        script = str(bench.peers_folder / "load_with_dlt.py")
        run_section(
            dlt, [bench.peers_python, script, work, str(dlt.units)], DLT_DATA_DIR=work, **DLT_OPTIONS, **storage
        )


def verify_rows(result: dict, truth: dict) -> None:
    """Raises ValueError when we were fast and wrong."""
    for name, expected in truth["tables"].items():
        found = result["tables"][name]
        wanted = {"rows": expected["rows"], "quarantined": sum(expected["quarantined"].values())}
        if {key: found[key] for key in wanted} != wanted:
            raise ValueError(f"core.{name} holds {found}, the truth of the generated lines is {wanted}")
