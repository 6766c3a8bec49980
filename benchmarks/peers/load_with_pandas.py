"""Section, peer: pandas parses the same S3 objects, a piece at a time, into Parquet on the same S3."""

import json
import os
import time

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, S3FileSystem

FORM = r"^(\d{4}-\d\d-\d\dT[\d:]+), ?(\d+), ?GET /data/m/([^/]+)/(\d+)\.mpg$"
BUCKET = os.environ["WATERSHED_BUCKET"]
TARGET = f"{BUCKET}/pandas/watch_minutes.parquet"
PIECE_LINES = 500_000
AS_LINES = {"sep": "\x01", "names": ["line"], "quoting": 3, "dtype": "str", "encoding_errors": "replace"}


def parse_lines(lines: pd.Series) -> pd.DataFrame:
    found = lines.str.extract(FORM).dropna()
    found.columns = ["watched_at", "user_id", "film_id", "minute"]
    found["watched_at"] = pd.to_datetime(found["watched_at"], format="ISO8601", errors="coerce")
    return found.astype({"user_id": "int64", "minute": "int32"})


def main() -> None:
    storage = S3FileSystem(
        access_key=os.environ["WATERSHED_S3_ACCESS_KEY"],
        secret_key=os.environ["WATERSHED_S3_SECRET_KEY"],
        endpoint_override=os.environ["WATERSHED_S3_ENDPOINT"],
    )
    began, rows, writer = time.perf_counter(), 0, None
    for file in storage.get_file_info(FileSelector(f"{BUCKET}/raw/watch_logs")):
        with storage.open_input_stream(file.path) as stream:
            pieces = pd.read_csv(stream, chunksize=PIECE_LINES, **AS_LINES)
            for piece in pieces:
                table = pa.Table.from_pandas(parse_lines(piece["line"]), preserve_index=False)
                writer = writer or pq.ParquetWriter(TARGET, table.schema, filesystem=storage)
                writer.write_table(table)
                rows += table.num_rows
    if writer:
        writer.close()
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": rows}))


if __name__ == "__main__":
    main()
