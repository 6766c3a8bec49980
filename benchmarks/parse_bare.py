"""Section, the floor: bare DuckDB parses the same S3 objects with one regex into Parquet on the same S3, nothing else.

No line numbers, no second or third table, no rules, no quarantine, no publish: unmatched lines are dropped.
"""

import json
import time

from watershed.settings import load_settings
from watershed.warehouse.connection import open_engine

FORM = r"^(\d{4}-\d\d-\d\dT[\d:]+), ?(\d+), ?GET /data/m/([^/]+)/(\d+)\.mpg$"
QUERY = f"""
    COPY (
        SELECT try_cast(found.watched_at AS TIMESTAMP) AS watched_at, try_cast(found.user_id AS BIGINT) AS user_id,
               found.film_id, try_cast(found.minute AS INTEGER) AS minute
        FROM (
            SELECT regexp_extract(line, '{FORM}', ['watched_at', 'user_id', 'film_id', 'minute']) AS found
            FROM read_csv('s3://BUCKET/raw/watch_logs/*', columns = {{'line': 'VARCHAR'}}, header = false,
                          delim = '\x01', quote = '', escape = '', auto_detect = false, ignore_errors = true)
        ) WHERE found.film_id <> ''
    ) TO 's3://BUCKET/floor/watch_minutes.parquet' (FORMAT parquet)
"""


def main() -> None:
    settings = load_settings()
    con = open_engine(settings)
    began, cpu = time.perf_counter(), time.process_time()
    written = con.execute(QUERY.replace("BUCKET", settings.bucket)).fetchone()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": written[0] if written else 0}))


if __name__ == "__main__":
    main()
