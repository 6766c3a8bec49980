"""The DuckDB connection: in memory, one a process, with the lake attached.

State lives in DuckLake only, catalogue in PostgreSQL and Parquet on S3: a `.duckdb` file cannot be shared by processes.
"""

import json
import re
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
from duckdb import DuckDBPyConnection

from watershed.errors import NoAnswer, NotFound
from watershed.settings import Settings, find_home, load_settings
from watershed.warehouse.lake_version import verify_lake_version
from watershed.warehouse.spill import name_spill

EXTENSIONS = ("httpfs", "postgres_scanner", "ducklake")
LAKE = "lake"


def connect(
    settings: Settings | None = None, *, read_only: bool = False, snapshot: int | None = None
) -> DuckDBPyConnection:
    """A connection whose default catalogue is the lake, as it is now or as it was at `snapshot`.

    The engine behind it is opened once a process; every call gets a connection of its own, with its own transaction and
    temporary tables. Raises NoAnswer with one sentence when the catalogue cannot be reached, NotFound when
    there is no such snapshot, LakeTooNew when a newer engine has written to the lake.
    """
    con = attach_lake(settings or load_settings(), read_only, snapshot).cursor()
    con.execute(f"USE {LAKE}")
    return con


@lru_cache(maxsize=4)
def attach_lake(settings: Settings, read_only: bool, snapshot: int | None) -> DuckDBPyConnection:
    con = open_engine(settings)
    try:
        con.execute(attach_sql(settings, read_only=read_only, snapshot=snapshot))
        verify_lake_version(con)
    except duckdb.Error as error:
        raise explain_failure(settings, error, snapshot) from None
    return con


def forget_engines() -> None:
    """Make the next `connect` open an engine anew: one whose catalogue was away for a moment does not come back."""
    attach_lake.cache_clear()


def open_engine(settings: Settings) -> DuckDBPyConnection:
    """An in-memory DuckDB that can read and write the bucket, without the lake."""
    config = {"memory_limit": settings.duckdb_memory, "preserve_insertion_order": "true"}
    if settings.duckdb_threads:
        config["threads"] = settings.duckdb_threads
    con = start_duckdb(config)
    for statement in list_session_sql(settings):
        con.execute(statement)
    return con


def start_duckdb(config: dict[str, str]) -> DuckDBPyConnection:
    """An in-memory DuckDB with our extensions, that takes no others without their maker's signature."""
    check_signatures()
    spill = str(name_spill(find_home()))
    con = duckdb.connect(config={**config, "temp_directory": spill, "allow_unsigned_extensions": True})
    for statement in (*list_load_sql(), "SET allow_unsigned_extensions = false"):
        con.execute(statement)
    return con


@cache
def check_signatures() -> None:
    """Raises duckdb.Error when one of our extensions is not what its makers signed.

    To see it DuckDB reads all 90 MB of them, as long as a short command takes otherwise. The home, which is private,
    keeps which files were seen to be good.
    """
    files = json.dumps([describe_file(find_extension(name)) for name in EXTENSIONS])
    good = find_home() / "signed_extensions.json"
    with suppress(OSError):
        if good.read_text() == files:
            return
    with duckdb.connect() as con:
        for statement in list_load_sql():
            con.execute(statement)
    with suppress(OSError):  # there is no home, or it is another's
        good.write_text(files)
        good.chmod(0o600)


def describe_file(path: Path) -> tuple[str, int, int, int]:
    """What changes when somebody writes the file: the kernel alone sets the last of it."""
    about = path.stat()
    return str(path), about.st_ino, about.st_size, about.st_ctime_ns


def list_load_sql() -> list[str]:
    return [f"LOAD '{find_extension(name)}'" for name in EXTENSIONS]


def list_session_sql(settings: Settings) -> list[str]:
    """What a DuckDB has to be told besides its extensions before it can attach the lake."""
    return [
        "SET GLOBAL TimeZone = 'UTC'",
        "SET GLOBAL s3_uploader_max_filesize = '50GB'",  # parts of 5 MB: the default holds 80 MB a writer in memory
        s3_secret_sql(settings),
        secret_sql("catalog", "postgres", split_address(settings.catalog_url)),
    ]


def find_extension(name: str) -> Path:
    """Where the wheel of an extension put its file: nothing is downloaded at run time. Raises NotFound."""
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotFound(f"the package {package.replace('_', '-')} is not installed: install requirements.txt")
    return next(Path(spec.origin).parent.rglob("*.duckdb_extension"))


def s3_secret_sql(settings: Settings) -> str:
    """Keys from the settings: AWS's credential chain would need an extension that comes in no wheel."""
    own = {"REGION": settings.s3_region, "KEY_ID": settings.s3_access_key, "SECRET": settings.s3_secret_key}
    if settings.s3_endpoint:
        scheme, _, host = settings.s3_endpoint.partition("://")
        own |= {"ENDPOINT": host, "URL_STYLE": "path", "USE_SSL": str(scheme == "https").lower()}
    return secret_sql("objects", "s3", own)


def split_address(url: str) -> dict[str, str]:
    """The parts of a PostgreSQL address that are there, by what DuckDB calls them. As libpq reads it, which connects to
    the same address: signs of a URL in a password need not be escaped."""
    authority, _, path = url.partition("://")[2].partition("/")
    who, _, where = authority.rpartition("@")
    user, _, password = who.partition(":")
    place = urlsplit(f"//{where}")
    parts = {"HOST": place.hostname or "", "PORT": str(place.port or 5432), "DATABASE": path.partition("?")[0]}
    return {name: unquote(part) for name, part in (parts | {"USER": user, "PASSWORD": password}).items() if part}


def secret_sql(name: str, kind: str, values: dict[str, str]) -> str:
    fields = "".join(f", {field} {quote(value)}" for field, value in values.items())
    return f"CREATE OR REPLACE SECRET {name} (TYPE {kind}{fields})"


def attach_sql(
    settings: Settings, *, read_only: bool = False, snapshot: int | None = None, hidden_as: str | None = None
) -> str:
    """`hidden_as`: the name by which the lake is attached, instead of its own, so that no listing shows it."""
    options = [f"DATA_PATH {quote(settings.lake_path)}", "META_SECRET catalog", "DATA_INLINING_ROW_LIMIT 500"]
    if read_only:
        options.append("READ_ONLY")
    if snapshot is not None:
        options.append(f"SNAPSHOT_VERSION {int(snapshot)}")
    if hidden_as:
        options.append("HIDDEN")
    return f"ATTACH 'ducklake:postgres:' AS {hidden_as or LAKE} ({', '.join(options)})"


class OtherBucket(NotFound):
    """The lake that the catalogue describes lies in another bucket than the settings say."""


def explain_failure(settings: Settings, error: duckdb.Error, snapshot: int | None) -> Exception:
    """One sentence instead of DuckDB's, which may quote the whole connection string."""
    own = split_address(settings.catalog_url)
    where = f"{own.get('HOST')}:{own['PORT']}/{own.get('DATABASE')}"
    text = str(error)
    if snapshot is not None and "snapshot" in text.lower():
        return NotFound(f"there is no snapshot {snapshot} in the lake: `watershed ledger` lists those there are")
    if "does not exist" in text and "DuckLake" in text:
        return NotFound(f"the catalogue {where} holds no lake yet: run a DAG first, or `watershed up`")
    if found := re.search(r'existing data path in the catalog "(s3://[^/"]+)', text):
        return OtherBucket(f"the catalogue {where} is that of the bucket {found[1]}: set WATERSHED_BUCKET to it")
    if found := re.search(r"catalog version is (\S+), but the extension requires version ([\w.-]+\w)", text):
        return NotFound(
            f"the catalogue {where} is in DuckLake's format {found[1]} and this engine reads {found[2]}: "
            "use the engine that has written it, with its DuckDB"
        )
    reason = shorten_failure(text).replace(own.get("PASSWORD", "\0"), "***")
    return NoAnswer(
        f"the lake's catalogue at {where} cannot be attached ({reason}): `watershed up` starts the local one, "
        "or set WATERSHED_CATALOG_URL"
    )


def shorten_failure(text: str) -> str:
    """What PostgreSQL's client says of a connection, without where it is, which we say, and its question."""
    return re.sub(r"^.*(?:failed|FATAL|Error): +| Is the server running.*$", "", " ".join(text.split()))


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
