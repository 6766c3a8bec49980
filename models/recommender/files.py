"""Interactions from a file: Parquet, CSV with a header, or the `::` of MovieTweetings and MovieLens."""

import gzip
import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from watershed.errors import InvalidInput
from watershed.models.weights import read_bytes

DAT = ("user_id", "item_id", "rating", "interacted_at")


def read_table(uri: str) -> pa.Table:
    """A path or `s3://` URI, compressed or not. Raises InvalidInput for a kind of file that is none of these."""
    content = read_bytes(uri)
    if uri.endswith(".gz"):
        content = gzip.decompress(content)
    name = uri.removesuffix(".gz")
    if name.endswith(".parquet"):
        return pa.parquet.read_table(io.BytesIO(content))
    if name.endswith(".csv"):
        return pa.csv.read_csv(io.BytesIO(content))
    if name.endswith(".dat"):
        return read_dat(content)
    raise InvalidInput(f"{uri} is no .parquet, .csv or .dat file: interactions are read from these")


def read_dat(content: bytes) -> pa.Table:
    """`user::item::rating::seconds` lines; item ids stay texts, with their leading zeros."""
    lines = pc.split_pattern(pa.array(content.decode().splitlines()), "::")
    user, item, seconds = (pc.list_element(lines, place) for place in (0, 1, 3))
    return pa.table({"user_id": user.cast(pa.int64()), "item_id": item, "interacted_at": seconds.cast(pa.int64())})
