"""Does training take four times as long for four times the interactions, and not more?"""

from benchmarks.answer import Answer, Goal, Measured
from benchmarks.bench import Bench
from benchmarks.measure import run_section
from benchmarks.recommender import generate, our_command, split_file

GROWTH = (4, 1, 16)  # times a fortieth of the benchmark's size; the first is what the others are compared with
KINDS = ("factors", "item_item")


def ask(bench: Bench) -> Answer:
    import pyarrow.parquet as pq

    sections: dict[tuple[str, int], Measured] = {}
    for times in GROWTH:
        table = pq.read_table(generate(bench, bench.lines // 40 * times))
        file = split_file(bench, table, f"growing_{times}")
        for kind in KINDS:
            measured = sections[kind, times] = Measured(f"watershed, {kind}, {times} times", len(table))
            for _ in range(bench.repeat):
                run_section(measured, our_command(file, {"kind": kind}))
    goals = [
        Goal(
            f"{kind}: seconds per interaction at 16 times, of those at 4 times",
            sections[kind, 16].per_unit / sections[kind, 4].per_unit,
            1.2,
        )
        for kind in KINDS
    ]
    order = sorted(sections, key=lambda key: (KINDS.index(key[0]), GROWTH.index(key[1])))
    notes = ["from a table in memory to a model; item_item inverts a matrix of all items, however few interactions"]
    return Answer("Growing interactions", "interactions", [sections[key] for key in order], goals, notes)
