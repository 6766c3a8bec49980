"""Does the time grow with the input and nothing faster, and does memory stay where it is?"""

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, generate_watch_logs, land_files, our_python
from benchmarks.measure import run_section
from benchmarks.watch_logs_to_table import verify_rows
from watershed.settings import load_settings
from watershed.warehouse.publish import prepare

FACTORS = (1.0, 0.1, 5.0)  # of the benchmark's size; the first is what the others are compared with


def ask(bench: Bench) -> Answer:
    sizes = [Measured(f"watershed, {bench.lines * f:,.0f} lines", int(bench.lines * f)) for f in FACTORS]
    for size in sizes:
        folder, truth = generate_watch_logs(bench, size.units)
        for _ in range(bench.repeat if size.units <= bench.lines else 1):
            with empty_lake(bench):
                land_files("watch_logs", folder)
                prepare(load_settings())
                verify_rows(run_section(size, our_python("benchmarks.run_source", "watch_logs")), truth)
    middle, small, large = sizes
    slope = (large.median - small.median) / (large.units - small.units)
    start = small.median - slope * small.units
    expected = start + slope * middle.units
    goals = [
        Goal(
            f"seconds per line at {large.units:,} lines, of those at {middle.units:,}",
            large.per_unit / middle.per_unit,
            1.1,
        ),
        Goal(
            f"distance of {middle.units:,} lines from the straight line through the other two, as a share",
            abs(middle.median / expected - 1),
            0.1,
        ),
        Goal("peak memory in MB", max(max(size.peak_mb) for size in sizes), 2000),
        Goal(
            f"peak memory at {large.units:,} lines, of that at {middle.units:,}",
            max(large.peak_mb) / max(middle.peak_mb),
            1.1,
        ),
    ]
    notes = [f"the straight line: {start:.2f} s for a run of any size, and {slope * 1e6:.2f} s for each million lines"]
    return Answer("Growing input", "lines", sizes, goals, notes)
