"""A database of articles of a test's own, and a source that keeps their history, by the whole protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from tests.empty_lake import EmptyLake
from tests.runs import begin
from watershed import declarations
from watershed.declarations.table import UTC_TIMESTAMP, Column, Source, Table
from watershed.flows.ingest.land import find_arrivals, take_arrivals
from watershed.flows.landed import Landed, Settled, write_landed
from watershed.flows.published import Published
from watershed.flows.run import publish_taken
from watershed.lake.store import open_store
from watershed.sources.postgres import session as postgres_session
from watershed.sources.postgres.extraction_order import order_extractions
from watershed.sources.postgres.extractions import Extraction, read_manifests
from watershed.warehouse.connection import connect

SHOP = Source("shop", "oltp", "A shop's database")
ARTICLES = Table(
    name="articles",
    description="Articles of the shop, every version that was seen.",
    grain="one version of one article",
    owner="shop",
    columns=(
        Column("id", pa.int64(), "The article"),
        Column("name", pa.string(), "What it is called"),
        Column("amount", pa.int32(), "How many there are", nullable=True),
        Column("updated_at", UTC_TIMESTAMP, "When it was changed, in UTC", nullable=True),
    ),
    key=("id",),
    sources=(SHOP,),
    home_of=(SHOP,),
    replaces="key",
    day=None,
    freshness=timedelta(days=1),
)
CREATE = """
    create table articles (id bigint primary key, name text, amount bigint, updated_at timestamptz default now());
    insert into articles values (1, 'one', 1), (2, 'two', 2);
"""


@dataclass
class Shop:
    """`run` does what `watershed run ingest_shop --in-process` does; `is_red` says how the last one ended."""

    url: str
    patch: pytest.MonkeyPatch
    told: Published = field(default_factory=lambda: Published(None))
    count: int = 0

    def declare(self, table: Table) -> None:
        """Have a contract from now on, instead of that of the same name."""
        self.patch.setitem(declarations.load_tables(), table.name, table)
        self.patch.setitem(declarations.load_sources(), SHOP.name, SHOP)

    def add_column(self, table: Table, column: Column) -> Table:
        wider = replace(table, columns=(*table.columns, column))
        self.declare(wider)
        return wider

    def change(self, statements: str) -> None:
        with psycopg.connect(self.url) as database:
            database.execute(statements)

    def rebuild(self, run_id: str = "") -> Published:
        """Fold everything anew, from the raw objects."""
        return self.run(run_id, first=date(2020, 1, 1), last=date(2030, 1, 1))

    def pretend(self, what: str, instead: str) -> None:
        """Have the server answer something else when it is asked for its moment."""
        self.patch.setattr(postgres_session, "MOMENT", postgres_session.MOMENT.replace(what, instead))

    def run(self, run_id: str = "", *, is_extracted: bool = False, **kwargs: Any) -> Published:
        """All steps, without the extraction where another run has landed it. Returns what the publish told, empty where
        there was nothing to take."""
        self.count += 1
        run_id = run_id or f"shop.{self.count}"
        self.told = Published(None)
        if is_extracted:
            write_landed(begin("shop", run_id), Landed(SHOP, Settled(find_arrivals("shop"))))
        if is_extracted or take_arrivals(begin("shop", run_id), **kwargs)["objects"]:
            self.told = publish_taken(begin("shop", run_id))
        return self.told

    @property
    def is_red(self) -> bool:
        return bool(self.told.refused or self.told.returned)

    def ask(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        return connect().execute(query, list(values)).fetchall()

    def read_history(self, columns: str = "id, name, is_current, is_deleted", where: str = "true") -> list[Any]:
        return self.ask(f"SELECT {columns} FROM core.articles WHERE {where} ORDER BY id, valid_from")

    def read_current(self, columns: str = "id, name", where: str = "true") -> list[Any]:
        return self.ask(f"SELECT {columns} FROM core.articles WHERE is_current AND {where} ORDER BY id")

    def read_extractions(self) -> list[Extraction]:
        """The manifests of all that was taken, in this order."""
        extractions, _ = read_manifests(store := open_store(), store.list_raw("shop"))
        return [taken.extraction for taken in order_extractions(store, extractions)]

    def sum_books(self) -> list[Any]:
        """Rows read, written, quarantined and deduplicated by run."""
        books = "sum(rows_read), sum(rows_written), sum(rows_quarantined), sum(rows_deduplicated)"
        return self.ask(f"SELECT run_id, {books} FROM ledger.books GROUP BY run_id ORDER BY run_id")


def open_shop(lake: EmptyLake, patch: pytest.MonkeyPatch) -> Shop:
    patch.setenv("WATERSHED_SHOP_URL", lake.accounts_url)
    shop = Shop(lake.accounts_url, patch)
    shop.declare(ARTICLES)
    shop.change(CREATE)
    return shop
