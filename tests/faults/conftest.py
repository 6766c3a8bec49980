"""Faults are looked for in what users have: DuckDB with a thread for each core."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def all_threads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WATERSHED_DUCKDB_THREADS")
        yield
