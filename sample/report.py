"""What `make run` prints: tables, quality, time, a few answers, and whether all of it is true."""

import json
from pathlib import Path
from typing import Any

import psycopg
from duckdb import DuckDBPyConnection
from psycopg import sql

from sample.demo_models import count_telemetry
from watershed.cli.sample_tables import count_landed, show, show_tables
from watershed.models.registry import find_champion
from watershed.settings import source_url
from watershed.warehouse.connection import connect

# What others counted in the real part of the sample with Unix tools; NOTICE says where the files come from.
REAL_TRUTH: dict[str, dict[str, int]] = {
    "core.requests": {"rows": 9_999, "quarantined": 1},
    "core.ratings": {"rows": 10_000, "quarantined": 0},
    "core.film_titles": {"rows": 3_096, "quarantined": 0},
    "core.photo_documents": {"rows": 34 + 30, "quarantined": 0},
}
VIEWER = 479  # a user of MovieTweetings with many ratings
GENERATED = ("watch_logs", "ratings_files", "photo_documents")

ANSWERS = {
    "Top pages (elastic's access log)": """
        SELECT path, sum(request_count)::BIGINT AS requests, sum(response_bytes)::BIGINT AS bytes
        FROM mart.top_pages GROUP BY path ORDER BY requests DESC, path LIMIT 5""",
    "Most-watched films": """
        SELECT title, sum(minutes_watched)::BIGINT AS minutes, max(viewer_count) AS viewers_on_best_day
        FROM mart.film_popularity_daily GROUP BY film_id, title ORDER BY minutes DESC, title LIMIT 5""",
    "Best-rated films with 50 ratings or more": """
        SELECT title, rating_count AS ratings, round(rating_share_mean * 10, 2) AS mean_of_10
        FROM mart.film_ratings WHERE rating_count >= 50 ORDER BY mean_of_10 DESC, title LIMIT 5""",
    "Cameras": """
        SELECT maker, model, photo_count AS photos, round(photo_share * 100, 1) AS percent
        FROM mart.camera_shares ORDER BY photos DESC, maker, model LIMIT 5""",
    "Recommenders, all hours": """
        SELECT server, sum(request_count)::BIGINT AS requests, sum(error_count)::BIGINT AS errors,
               max(response_p99_ms) AS worst_p99_ms
        FROM mart.recommendation_health_hourly GROUP BY server ORDER BY requests DESC, server LIMIT 5""",
    "Photos by their events": """
        SELECT (SELECT count(*) FROM core.photo_events) AS events, (SELECT count(*) FROM core.photos_now) AS photos_now,
               (SELECT count(*) FROM mart.photo_differences) AS differ_from_accounts""",
    "Watched in the last 60 minutes": "SELECT * FROM serve.views_last_60_minutes",
    "Most watched now": """
        SELECT popularity_rank AS rank, film_id, title, minutes_watched AS minutes, viewer_count AS viewers
        FROM serve.most_watched_now ORDER BY rank LIMIT 5""",
    "Models": """
        SELECT model_version AS version, state, json_extract_string(config_json, 'kind') AS kind,
               round((metrics_json->'ndcg_at_10'->>'value')::DOUBLE, 4) AS ndcg_at_10,
               round((metrics_json->'hr_at_10'->>'value')::DOUBLE, 4) AS hr_at_10,
               row_count AS interactions, reason
        FROM ml.models ORDER BY model_version""",
    "What became of recommendations": """
        SELECT requested_date, model_version, request_count AS requests, shown_count AS shown,
               round(predicted_share, 3) AS predicted_share, round(watched_share, 3) AS watched_share
        FROM mart.recommendation_quality_daily WHERE model_version > 0 ORDER BY requested_date, model_version""",
    f"User {VIEWER} rated best": f"""
        SELECT title, rating || ' of ' || rating_max AS rating, CAST(rated_at AS DATE) AS rated_on
        FROM core.ratings JOIN core.films USING (film_id) WHERE user_id = {VIEWER}
        ORDER BY ratings.rating / rating_max DESC, rated_at DESC, title LIMIT 5""",
    f"Recommended to user {VIEWER}": f"""
        SELECT rank, title, round(score, 3) AS score, 'version ' || model_version AS by_model
        FROM ml.recommendations JOIN core.films USING (film_id) WHERE user_id = {VIEWER} ORDER BY rank LIMIT 5""",
    "Topics": """
        SELECT topic, count(DISTINCT partition) AS partitions, sum(message_count)::BIGINT AS messages,
               count(DISTINCT snapshot_id) AS publishes
        FROM ledger.offsets GROUP BY topic ORDER BY topic""",
}


def print_report(truth_file: Path, landed: set[str]) -> list[str]:
    """Print it all. Returns a sentence for each number of the raw objects `landed` that is not what it must be."""
    con = connect(read_only=True)
    print()
    show_tables(con)
    for title, query in ANSWERS.items():
        show(con, title, query)
    show_earlier(con)
    return find_untruths(con, json.loads(truth_file.read_text()), sorted(landed))


def show_earlier(con: DuckDBPyConnection) -> None:
    """What the champion would have shown the viewer when these were rated: published lists are of the present."""
    from models.recommender import MODEL
    from models.recommender.training import load_version

    if (champion := find_champion(con, MODEL.name)) is None:
        return
    con.execute(f"CREATE TEMP TABLE viewer AS SELECT {VIEWER} AS user_id")
    history = MODEL.read_features(con, champion.data_snapshot_id, "temp.viewer")
    best = load_version(champion).with_history(history).recommend([VIEWER], 5)
    latest = max(history["interacted_at"].to_pylist())
    title = f"The same model for user {VIEWER} after the last of these ratings, {latest:%-d %B %Y}"
    con.register("best", best)
    films = "JOIN core.films ON film_id = item_id"
    show(con, title, f"SELECT rank, title, round(score, 3) AS score FROM best {films} ORDER BY rank")


def count_favourite(con: DuckDBPyConnection, landed: list[str]) -> tuple[Any, int, bool]:
    """The page that these raw objects name most often, how often, and whether the mart has all requests of it."""
    query = """
        SELECT path, count(*) FILTER (list_contains($landed, raw_object)) AS requests,
               count(*) = (SELECT sum(request_count) FROM mart.top_pages WHERE top_pages.path = requests.path)
        FROM core.requests GROUP BY path ORDER BY requests DESC LIMIT 1
    """
    ((path, requests, is_whole),) = con.execute(query, {"landed": landed}).fetchall()
    return path, requests, is_whole


def count_source(table: str) -> int:
    """How many rows the accounts database has."""
    with psycopg.connect(source_url("accounts")) as database:
        row = database.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
        return int(row[0]) if row else 0


def find_untruths(con: DuckDBPyConnection, generated: dict[str, Any], landed: list[str]) -> list[str]:
    """Compare with the counts that others made of the real files and that the generator made of its own, and with the
    database as it is: whoever has tried it out has changed it."""
    expected = {table: dict(counts) for table, counts in REAL_TRUTH.items()}
    for source in GENERATED:
        for table, truth in generated["sources"][source]["tables"].items():
            own = expected.setdefault(f"core.{table}", {"rows": 0, "quarantined": 0})
            own["rows"] += truth["rows"]
            own["quarantined"] += sum(truth["quarantined"].values())
    for table, rows in count_telemetry().items():
        expected[table]["rows"] += rows
    found = {table: count_landed(con, table, landed) for table in expected}
    wrong = [
        f"{table} has {found[table][0]} rows and {found[table][1]} in quarantine, "
        f"not {own['rows']} and {own['quarantined']}"
        for table, own in sorted(expected.items())
        if found[table] != (own["rows"], own["quarantined"])
    ]
    for table in list(generated["accounts"]["after"].values())[-1]:
        ((current,),) = con.execute(f"SELECT count(*) FROM core.{table} WHERE is_current").fetchall()
        if current != (wanted := count_source(table)):
            wrong.append(f"core.{table} has {current} current rows, not {wanted}")
    if (top := count_favourite(con, landed)) != ("/favicon.ico", 807, True):
        wrong.append(f"the top page of the sample is {top}, not /favicon.ico with 807 requests, all in mart.top_pages")
    return wrong
