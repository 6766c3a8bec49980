"""A lake of photo events in memory: the tables, views, macros and the mart as they are, without servers.

Publishing and building write the same rows of the ledger as in the real lake, of which the views read some.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from contracts.photo_events import TABLE
from watershed.warehouse.ledger.tables import LEDGER_SQL
from watershed.warehouse.schema.evolution import describe_columns
from watershed.warehouse.schema.marts import find_mart
from watershed.warehouse.schema.views import list_views

EVER = datetime(9999, 1, 1)
MART = find_mart("photo_states")
ALL_TABLES = ("core.photo_events", "core.photo_states", "ledger.days", "ledger.inputs", "ledger.publishes")
Row = dict[str, Any]


@dataclass
class PhotoLake:
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    snapshot: int = 0

    def __post_init__(self) -> None:
        self.con.execute("CREATE SCHEMA core; CREATE SCHEMA ledger;" + LEDGER_SQL.read_text())
        columns = describe_columns(TABLE.address, TABLE.all_columns).values()
        self.con.execute(f"CREATE TABLE core.photo_events ({', '.join(column.definition for column in columns)})")
        views = [view for view in list_views() if view.address.startswith("core.")]
        self.con.execute(next(view.statement for view in views if view.address == "core.photo_changes"))
        self.con.execute(f"CREATE TABLE core.photo_states AS {MART.empty} LIMIT 0")
        for view in views:
            self.con.execute(view.statement)

    def clear(self) -> None:
        self.con.execute("".join(f"DELETE FROM {table};" for table in ALL_TABLES))
        self.snapshot = 0

    def publish(self, events: Iterable[Row]) -> None:
        """One raw object of events, in one snapshot."""
        self.snapshot += 1
        rows = [{**event, "raw_object": f"raw/{self.snapshot}", "raw_line": n} for n, event in enumerate(events, 1)]
        table = pa.Table.from_pylist(rows, schema=TABLE.arrow_schema)
        self.con.register("arrived", table)
        self.con.execute("INSERT INTO core.photo_events BY NAME SELECT * FROM arrived")
        for day in {row["received_at"].date() for row in rows}:
            self.write("days", table_name="core.photo_events", raw_object=f"raw/{self.snapshot}", day=day, row_count=1)

    def build_state(self, day: date) -> None:
        """The partition of `core.photo_states`, from what is published by now."""
        read = self.snapshot
        self.snapshot += 1
        self.con.execute(f"SET VARIABLE day = DATE '{day}'")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE built AS {MART.sql}")
        self.con.execute("DELETE FROM core.photo_states WHERE state_date = getvariable('day')")
        [(count,)] = self.con.execute("INSERT INTO core.photo_states BY NAME SELECT * FROM built").fetchall()
        self.write("inputs", table_name="core.photo_states", day=day, input_snapshot_id=read)
        unused = ("rows_read", "rows_quarantined", "rows_deduplicated", "rows_filtered", "stage_ms", "check_ms")
        about = {"subject": "core.photo_states", "actor": "photos", "published_at": EVER, "rows_written": count}
        self.write("publishes", **about, **dict.fromkeys(unused, 0))

    def write(self, table: str, **values: Any) -> None:
        values |= {"run_id": "test", "snapshot_id": self.snapshot}
        marks = ", ".join("?" * len(values))
        self.con.execute(f"INSERT INTO ledger.{table} ({', '.join(values)}) VALUES ({marks})", [*values.values()])

    def read(self, relation: str, *values: Any) -> dict[int, Row]:
        """Rows by photo."""
        rows = self.con.execute(f"SELECT * FROM {relation}", values).to_arrow_table().to_pylist()
        return {row["photo_id"]: row for row in rows}

    def read_now(self) -> dict[int, Row]:
        return self.read("core.photos_now")

    def read_as_of(self, moment: datetime) -> dict[int, Row]:
        return self.read("core.photos_as_of(?)", moment)

    def fold_all(self, moment: datetime = EVER) -> dict[int, Row]:
        """The whole state, deleted photos included, by all events and no snapshot."""
        return self.read("core.fold_photos(NULL, ?)", moment)

    def list_state_days(self) -> list[date]:
        rows = self.con.execute("SELECT state_date FROM core.photo_state_days ORDER BY 1").fetchall()
        return [day for (day,) in rows]
