"""Every business rule, by a row that keeps it and rows that break it."""

from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.quality.staged import AS_OF, AT, GOOD, find_good_row, stage_rows
from watershed.declarations import load_features, load_tables
from watershed.quality.check import check_rows

REFERENCES = {
    "users": "(SELECT 7::BIGINT AS user_id)",
    "cameras": "(SELECT 3::BIGINT AS camera_id)",
    "film_titles": """(VALUES ('toy+story+3+2010', 103), ('unknown+length', NULL), ('series', 680))
                      AS t(film_id, length_minutes)""",
}
DECLARED = load_features() | load_tables()
MADE = sorted({name for name in GOOD if DECLARED[name].is_made} | set(load_features()) & set(GOOD))
FED = sorted(set(GOOD) - set(MADE))
LATE, EARLY = AS_OF + timedelta(days=2), datetime(1989, 12, 31)

# table, what differs from a good row, the rule it breaks
BAD = [
    ("requests", {"requested_at": LATE}, "between:requested_at"),
    ("requests", {"requested_at": EARLY}, "between:requested_at"),
    ("requests", {"requested_at": datetime(9999, 12, 31)}, "between:requested_at"),
    ("requests", {"requested_at": None}, "not_null:requested_at"),
    ("requests", {"client_host": ""}, "satisfy:client_host"),
    ("requests", {"status": 99}, "between:status"),
    ("requests", {"status": 600}, "between:status"),
    ("requests", {"response_bytes": -1}, "between:response_bytes"),
    ("requests", {"response_bytes": 9_000_000_000_000_000_000}, "between:response_bytes"),
    ("watch_minutes", {"watched_at": LATE}, "between:watched_at"),
    ("watch_minutes", {"user_id": 0}, "between:user_id"),
    ("watch_minutes", {"film_id": ""}, "satisfy:film_id"),
    ("watch_minutes", {"film_id": "x" * 501}, "satisfy:film_id"),
    ("watch_minutes", {"minute": -1}, "satisfy:minute"),
    ("watch_minutes", {"minute": 103}, "satisfy:minute"),
    ("watch_minutes", {"minute": 60_000, "film_id": "nobody+listed+this"}, "satisfy:minute"),
    ("watch_minutes", {"minute": 60_000, "film_id": "unknown+length"}, "satisfy:minute"),
    ("watch_minutes", {"minute": 680, "film_id": "series"}, "satisfy:minute"),
    ("ratings", {"rating": 0}, "satisfy:rating"),
    ("ratings", {"rating": 6}, "satisfy:rating"),
    ("ratings", {"rating": 11, "rating_max": 10}, "satisfy:rating"),
    ("ratings", {"rating": -1, "rating_max": 10}, "satisfy:rating"),
    ("ratings", {"rating_max": 7}, "in_set:rating_max"),
    ("ratings", {"user_id": -3}, "between:user_id"),
    ("recommendation_requests", {"server": "recommender-12"}, "regex:server"),
    ("recommendation_requests", {"status": 999}, "between:status"),
    ("recommendation_requests", {"film_ids": []}, "satisfy:film_ids"),
    ("recommendation_requests", {"film_ids": ["film"] * 21}, "satisfy:film_ids"),
    ("recommendation_requests", {"response_ms": -1}, "between:response_ms"),
    ("recommendation_requests", {"response_ms": 600_001}, "between:response_ms"),
    ("film_titles", {"release_year": 1869}, "between:release_year"),
    ("film_titles", {"title": ""}, "satisfy:title"),
    ("film_titles", {"length_minutes": 0}, "between:length_minutes"),
    ("photo_documents", {"iso": -1}, "between:iso"),
    ("photo_documents", {"aperture_f_number": -1.8}, "between:aperture_f_number"),
    ("photo_documents", {"exposure_s": 86_401.0}, "between:exposure_s"),
    ("photo_documents", {"uploaded_at": LATE}, "between:uploaded_at"),
    ("photo_documents", {"width_px": 0}, "between:width_px"),
    ("photo_documents", {"height_px": 2_000_000_000}, "between:height_px"),
    ("photo_documents", {"file_bytes": 2**62}, "between:file_bytes"),
    ("photo_documents", {"content_sha256": "AB"}, "regex:content_sha256"),
    ("photo_events", {"event_id": "e" * 201}, "satisfy:event_id"),
    ("photo_events", {"kind": "likePhoto"}, "in_set:kind"),
    ("photo_events", {"photo_id": 0}, "between:photo_id"),
    ("photo_events", {"user_id": -7}, "between:user_id"),
    ("photo_events", {"path": "st/u7"}, "satisfy:path"),
    ("photo_events", {"file_bytes": 0}, "between:file_bytes"),
    ("photo_events", {"file_bytes": 2**62}, "between:file_bytes"),
    ("photo_events", {"camera_id": 0}, "between:camera_id"),
    ("photo_events", {"version": 0}, "between:version"),
    ("photo_events", {"leader": ""}, "satisfy:leader"),
    ("photo_events", {"occurred_at": EARLY}, "between:occurred_at"),
    ("photo_events", {"occurred_at": AS_OF + timedelta(days=8)}, "between:occurred_at"),
    ("users", {"user_id": 0}, "between:user_id"),
    ("users", {"updated_at": AT - timedelta(1)}, "satisfy:updated_at"),
    ("users", {"valid_to": AT - timedelta(1), "is_current": False}, "satisfy:valid_to"),
    ("users", {"valid_to": AT + timedelta(1), "is_current": True}, "satisfy:is_current"),
    ("cameras", {"user_id": 8}, "exists:user_id"),
    ("photos", {"user_id": 8}, "exists:user_id"),
    ("photos", {"file_bytes": 2**62}, "between:file_bytes"),
    ("photos", {"camera_id": 4}, "exists:camera_id"),
    ("photos", {"file_bytes": 0}, "between:file_bytes"),
    ("photos", {"path": "st/u7"}, "satisfy:path"),
    ("interactions", {"user_id": 0}, "between:user_id"),
    ("interactions", {"item_id": ""}, "satisfy:item_id"),
    ("interactions", {"interacted_at": LATE}, "between:interacted_at"),
    ("interactions", {"interacted_at": EARLY}, "between:interacted_at"),
    ("interactions", {"interacted_at": None}, "not_null:interacted_at"),
    ("recommendations", {"rank": 0}, "between:rank"),
    ("recommendations", {"rank": 21}, "between:rank"),
    ("recommendations", {"score": float("inf")}, "satisfy:score"),
    ("predictions", {"predicted_at": LATE}, "between:predicted_at"),
    ("predictions", {"film_ids": ["a", "a"]}, "satisfy:film_ids"),
    ("predictions", {"film_ids": [f"film{n}" for n in range(21)]}, "satisfy:film_ids"),
    ("predictions", {"model_version": 0}, "between:model_version"),
    ("drifts", {"measured_at": EARLY}, "between:measured_at"),
    ("drifts", {"psi": -0.1}, "satisfy:psi"),
    ("drifts", {"psi": float("nan")}, "satisfy:psi"),
    ("drifts", {"value_count": -1}, "between:value_count"),
    ("models", {"state": "winner"}, "in_set:state"),
    ("models", {"model_name": "Recommender 2"}, "satisfy:model_name"),
    ("models", {"model_version": 0, "parent_version": None}, "between:model_version"),
    ("models", {"reason": ""}, "satisfy:reason"),
    ("models", {"weights_uri": "weights.pt"}, "regex:weights_uri"),
    ("models", {"weights_sha256": "AB" * 32}, "regex:weights_sha256"),
    ("models", {"code_sha256": "main"}, "regex:code_sha256"),
    ("models", {"features_sha256": ""}, "regex:features_sha256"),
    ("models", {"config_json": "{}"}, "satisfy:config_json"),
    ("models", {"data_snapshot_id": -1}, "between:data_snapshot_id"),
    ("models", {"row_count": 0}, "between:row_count"),
    ("models", {"parent_version": 10**6}, "satisfy:parent_version"),
    ("models", {"trained_at": LATE, "changed_at": LATE}, "between:trained_at"),
    ("models", {"changed_at": AT - timedelta(1)}, "satisfy:changed_at"),
]
# Odd, and yet nothing to keep out.
FINE = [
    ("requests", {"path": "*", "method": "OPTIONS"}),
    ("requests", {"path": "http://example.org/a"}),
    ("requests", {"path": "example.org:443", "method": "CONNECT"}),
    ("requests", {"method": None, "path": None, "protocol": None, "response_bytes": None}),
    ("requests", {"method": "BREW", "protocol": "RTSP/1.0"}),
    ("requests", {"path": "login.cgi", "status": 400}),
    ("requests", {"path": "sip:nm", "method": "OPTIONS", "protocol": "SIP/2.0", "status": 400}),
    ("requests", {"path": "example.org:443"}),
    ("requests", {"path": ""}),
    ("requests", {"requested_at": AS_OF + timedelta(hours=23)}),
    ("watch_minutes", {"minute": 0}),
    ("watch_minutes", {"minute": 102}),
    ("watch_minutes", {"minute": 654, "film_id": "series"}),
    ("watch_minutes", {"minute": 59_999, "film_id": "nobody+listed+this"}),
    ("watch_minutes", {"minute": 59_999, "film_id": "unknown+length"}),
    ("ratings", {"rating": 0, "rating_max": 10}),
    ("ratings", {"rating": 10, "rating_max": 10}),
    ("recommendation_requests", {"status": 503, "film_ids": [], "response_ms": None, "error": "refused"}),
    ("film_titles", {"release_year": None, "length_minutes": None}),
    ("photo_documents", {"other": "42"}),
    ("photo_documents", {"iso": 0, "aperture_f_number": 0.0, "taken_at": datetime(2100, 1, 1)}),
    ("photo_events", {"occurred_at": AS_OF + timedelta(days=1, hours=1)}),
    ("photo_events", {"kind": "deletePhoto", "user_id": None, "path": None}),
    ("users", {"email": "not an address", "country": "Germany"}),
    ("users", {"valid_to": AT, "is_current": False, "is_deleted": True}),
    ("photos", {"camera_id": None}),
    ("recommendations", {"score": -1.0, "user_id": -7}),
    ("predictions", {"film_ids": []}),
    ("drifts", {"psi": 0.0, "value_count": 0}),
    ("models", {"state": "champion", "parent_version": None, "code_commit": None}),
    ("models", {"state": "champion", "model_name": "another", "reason": "it is the first version"}),
    ("models", {"weights_uri": "/var/models/weights.safetensors"}),
]


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("name", FED)
def test_bad_rows_are_told_from_good_ones(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """All rows of a table at once, each a version of a key of its own: line 1 is the good row."""
    rows, rules = list_rows(name)
    verdict = check_rows(con, stage_rows(con, name, *rows), "staged", AS_OF, REFERENCES)
    assert verdict.blocking == ()
    found = con.execute(f"SELECT raw_line, rule FROM ({verdict.failing_sql}) ORDER BY 1").fetchall()
    assert found == [(line, rule) for line, rule in enumerate(rules, 2)]


@pytest.mark.parametrize("name", MADE)
def test_bad_rows_of_made_tables_are_told_from_good_ones(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """They have no line of a raw object, and no quarantine: any failed rule blocks. Here the row's number counts."""
    rows, rules = list_rows(name)
    verdict = check_rows(con, stage_rows(con, name, *rows), "staged", AS_OF, REFERENCES)
    assert verdict.blocking == ()
    found = [
        (row[0] + 1, failed.rule)
        for failed in verdict.failed_rules
        for row in con.execute(f"SELECT rowid FROM staged_rows WHERE {failed.condition}").fetchall()
    ]
    assert sorted(found) == [(line, rule) for line, rule in enumerate(rules, 2)]


def list_rows(name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What differs from the good row, which comes first, then the bad rows; and the rules that these break."""
    bad = [(change, rule) for table, change, rule in BAD if table == name]
    changes = [{}, *(change for change, _ in bad), *(change for table, change in FINE if table == name)]
    return [{**set_apart(name, n), **change} for n, change in enumerate(changes)], [rule for _, rule in bad]


def set_apart(name: str, number: int) -> dict[str, Any]:
    """A key for each event and each row of a made table, and for each of a history, so that all are current."""
    if name == "photo_events":
        return {"event_id": f"e{number}"}
    if name in MADE:
        own = {column: find_good_row(name)[column] for column in find_key(name)}
        column = next((column for column, value in own.items() if isinstance(value, int)), "run_id")
        return {column: own[column] + number if column != "run_id" else f"run-{number}"}
    own, (key, *_) = find_good_row(name), find_key(name)
    return {key: own[key] + 100 * number} if number and "valid_from" in own else {}


def find_key(name: str) -> tuple[str, ...]:
    return DECLARED[name].key


def test_a_model_has_one_champion(con: duckdb.DuckDBPyConnection) -> None:
    rows = [{"state": "champion", "model_version": 2}, {"state": "champion", "model_version": 3}]
    verdict = check_rows(con, stage_rows(con, "models", *rows), "staged", AS_OF)
    assert [failed.reason for failed in verdict.failed_rules] == ["a model has one champion at most"]


@pytest.mark.parametrize("name", FED + MADE)
def test_every_rule_says_why_and_is_named_once(con: duckdb.DuckDBPyConnection, name: str) -> None:
    results = check_rows(con, stage_rows(con, name, {}), "staged", AS_OF, REFERENCES).results
    assert all(" " in result.reason for result in results)
    assert all(result.is_success and result.rows_evaluated == 1 for result in results)
    rules = [result.rule for result in results]
    assert len(rules) == len(set(rules))


def test_rules_of_tables_that_were_added_can_be_asked() -> None:
    """Whether a row is a good one only their authors know."""
    for name in ("requests", *sorted(set(DECLARED) - set(GOOD))):
        con = duckdb.connect()
        results = check_rows(con, stage_rows(con, name, {}), "staged", AS_OF, REFERENCES).results
        assert results and all(" " in result.reason for result in results), name


def test_a_reference_that_nobody_knows_is_not_checked(con: duckdb.DuckDBPyConnection) -> None:
    verdict = check_rows(con, stage_rows(con, "photos", {"user_id": 8}), "staged", AS_OF)
    assert verdict.failed_rules == ()


def test_a_share_of_errors_is_reported_and_not_quarantined(con: duckdb.DuckDBPyConnection) -> None:
    verdict = check_rows(con, stage_rows(con, "requests", {}, {"status": 500}), "staged", AS_OF)
    share = next(result for result in verdict.results if result.rule == "share:status")
    assert (share.is_success, share.rows_failed) == (False, 1)
    assert (verdict.failed_rules, verdict.blocking) == ((), ())
