"""Does the time grow with the input and nothing faster, and does memory stay where it is?"""

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench, empty_lake, generate_watch_logs, land_files, our_python
from benchmarks.measure import run_section
from benchmarks.watch_logs_to_table import verify_rows
from contracts.settings import load_settings
from warehouse.publish import prepare

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
    growth = max(large.peak_mb) / max(middle.peak_mb)
    goals = [
        Goal(f"seconds per line at {large.units:,} lines, of those at {middle.units:,}", relate(large, middle), 1.1),
        Goal(f"seconds per line at {small.units:,} lines, of those at {middle.units:,}", relate(small, middle), 1.1),
        Goal("peak memory in MB", max(max(size.peak_mb) for size in sizes), 2000),
        Goal(f"peak memory at {large.units:,} lines, of that at {middle.units:,}", growth, 1.1),
    ]
    return Answer("Growing input", "lines", sizes, goals)


def relate(one: Measured, other: Measured) -> float:
    return one.per_unit / other.per_unit
