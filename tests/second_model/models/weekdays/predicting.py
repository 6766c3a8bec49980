"""A row for each day of the week."""

import pyarrow as pa

from contracts.weekday_films import TABLE
from models.weekdays.training import load_version
from watershed.models.registry import Version
from watershed.models.run import Staging


def predict(version: Version, staging: Staging) -> dict[str, int]:
    films = load_version(version)
    about = {"model_version": staging.choice.model_version, "data_snapshot_id": staging.choice.snapshot}
    rows = [{"weekday": weekday, "film_id": film, **about} for weekday, film in films.items()]
    staging.con.register("chosen", pa.Table.from_pylist(rows, TABLE.arrow_schema))
    return {"weekdays": staging.write(TABLE.address, "FROM chosen")}
