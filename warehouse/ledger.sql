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
    rows_filtered BIGINT NOT NULL
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

CREATE TABLE IF NOT EXISTS ledger.definitions (
    name VARCHAR NOT NULL,          -- a view or table macro, such as core.photos_now
    digest VARCHAR NOT NULL,        -- of the statement that made it
    snapshot_id BIGINT NOT NULL
);
