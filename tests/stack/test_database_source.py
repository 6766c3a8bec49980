"""Databases that nobody here designed go through the whole product: scaffolded, run, changed, run again."""

import gzip
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.checkout import REPOSITORY, Checkout, copy_repository
from tests.empty_lake import EmptyLake, rename_database
from tests.stack.kept_history import change_database, expect_history, list_kept, read_database, read_histories
from watershed.stack.postgres import find_programs
from watershed.warehouse.connection import connect

pytestmark = pytest.mark.servers

DATA = Path(__file__).resolve().parents[1] / "data"
SCRIPTS = {
    "sakila": [DATA / "sakila" / "01_schema.sql.gz", DATA / "sakila" / "02_data_copy.sql.gz"],
    "trading": [DATA / "trading.sql"],
    "music": [DATA / "music.sql"],
}
TABLES = {"sakila": 15, "trading": 14, "music": 17}


@pytest.fixture(scope="module")
def checkout(module_lake: EmptyLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the repository with all three databases scaffolded; their addresses are set."""
    checkout = copy_repository(tmp_path_factory.mktemp("databases") / "watershed")
    with pytest.MonkeyPatch.context() as patch:
        for name in SCRIPTS:
            url = rename_database(module_lake.admin_url, f"{name}_{module_lake.bucket}")
            with psycopg.connect(module_lake.admin_url, autocommit=True) as server:
                server.execute(f"create database {name}_{module_lake.bucket}")
            load(name, url)
            patch.setenv(f"WATERSHED_{name.upper()}_URL", url)
            done = checkout.run("watershed", "new-source", name, "oltp", "--from-database")
            assert done.returncode == 0, done.stderr
            (checkout.path / f"{name}.txt").write_text(done.stdout)
        yield checkout
        for name in SCRIPTS:
            with psycopg.connect(module_lake.admin_url, autocommit=True) as server:
                server.execute(f"drop database {name}_{module_lake.bucket} with (force)")


def load(name: str, url: str) -> None:
    for path in SCRIPTS[name]:
        script = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        command = [str(find_programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
        subprocess.run(command, input=script, check=True, stdout=subprocess.DEVNULL)


def run(checkout: Checkout, *command: str) -> str:
    done = checkout.run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_table_keeps_its_history(checkout: Checkout, name: str, module_lake: EmptyLake) -> None:
    url = rename_database(module_lake.admin_url, f"{name}_{module_lake.bucket}")
    tables = list_kept(checkout, name)
    assert len(tables) == TABLES[name]
    before = read_database(url, tables)
    run(checkout, "watershed", "run", f"ingest_{name}", "--in-process")
    first = read_histories(tables)
    for table in tables:
        assert first[table.name] == expect_history({}, before[table.name]), table.name
    change_database(url, tables)
    after = read_database(url, tables)
    run(checkout, "watershed", "run", f"ingest_{name}", "--in-process")
    second = read_histories(tables)
    for table in tables:
        assert before[table.name] != after[table.name]
        assert second[table.name] == expect_history(before[table.name], after[table.name]), table.name
    with closing(connect()) as con:
        books = con.execute("SELECT sum(rows_quarantined) FROM ledger.books WHERE source = ?", [name]).fetchone()
    assert books == (0,)


def test_sums_are_the_databases(checkout: Checkout, module_lake: EmptyLake) -> None:
    """After the changes above."""
    url = rename_database(module_lake.admin_url, f"sakila_{module_lake.bucket}")
    query = "SELECT count(*), sum(amount) FROM {} "
    with psycopg.connect(url) as database, closing(connect()) as con:
        expected = database.execute(query.format("payment")).fetchone()
        assert con.execute(query.format("core.payments WHERE is_current")).fetchone() == expected


def test_what_is_written_keeps_the_rules_of_the_house(checkout: Checkout) -> None:
    written = [line for name in SCRIPTS for line in (checkout.path / f"{name}.txt").read_text().splitlines()]
    files = [line for line in written if line.endswith(".py")]
    assert len(files) == 2 * sum(TABLES.values()) + len(SCRIPTS)
    assert (done := checkout.run("ruff", "check", *files)).returncode == 0, done.stdout
    assert (done := checkout.run("ruff", "format", "--check", *files)).returncode == 0, done.stderr
    rules = ("tests/architecture", "tests/dags", "-k", "not deterministic")  # which takes as long as all the others
    assert (done := checkout.run("pytest", *rules)).returncode == 0, done.stdout


def test_what_is_left_out_is_said(checkout: Checkout) -> None:
    sakila, music = ((checkout.path / f"{name}.txt").read_text() for name in ("sakila", "music"))
    assert "left out: public.payment_p2007_01 inherits from public.payment, among whose rows its own are read" in sakila
    assert "left out: public.actor_info is a view, whose rows have no versions" in sakila
    assert "left out: public.listened has no primary key, nor a unique index of columns that are never null" in music
    assert "left out: public.totals is a materialised view" in music
    assert "to confirm: personal by their names are actors.first_name, actors.last_name, addresses.address" in sakila


def test_a_second_look_adds_what_is_new(checkout: Checkout, module_lake: EmptyLake) -> None:
    url = rename_database(module_lake.admin_url, f"trading_{module_lake.bucket}")
    contract = checkout.path / "contracts" / "products.py"
    contract.write_text(contract.read_text().replace("data-platform", "buyers"))
    before = {path: path.read_text() for path in checkout.path.rglob("*.py")}
    with psycopg.connect(url) as database:
        database.execute("create table refunds (id int primary key, order_id int, product_id smallint)")
        database.execute("alter table refunds add foreign key (order_id, product_id) references order_details")
        database.execute("alter table refunds add foreign key (product_id) references products")
    written = run(checkout, "watershed", "new-source", "trading", "oltp", "--from-database", "WATERSHED_TRADING_URL")
    assert written.splitlines() == [
        "contracts/refunds.py",
        "expectations/refunds.py",
        "contracts that are there stay as they are: 14 tables",
    ]
    assert {path: path.read_text() for path in before} == before
    assert '("order_id", "product_id"),' in (checkout.path / "expectations" / "refunds.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x", "logs", "--from-database"], "--from-database is for sources of the kind oltp"),
        (["x", "oltp", "--from-database"], "WATERSHED_X_URL is not set: set it to the address of the database that"),
        (["x", "oltp", "--from-database", "no_such"], "WATERSHED_NO_SUCH is not set: set it to the database's address"),
        (["x", "oltp", "--from-database", "postgresql://u:geheim@127.0.0.1:1/d"], "does not answer the user 'u'"),
        (["x", "oltp", "--from-database", "mysql://u:geheim@127.0.0.1/d"], "not the address of a PostgreSQL"),
        (["x", "oltp", "--from-database", "postgresql://u:geheim@host:port/d"], "not the address of a PostgreSQL"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(arguments: list[str], sentence: str) -> None:
    done = Checkout(REPOSITORY).run("watershed", "new-source", *arguments)
    assert done.returncode == 1 and sentence in done.stderr
    assert done.stderr.count("\n") == 1 and "geheim" not in done.stderr
