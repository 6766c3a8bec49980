"""A small lake with personal values, each of which is looked for in what a role is told."""

EMAIL, NAME, HOST, USER, PATH = (
    "zorka@geheim.example",
    "Zorka Geheim",
    "198.51.100.77",
    "987654321",
    "/st/u987654321/x.jpg",
)
SECRETS = (EMAIL, NAME, HOST, USER, "geheim", "zorka")
# As earlier versions wrote reasons down.
QUOTING = f"no row of core.users can be made of it: Could not convert string ''{EMAIL}'' to INT64"
NEXT = "(SELECT id + 1 FROM ducklake_current_snapshot('lake'))"  # a mirror copies rows of newer snapshots only
FILL = f"""
    INSERT INTO core.users BY NAME SELECT {USER} AS user_id, '{NAME}' AS user_name, '{EMAIL}' AS email, 'FR' AS country,
        now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS updated_at, now()::TIMESTAMP AS valid_from,
        true AS is_current, false AS is_deleted, 'raw/accounts/1' AS raw_object, 1 AS raw_line;
    INSERT INTO core.users BY NAME SELECT 5 AS user_id, 'Otto' AS user_name, 'otto@b.example' AS email, 'DE' AS country,
        now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS updated_at, now()::TIMESTAMP AS valid_from,
        true AS is_current, false AS is_deleted, 'raw/accounts/1' AS raw_object, 2 AS raw_line;
    INSERT INTO core.photos BY NAME SELECT 1 AS photo_id, {USER} AS user_id, 3 AS camera_id, '{PATH}' AS path,
        10 AS file_bytes, now()::TIMESTAMP AS uploaded_at, now()::TIMESTAMP AS updated_at,
        now()::TIMESTAMP AS valid_from, true AS is_current, false AS is_deleted, 'raw/accounts/1' AS raw_object,
        1 AS raw_line;
    INSERT INTO core.requests BY NAME SELECT now()::TIMESTAMP AS requested_at, '{HOST}' AS client_host,
        '{NAME}' AS remote_user, 'GET' AS method, '/a' AS path, 200 AS status, '{EMAIL} browser' AS user_agent,
        'mail={EMAIL}' AS query, 'https://site.example/?who={EMAIL}' AS referrer,
        'extra of {NAME}' AS log_extra, 'raw/access_logs/1' AS raw_object, 1 AS raw_line;
    INSERT INTO core.photo_events BY NAME SELECT 'e' || n AS event_id, 'addPhoto' AS kind, 7 AS photo_id,
        {USER} AS user_id, '{PATH}' AS path, n AS file_bytes, '{NAME}' AS title, n AS version,
        'u{USER}-phone' || (3 - n) AS leader, moment AS occurred_at, moment AS received_at,
        format('{{:020}}|{{}}|u{USER}-phone{{}}|e{{}}', n, strftime(moment, '%Y-%m-%dT%H:%M:%S.%f'), 3 - n, n) AS stamp,
        'raw/photo_events/1' AS raw_object, n AS raw_line
        FROM (SELECT n, TIMESTAMP '2026-01-01 12:00:00' AS moment FROM range(1, 3) AS numbers(n));
    INSERT INTO core.photo_documents BY NAME SELECT '{PATH}' AS document_id, '{NAME}' AS title, ['{NAME}'] AS tags,
        '{{"by": "{NAME}"}}' AS other, 'sha' AS content_sha256, 'raw/photo_documents/1' AS raw_object, 1 AS raw_line;
    INSERT INTO core.recommendation_requests BY NAME SELECT now()::TIMESTAMP AS requested_at, {USER} AS user_id,
        'r:1' AS server, 500 AS status, [] AS film_ids, 'no history of {NAME}' AS error,
        'raw/watch_logs/1' AS raw_object, 1 AS raw_line;
    INSERT INTO core.watch_minutes BY NAME SELECT now()::TIMESTAMP AS watched_at, {USER} AS user_id,
        'a film' AS film_id, 1 AS minute, 'raw/watch_events/1' AS raw_object, 1 AS raw_line;
    INSERT INTO speed.ratings BY NAME SELECT now()::TIMESTAMP AS rated_at, {USER} AS user_id, 'a film' AS film_id,
        4 AS rating, 5 AS rating_max, 'raw/watch_events/1' AS raw_object, 1 AS raw_line;
    INSERT INTO mart.storage_by_user BY NAME SELECT {USER} AS user_id, '{NAME}' AS user_name, 1 AS photo_count,
        10 AS file_bytes, 1 AS storage_rank;
    INSERT INTO quarantine.users BY NAME SELECT 'raw/accounts/1' AS raw_object, 3 AS raw_line, 'one' AS rule,
        '{QUOTING}' AS reason,
        '{{"user_id": {USER}, "user_name": "{NAME}", "email": "{EMAIL}", "country": "FR"}}' AS row_json;
    INSERT INTO quarantine.requests BY NAME SELECT 'raw/access_logs/1' AS raw_object, 2 AS raw_line, 'parse' AS rule,
        'the line matches no known access-log format' AS reason, '{{"line": "{HOST} - {NAME} {EMAIL}"}}' AS row_json;
    INSERT INTO quarantine.requests BY NAME SELECT 'raw/access_logs/1' AS raw_object, 3 AS raw_line, 'other' AS rule,
        'no' AS reason, 'not JSON {HOST}' AS row_json;
    INSERT INTO ledger.refusals BY NAME SELECT 'r' AS run_id, {NEXT} AS snapshot_id, 'accounts' AS source,
        'raw/accounts/9' AS raw_object, 'nine' AS object_name, '{QUOTING}' AS reason, now()::TIMESTAMP AS refused_at;
    INSERT INTO ledger.refusal_reasons BY NAME SELECT 'r' AS run_id, {NEXT} AS snapshot_id, 'accounts' AS source,
        'raw/accounts/9' AS raw_object, 'core.users' AS table_name, 'parse' AS rule, '{QUOTING}' AS reason,
        1 AS row_count, '[{{"raw_line": 1, "reason": "{QUOTING}", "fields": {{}}}}]' AS samples_json;
    INSERT INTO ledger.decisions BY NAME SELECT 'd' AS decision_id, {NEXT} AS snapshot_id, 'drop' AS kind,
        'quarantine.users' AS subject, 'noise' AS reason, 'ann' AS decided_by, now()::TIMESTAMP AS decided_at,
        '{{"source": "accounts", "rule": "one", "reason": "{QUOTING}", "rows": 1}}' AS about_json;
    INSERT INTO ledger.alerts BY NAME SELECT 'a' AS alert_id, {NEXT} AS snapshot_id, 'objects_refused' AS rule,
        'accounts' AS subject, 'firing' AS state, '{QUOTING}' AS sentence, now()::TIMESTAMP AS changed_at;
    CREATE TABLE core.retired AS SELECT '{EMAIL}' AS gone, {USER} AS gone_id;
    CREATE VIEW core.by_hand AS SELECT email AS e FROM core.users;
    CREATE MACRO core.find_mail(i) AS TABLE SELECT email FROM core.users WHERE user_id <> i;
    UPDATE core.users SET country = 'NL' WHERE user_id = {USER};
"""
