"""Programs of a repository, each in a process of its own that need not import the large libraries first.

Most of what a small `watershed run` takes are imports of other people's libraries: 4.5 of 5 s. A server per test
process has them imported, once, and forks for every program: nothing of ours is loaded before the program starts.
"""

import atexit
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from multiprocessing.process import current_process
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
OURS = {path.stem for path in REPOSITORY.iterdir()}
# In this order: Great Expectations is to find what we put in the place of some modules that it imports.
LIBRARIES = ["watershed.quality", "great_expectations", "ibis.backends.sql.compilers", "duckdb", "pyarrow.parquet"]
LIBRARIES += ["psycopg", "boto3", "pandas", "confluent_kafka", "fastavro", "rich.table"]
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(LIBRARIES)


def start_program(
    module: str, arguments: Sequence[str], output: Path, errors: Path, folder: Path, environment: Mapping[str, str]
) -> ForkServerProcess:
    """Start what `python -m module arguments...` does in this folder, with this environment, writing to these files."""
    for path in (output, errors):
        path.touch()
    order = (module, [*arguments], output, errors, folder, dict(environment))
    process = SERVER.Process(target=become, args=order, daemon=True)
    process.start()
    return process


def become(
    module: str, arguments: list[str], output: Path, errors: Path, folder: Path, environment: dict[str, str]
) -> None:
    """Turn a fork of the server into the program. What it raises ends the process as it always does."""
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # it may have such children itself
    forget_ours()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate((Path(os.devnull), output, errors)):
        os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), number)
    sys.argv[1:] = arguments
    own = [str(folder), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path[:] = [*own, *(path for path in sys.path if path not in ("", str(REPOSITORY)))]
    sys.dont_write_bytecode = False
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()


def forget_ours() -> None:
    """The program's own folder may hold other versions."""
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
