"""Columns are read by the names of the contract, whatever else a table has, and may be younger than an extraction."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.empty_lake import EmptyLake
from tests.flows.shop import ARTICLES, Shop, open_shop
from tests.runs import begin
from watershed import declarations
from watershed.declarations.table import Column
from watershed.flows.ingest.check import check_table
from watershed.flows.ingest.land import take_arrivals
from watershed.flows.ingest.publish import publish_source
from watershed.flows.ingest.stage import stage_source

pytestmark = pytest.mark.servers

OURS = (
    "raw_object", "raw_line", "valid_from", "valid_to", "is_current", "is_deleted", "_row_version", "_changed_at",
    "_row_place", "file_row_number", "filename", "file_index", "problem", "day", "rule", "last", "start", "previous",
)  # fmt: skip

COLORS = [
    Column(name, pa.string(), "A color", nullable=name.startswith("loose"), default=default)
    for name, default in (("loose", None), ("loose_grey", "grey"), ("strict", None), ("strict_grey", "grey"))
]
NEW_NAMES = {"id": "label_id", "name": "title"}


@pytest.fixture
def shop(lake: EmptyLake, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return open_shop(lake, monkeypatch)


def test_a_source_may_call_its_columns_as_we_do(shop: Shop) -> None:
    """Two of them wanted by the contract, one under another name."""
    added = [f"add \"{name}\" text default '{name}'" for name in OURS]
    shop.change(f"alter table articles {', '.join(added)}")
    table = shop.add_column(ARTICLES, Column("day", pa.string(), "A day"))
    shop.add_column(table, Column("source_line", pa.string(), "A line", source_name="raw_line"))
    shop.run()
    shop.change("update articles set name = 'new', \"raw_line\" = 'x' where id = 1")
    shop.run()
    assert shop.sum_books() == [("shop.1", 2, 2, 0, 0), ("shop.2", 1, 1, 0, 0)]
    assert shop.read_current("id, day, source_line, raw_line") == [(1, "day", "x", 1), (2, "day", "raw_line", 2)]
    assert shop.ask("SELECT count(*) FROM core.articles WHERE raw_object NOT LIKE 'raw/shop/%'") == [(0,)]


def test_a_contract_may_call_its_columns_as_our_queries_do(shop: Shop) -> None:
    """One row does not fit, with a NaN that is no decimal and a number that is one, and one fails a rule."""
    names = ("problem", "own", "line", "rule", "reason", "bad", "rejects", "extracted", "present", "changed", "failing")
    added = [f"add \"{name}\" text default '{name}'" for name in names]
    added += ["add price numeric(8, 2) default 1.5", "add share numeric(4, 2)"]
    shop.change(f"alter table articles {', '.join(added)}")
    shop.change("insert into articles (id, name, price, share) values (3, 'three', 'NaN', 'NaN'), (4, null, 2, 'NaN')")
    table = ARTICLES
    for name in names:
        table = shop.add_column(table, Column(name, pa.string(), "A text"))
    table = shop.add_column(table, Column("price", pa.decimal128(8, 2), "Its price", nullable=True))
    shop.add_column(table, Column("share", pa.float64(), "Its share", nullable=True))
    shop.run()
    listed = ", ".join(f'"{name}"' for name in names)
    assert shop.read_current(f"{listed}, price") == [(*names, Decimal("1.50"))] * 2
    found = shop.ask("SELECT raw_line, rule, reason FROM quarantine.articles ORDER BY raw_line")
    bound = "a number of at most 6 digits before the point and 2 behind (decimal128(8, 2))"
    assert found[0] == (3, "parse", f"price is not a finite number where the contract has {bound}")
    assert found[1][:2] == (4, "not_null:name")
    shop.change("update articles set price = 3, name = 'n' where id > 2")
    shop.run()
    assert shop.read_current("id, price, share::VARCHAR")[2:] == [(3, 3, "nan"), (4, 3, "nan")]


@dataclass(frozen=True)
class Aging:
    """Tables that were extracted by one contract and are read by the next, which has more columns, names, tables."""

    shop: Shop

    def begin(self) -> None:
        self.shop.change("create table labels (like articles including all); insert into labels select * from articles")
        self.shop.declare(replace(ARTICLES, name="labels", home_of=()))

    def go_on(self) -> None:
        added = ", ".join(f"add {column.name} text default 'red'" for column in COLORS)
        self.shop.change(f"alter table articles {added}; update articles set name = 'new' where id = 1")
        self.shop.declare(replace(ARTICLES, columns=(*ARTICLES.columns, *COLORS)))
        self.shop.change("alter table labels rename id to label_id; alter table labels rename name to title")
        self.shop.change("update labels set amount = 9")
        columns = [replace(c, name=NEW_NAMES[c.name], renamed_from=(c.name,)) for c in ARTICLES.columns[:2]]
        columns += ARTICLES.columns[2:]
        self.shop.declare(replace(ARTICLES, name="labels", columns=tuple(columns), key=("label_id",), home_of=()))
        self.shop.change("create table prices (id bigint primary key, amount int); insert into prices values (1, 5)")
        columns = [Column("id", pa.int64(), "The article"), Column("amount", pa.int32(), "Its price", nullable=True)]
        self.shop.declare(replace(ARTICLES, name="prices", columns=tuple(columns), home_of=()))

    def verify(self) -> None:
        assert not self.shop.is_red
        colors = ", ".join(column.name for column in COLORS)
        old, young = tuple(column.default for column in COLORS), ("red",) * len(COLORS)
        told = [(1, "one", *old), (1, "new", *young), (2, "two", *old), (2, "two", *young)]
        assert self.shop.read_history(f"id, name, {colors}") == told
        told = [(1, "one", 1), (1, "one", 9), (2, "two", 2), (2, "two", 9)]
        assert self.shop.ask("SELECT label_id, title, amount FROM core.labels ORDER BY ALL") == told
        assert self.shop.ask("SELECT id, amount, is_current FROM core.prices") == [(1, 5, True)]
        assert self.shop.ask("FROM quarantine.articles") == self.shop.ask("FROM quarantine.labels") == []


def test_extractions_may_be_older_than_columns_names_and_a_table(shop: Shop) -> None:
    aging = Aging(shop)
    aging.begin()
    shop.run()
    aging.go_on()
    shop.run()
    aging.verify()
    shop.rebuild()
    aging.verify()
    shop.change("insert into articles values (3, 'three'); update articles set strict_grey = null where id = 3")
    shop.change("update articles set strict = null where id = 1")
    shop.change("update articles set loose = null, loose_grey = null where id = 2")
    shop.run()
    red = (1, "red", "red", "red", "red")
    assert shop.read_current("id, loose, loose_grey, strict, strict_grey") == [red, (2, None, None, "red", "red")]


def test_extractions_may_be_older_than_a_key(shop: Shop) -> None:
    """What lists records by another key is passed over for the complete one that follows it."""
    shop.declare(replace(ARTICLES, key=("name",)))
    shop.run()
    shop.change("update articles set name = 'new' where id = 1; delete from articles where id = 2")
    shop.run()
    shop.declare(ARTICLES)
    shop.change("insert into articles values (3, 'three', 3)")
    shop.run()
    shop.rebuild()
    assert not shop.is_red and shop.read_current() == [(1, "new"), (3, "three")]
    shop.change("update articles set amount = 9 where id = 1")
    shop.run()
    assert not shop.is_red and shop.read_current("id, amount") == [(1, 9), (3, 3)]
    assert all(read == sum(others) for _, read, *others in shop.sum_books()[-1:])


def test_a_contract_may_change_while_a_run_is_on_its_way(shop: Shop) -> None:
    """The run is refused in a sentence, and the next one brings all that it had."""
    wider = replace(ARTICLES.columns[2], type=pa.int64())
    color = Column("color", pa.string(), "Its color", nullable=True)
    shop.change("alter table articles add color text default 'red'")
    for columns, why in (((*ARTICLES.columns, color), "color is missing"), ((wider,), "amount is INTEGER")):
        shop.change("insert into articles select max(id) + 1, 'new', 1 from articles")
        run = begin("shop", why)
        assert take_arrivals(run)["objects"] == 1
        stage_source(run)
        changed = {c.name: c for c in (*declarations.find_table("articles").columns, *columns)}
        shop.declare(replace(ARTICLES, columns=tuple(changed.values())))
        check_table(run, declarations.find_table("articles"))
        [sentence] = publish_source(run).refused.values()
        assert why in sentence
        shop.run()
        assert not shop.is_red
    assert shop.read_current("id, color") == [(n, "red") for n in (1, 2, 3, 4)]
