"""An error as one sentence: what, where, and what to do. Importing this is cheap: kinds are known by their modules.

What we raise on purpose speaks for itself. What a library raises because a server is away, refuses a key or lacks a
bucket is said in our words, with the setting that names the server. Anything else is a defect, and named as it is.
"""

import re
import sysconfig
import traceback
from pathlib import Path
from urllib.parse import urlsplit

from watershed.errors import Unavailable, UserError

REFUSED = ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden")
BUILT_IN = (sysconfig.get_path("stdlib"), "<frozen")
LOCAL = "`watershed up` starts the local one"


def describe_error(error: BaseException) -> str:
    """One line. An error that stands for one of DuckDB's is asked what that one means."""
    cause = error.__cause__
    if cause is not None and is_of(cause, "duckdb", "_duckdb") and (found := explain_duckdb(cause, str(cause))):
        return found
    text = " ".join(str(error).split())
    if isinstance(error, (UserError, Unavailable)) and text:
        return text
    return find_sentence(error, text) or describe_unexpected(error, text)


def describe_unexpected(error: BaseException, text: str) -> str:
    """What nobody has foreseen: want of memory or disk, or a defect, which is named with the place where it arose."""
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, (OSError, MemoryError)) or type(error).__name__ == "OutOfMemoryException":
        return f"{named} (--debug shows where)"
    return f"{named}{find_place(error)}: this is a defect; please report it with what --debug shows"


def find_place(error: BaseException) -> str:
    """The innermost line of ours that the error came through; of a project's or the engine's, not of a library's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_library(frame.filename)]
    return f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def is_library(file: str) -> bool:
    return ("site-packages" in Path(file).parts and "watershed" not in Path(file).parts) or file.startswith(BUILT_IN)


def is_of(error: BaseException, *libraries: str) -> bool:
    return type(error).__module__.partition(".")[0] in libraries


def find_sentence(error: BaseException, text: str) -> str | None:
    """What a library's error means to a user; None where nobody knows."""
    if is_of(error, "botocore", "boto3", "s3transfer"):  # some of whose errors are InvalidInputs too
        return explain_s3(error, text)
    if is_of(error, "psycopg"):
        return explain_postgres(error, text)
    if is_of(error, "duckdb", "_duckdb"):
        return explain_duckdb(error, text)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return None


def explain_s3(error: BaseException, text: str) -> str | None:
    from watershed.settings import read_setting

    endpoint = read_setting("s3_endpoint", "") or "AWS"
    code = str((getattr(error, "response", None) or {}).get("Error", {}).get("Code", ""))
    if "NoSuchBucket" in (code, *re.findall(r"NoSuchBucket", text)):
        return f"there is no bucket {read_setting('bucket')} at {endpoint}: make it, or set WATERSHED_BUCKET to one"
    if code in REFUSED or any(name in text for name in REFUSED):
        return (
            f"the S3 server at {endpoint} does not accept the key for bucket {read_setting('bucket')}: "
            "set WATERSHED_S3_ACCESS_KEY and WATERSHED_S3_SECRET_KEY to one that may read and write there"
        )
    if type(error).__name__ == "ClientError":
        return None
    what = "is not an address" if "nvalid endpoint" in text else "does not answer"
    return f"the S3 server at {endpoint} {what}: {LOCAL}, or set WATERSHED_S3_ENDPOINT"


def explain_postgres(error: BaseException, text: str) -> str | None:
    """Of a connection; what PostgreSQL says of a statement is a defect of ours."""
    from watershed.settings import read_setting
    from watershed.warehouse.connection import shorten_failure

    if type(error).__name__ not in ("OperationalError", "ConnectionTimeout", "ProgrammingError"):
        return None
    url = urlsplit(read_setting("catalog_url", ""))
    reason = shorten_failure(text)
    where = f"{url.hostname or '?'}:{url.port or 5432}{url.path}"
    return f"PostgreSQL at {where} cannot be used ({reason}): {LOCAL}, or set WATERSHED_CATALOG_URL"


def explain_duckdb(error: BaseException, text: str) -> str | None:
    """Objects that DuckDB reads by itself; of anything else its own first sentence."""
    if type(error).__name__ in ("HTTPException", "IOException") and re.search(r"s3://|https?://", text):
        found = re.search(r"\b(403|404)\b", text)
        if found and found[1] == "404" and "NoSuchBucket" not in text:
            return f"an object of the lake is not in the bucket: {text.split(' (')[0]}; restore it from the backup"
        return explain_s3(error, text if not found else f"{text} {found[1]}")
    return None
