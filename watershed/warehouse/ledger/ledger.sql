-- What every publish recorded. A row is written in the transaction that made it true and is never changed.

CREATE TABLE IF NOT EXISTS ledger.publishes (
    run_id VARCHAR NOT NULL,        -- the run that published
    subject VARCHAR NOT NULL,       -- the source or mart
    actor VARCHAR NOT NULL,         -- who or what started the run
    snapshot_id BIGINT NOT NULL,    -- the DuckLake version that this publish made
    published_at TIMESTAMP NOT NULL,
    rows_read BIGINT NOT NULL,      -- sums over the run's books
    rows_written BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    rows_deduplicated BIGINT NOT NULL,
    rows_filtered BIGINT NOT NULL,
    stage_ms BIGINT NOT NULL,
    check_ms BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.books (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,    -- such as core.requests
    raw_object VARCHAR NOT NULL,    -- the input, an immutable object
    object_name VARCHAR NOT NULL,   -- the file name it was landed under
    object_bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    arrived_at TIMESTAMP NOT NULL,
    rows_read BIGINT NOT NULL,      -- = written + quarantined + deduplicated + filtered
    rows_written BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    rows_deduplicated BIGINT NOT NULL,
    rows_filtered BIGINT NOT NULL,
    origin VARCHAR                  -- who produced it, where its producer said so
);

CREATE TABLE IF NOT EXISTS ledger.objects (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    raw_object VARCHAR NOT NULL,    -- a file that a run took
    object_name VARCHAR NOT NULL,
    origin VARCHAR,                 -- who produced it, where its producer said so
    content_bytes BIGINT,           -- of what is inside, unpacked; null: not measured
    content_sha256 VARCHAR,
    head_sha256 VARCHAR,            -- of the first 1024 bytes of that; null: it neither continues another nor is continued
    superseded_by VARCHAR           -- the object that begins with it and has taken its place
);

CREATE TABLE IF NOT EXISTS ledger.days (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    raw_object VARCHAR NOT NULL,
    day DATE NOT NULL,              -- a day that this publish changed
    row_count BIGINT NOT NULL       -- rows the object now has on that day; 0 when it lost them
);

CREATE TABLE IF NOT EXISTS ledger.checks (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    column_name VARCHAR,
    severity VARCHAR NOT NULL,
    rows_evaluated BIGINT NOT NULL,
    rows_failed BIGINT NOT NULL,
    is_success BOOLEAN NOT NULL,
    reason VARCHAR
);

CREATE TABLE IF NOT EXISTS ledger.inputs (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,    -- the mart
    day DATE,                       -- its partition; null where the mart is replaced whole
    input_snapshot_id BIGINT NOT NULL  -- the version of the lake that it was computed from
);

CREATE TABLE IF NOT EXISTS ledger.refusals (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    raw_object VARCHAR NOT NULL,
    object_name VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,        -- one sentence: what, where, what to do
    refused_at TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.refusal_reasons (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    raw_object VARCHAR NOT NULL,
    table_name VARCHAR,             -- null: it is about the object as such
    rule VARCHAR NOT NULL,          -- that rows failed; object: it cannot be read; another: it is refused for what another
                                    -- object has; others: what is beyond the most frequent
    reason VARCHAR NOT NULL,        -- numbers as N where rows differ in them
    row_count BIGINT NOT NULL,
    samples_json VARCHAR NOT NULL   -- the first rows: raw_line, reason and fields, personal values masked
);

CREATE TABLE IF NOT EXISTS ledger.fields (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    path VARCHAR NOT NULL,          -- of a field in the documents, array elements as []
    json_type VARCHAR NOT NULL,     -- a type that the field was first seen with in this run
    is_new_path BOOLEAN NOT NULL,   -- false: a known field with a type never seen before
    raw_object VARCHAR NOT NULL     -- where it was first seen
);

CREATE TABLE IF NOT EXISTS ledger.offsets (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,        -- the stream
    topic VARCHAR NOT NULL,
    partition INTEGER NOT NULL,
    raw_object VARCHAR NOT NULL,    -- holds the messages
    first_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,    -- the greatest of a partition is where reading goes on
    message_count BIGINT NOT NULL,
    lost_count BIGINT NOT NULL      -- messages before these that the broker deleted before they were read
);

CREATE TABLE IF NOT EXISTS ledger.extractions (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,        -- a database
    raw_object VARCHAR NOT NULL,    -- the extraction, whether published or refused
    number BIGINT NOT NULL,         -- its place in the order in which extractions were taken
    cut_at TIMESTAMP NOT NULL,      -- when it saw the database, by the database's clock
    seen_at TIMESTAMP NOT NULL,     -- the same, later than the one before and not later than it landed
    lsn VARCHAR NOT NULL,           -- how far the database's log was
    system VARCHAR NOT NULL,        -- which server it was, by its own number; empty where it does not tell
    timeline INTEGER NOT NULL,      -- and which branch of its history; 0 where it does not tell
    returned VARCHAR                -- a sentence where something was earlier than the extraction before it has seen
);

CREATE TABLE IF NOT EXISTS ledger.lateness (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    late_p50_s DOUBLE,              -- from the time an event says to its arrival; below 0: its clock is ahead
    late_p99_s DOUBLE,
    late_max_s DOUBLE,
    late_min_s DOUBLE
);

CREATE TABLE IF NOT EXISTS ledger.parity (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,
    day DATE NOT NULL,
    rows_published BIGINT NOT NULL, -- before the comparison, in whichever layer
    rows_recomputed BIGINT NOT NULL,
    rows_missing BIGINT NOT NULL,   -- recomputed and not published
    rows_surplus BIGINT NOT NULL,   -- published and not recomputed
    compared_at TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.waits (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    subject VARCHAR NOT NULL,
    wait_ms BIGINT NOT NULL,        -- until the publish had the lock
    publish_ms BIGINT NOT NULL      -- from then until everything was ready to commit
);

CREATE TABLE IF NOT EXISTS ledger.lineage_events (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    event_json VARCHAR NOT NULL     -- an OpenLineage run event, as it was sent
);

CREATE TABLE IF NOT EXISTS ledger.decisions (
    decision_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    kind VARCHAR NOT NULL,          -- drop, replay, accept, leave, rollback or drop_table
    subject VARCHAR NOT NULL,       -- the table or source that it is about
    about_json VARCHAR NOT NULL,    -- which rows, objects or version
    reason VARCHAR NOT NULL,        -- why, in the words of who decided
    decided_by VARCHAR NOT NULL,
    decided_at TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.outcomes (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    decision_id VARCHAR NOT NULL,   -- the decision that this snapshot carried out
    row_count BIGINT NOT NULL       -- rows dropped, replayed or restored
);

CREATE TABLE IF NOT EXISTS ledger.alerts (
    alert_id VARCHAR NOT NULL,      -- the same from firing to resolving
    snapshot_id BIGINT NOT NULL,
    rule VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,       -- the table, source or stream
    state VARCHAR NOT NULL,         -- firing or resolved
    sentence VARCHAR NOT NULL,      -- what is wrong, where and what to do
    changed_at TIMESTAMP NOT NULL,
    delivered_at TIMESTAMP          -- null: nobody could be told yet
);

CREATE TABLE IF NOT EXISTS ledger.snoozes (
    snapshot_id BIGINT NOT NULL,
    rule VARCHAR NOT NULL,          -- an alert rule
    subject VARCHAR NOT NULL,       -- about what; empty: about anything
    reason VARCHAR NOT NULL,        -- why, in the words of who did it
    snoozed_by VARCHAR NOT NULL,
    snoozed_at TIMESTAMP NOT NULL,
    snoozed_until TIMESTAMP NOT NULL  -- the latest row counts: one that ends at once takes it back
);

CREATE TABLE IF NOT EXISTS ledger.comments (
    comment_id VARCHAR NOT NULL,    -- the same in the row that withdraws it
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,    -- what it is about, such as core.requests
    column_name VARCHAR,            -- null: the table as a whole
    body VARCHAR,                   -- text; null: it was withdrawn
    written_by VARCHAR NOT NULL,
    written_at TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.pins (
    name VARCHAR NOT NULL,          -- of a version that a report cites
    snapshot_id BIGINT NOT NULL,    -- the one that this row is written in
    pinned_snapshot_id BIGINT,      -- the version; null: the pin was taken off
    reason VARCHAR NOT NULL,
    pinned_by VARCHAR NOT NULL,
    pinned_at TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.definitions (
    name VARCHAR NOT NULL,          -- a view or table macro, such as core.photos_now
    digest VARCHAR NOT NULL,        -- of the statement that made it
    snapshot_id BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS ledger.departures (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    quarantine VARCHAR NOT NULL,    -- such as quarantine.requests
    raw_object VARCHAR NOT NULL,    -- whose bad rows left it by a decision to drop, or by a replay of messages
    rule VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,        -- numbers as N; empty: they left before this was noted
    row_count BIGINT NOT NULL,
    lines_json VARCHAR NOT NULL     -- their lines, as stretches: [[first, last], ...]
);

CREATE TABLE IF NOT EXISTS ledger.row_changes (
    run_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    table_name VARCHAR NOT NULL,    -- or its quarantine
    rows_inserted BIGINT NOT NULL,
    rows_deleted BIGINT NOT NULL    -- or replaced by some of those inserted
);

-- Of a question that is deleted the text goes too, from all of its rows: it may say something about a person.
CREATE TABLE IF NOT EXISTS ledger.saved_questions (
    question_id VARCHAR NOT NULL,
    snapshot_id BIGINT NOT NULL,
    name VARCHAR NOT NULL,          -- as its owner calls it
    query VARCHAR NOT NULL,         -- SQL
    as_of VARCHAR NOT NULL,         -- the version that it asks: a number, time or pin; empty: the newest
    owner VARCHAR NOT NULL,         -- who saved it first
    is_shared BOOLEAN NOT NULL,     -- whether whoever may look at the pages may read it
    is_deleted BOOLEAN NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL
);

-- Questions that several readers ask, each with one meaning. Columns are named, so that a new one of a table breaks none.

-- How an object stands now in the layer that it is in: its latest books, less what has left its quarantine since.
CREATE OR REPLACE VIEW ledger.latest_books AS
WITH latest AS (  -- a join with what is grouped takes a third of the time of a window
    SELECT 'quarantine.' || split_part(table_name, '.', 2) AS quarantine, raw_object, max(snapshot_id) AS snapshot_id,
           arg_max(table_name, snapshot_id) AS table_name
    FROM ledger.books GROUP BY 1, 2
),
departed AS (
    SELECT quarantine, raw_object, sum(departures.row_count)::BIGINT AS row_count
    FROM ledger.departures AS departures JOIN latest USING (quarantine, raw_object)
    WHERE departures.snapshot_id > latest.snapshot_id GROUP BY ALL
)
SELECT
    run_id, snapshot_id, source, table_name, raw_object, object_name, object_bytes, sha256, arrived_at, origin,
    rows_read, rows_written, rows_quarantined - coalesce(row_count, 0) AS rows_quarantined, rows_deduplicated,
    rows_filtered + coalesce(row_count, 0) AS rows_filtered
FROM ledger.books JOIN latest USING (table_name, raw_object, snapshot_id)
LEFT JOIN departed USING (quarantine, raw_object);

-- How a table stands now: sums over the objects that it has.
CREATE OR REPLACE VIEW ledger.table_counts AS
SELECT
    table_name, count(*) AS objects, sum(rows_read)::BIGINT AS rows_read, sum(rows_written)::BIGINT AS rows_written,
    sum(rows_quarantined)::BIGINT AS rows_quarantined, sum(rows_deduplicated)::BIGINT AS rows_deduplicated,
    sum(rows_filtered)::BIGINT AS rows_filtered,
    max(arrived_at) FILTER (rows_quarantined > 0) AS bad_arrived_at
FROM ledger.latest_books GROUP BY table_name;

-- The days that an object has rows of now, in the layer that it is in.
CREATE OR REPLACE VIEW ledger.current_days AS
WITH latest AS (
    SELECT table_name, raw_object, max(snapshot_id) AS snapshot_id FROM ledger.days GROUP BY ALL
)
SELECT table_name, raw_object, day, row_count, snapshot_id
FROM ledger.days JOIN latest USING (table_name, raw_object, snapshot_id)
SEMI JOIN ledger.latest_books USING (table_name, raw_object) WHERE row_count > 0;

-- What each partition of a mart was last computed from; day is null where a mart is replaced whole.
CREATE OR REPLACE VIEW ledger.latest_builds AS
SELECT table_name, day, max(snapshot_id) AS snapshot_id, arg_max(input_snapshot_id, snapshot_id) AS input_snapshot_id
FROM ledger.inputs GROUP BY table_name, day;

-- Decisions about objects, one row an object.
CREATE OR REPLACE VIEW ledger.decided_objects AS
SELECT
    decision_id, kind, subject AS source, reason, decided_by, decided_at, snapshot_id,
    unnest(CAST(json_extract_string(about_json, '$.objects[*]') AS VARCHAR[])) AS raw_object
FROM ledger.decisions WHERE kind IN ('accept', 'replay', 'leave');

-- Objects that are refused and not published since, with what was said of them last. Under a key that is not of its
-- content other bytes may have been published before; of any other, what is published is the same. Somebody has to decide
-- about those that nobody has left refused (left_by is null) since they were refused last.
CREATE OR REPLACE VIEW ledger.open_refusals AS
WITH refused AS (
    SELECT
        source, raw_object, arg_max(object_name, snapshot_id) AS object_name, arg_max(reason, snapshot_id) AS reason,
        arg_max(run_id, snapshot_id) AS run_id, max(snapshot_id) AS snapshot_id, max(refused_at) AS refused_at,
        count(DISTINCT run_id) AS tries
    FROM ledger.refusals GROUP BY source, raw_object
),
published AS (SELECT raw_object, max(snapshot_id) AS last FROM ledger.books GROUP BY raw_object),
left_refused AS (
    SELECT
        source, raw_object, max(snapshot_id) AS left_in, arg_max(decided_by, snapshot_id) AS left_by,
        arg_max(reason, snapshot_id) AS left_because
    FROM ledger.decided_objects WHERE kind = 'leave' GROUP BY source, raw_object
)
SELECT
    source, raw_object, object_name, reason, run_id, snapshot_id, refused_at, tries,
    CASE WHEN left_in > snapshot_id THEN left_by END AS left_by,
    CASE WHEN left_in > snapshot_id THEN left_because END AS left_because
FROM refused LEFT JOIN left_refused USING (source, raw_object) LEFT JOIN published USING (raw_object)
WHERE last IS NULL OR last < snapshot_id AND NOT regexp_full_match(raw_object, 'raw/[^/]+/[0-9a-f]{32}');

-- Lines that are not to come back to a quarantine when their object is staged again: those that somebody has dropped,
-- while they are bad for the same reason, and messages whose replay is published.
CREATE OR REPLACE VIEW ledger.departed_lines AS
WITH dropped AS (
    SELECT run_id, outcomes.snapshot_id FROM ledger.outcomes AS outcomes
    JOIN ledger.decisions AS decisions USING (decision_id) WHERE kind = 'drop'
),
replayed AS (
    SELECT run_id FROM ledger.books JOIN (
        SELECT raw_object, arg_max(rows_filtered < rows_read, snapshot_id) AS is_there FROM ledger.books GROUP BY 1
    ) USING (raw_object) WHERE is_there
),
stretches AS (
    SELECT
        quarantine, raw_object, rule, departures.reason, dropped.run_id IS NOT NULL AS is_dropped,
        unnest(CAST(lines_json AS BIGINT[][])) AS stretch
    FROM ledger.departures AS departures LEFT JOIN dropped USING (run_id, snapshot_id)
    WHERE dropped.run_id IS NOT NULL OR departures.run_id IN (SELECT run_id FROM replayed)
)
SELECT quarantine, raw_object, rule, reason, is_dropped, unnest(range(stretch[1], stretch[2] + 1)) AS raw_line
FROM stretches;

-- What people have written about tables and columns; who has withdrawn it since, and when.
CREATE OR REPLACE VIEW ledger.current_comments AS
WITH withdrawn AS (
    SELECT comment_id, min(written_by) AS withdrawn_by, min(written_at) AS withdrawn_at
    FROM ledger.comments WHERE body IS NULL GROUP BY comment_id
)
SELECT comment_id, table_name, column_name, body, written_by, written_at, withdrawn_by, withdrawn_at
FROM ledger.comments LEFT JOIN withdrawn USING (comment_id) WHERE body IS NOT NULL;

-- Names of versions, as they are now.
CREATE OR REPLACE VIEW ledger.current_pins AS
SELECT name, pinned_snapshot_id, reason, pinned_by, pinned_at FROM ledger.pins
QUALIFY row_number() OVER (PARTITION BY name ORDER BY snapshot_id DESC, pinned_at DESC) = 1
    AND pinned_snapshot_id IS NOT NULL;

-- Saved questions as they are now.
CREATE OR REPLACE VIEW ledger.current_questions AS
SELECT question_id, name, query, as_of, owner, is_shared, changed_by, changed_at FROM ledger.saved_questions
QUALIFY row_number() OVER (PARTITION BY question_id ORDER BY snapshot_id DESC) = 1 AND NOT is_deleted;
