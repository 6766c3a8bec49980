-- table: core.photo_states
-- owner: photos
-- description: What all events received up to the end of a day make of every photo. A day has none while fewer events came since the last one than a quarter of its photos.
-- grain: one photo that an event named, deleted ones and those not yet added included, on one day
-- key: state_date, photo_id
-- partition: days so far state_date
-- inputs: core.photo_events
-- views: core.photo_changes, core.fold_photos, core.photo_state_days
-- empty: SELECT DATE '1970-01-01' AS state_date, * EXCLUDE (received_at) FROM core.photo_changes
-- example: SELECT state_date, count(*) FILTER (NOT is_deleted) AS photos FROM core.photo_states GROUP BY state_date ORDER BY state_date
-- tags: photos
-- column state_date: The day at whose end, in UTC, it was so
-- column photo_id: The photo
-- column user_id: User who owns the photo; core.photo_changes describes this and the columns that follow (personal)
-- column user_stamp: Stamp of the event that set user_id (personal)
-- column path: Where the file is (personal)
-- column file_bytes: Size of the file, null where unknown [bytes]
-- column file_stamp: Stamp of the event that set the file (personal)
-- column title: The title, null where none was given (personal)
-- column title_stamp: Stamp of the event that set the title (personal)
-- column camera_id: Taken with, null where unknown
-- column camera_stamp: Stamp of the event that set the camera (personal)
-- column added_at: When it was added, by the clock of the device
-- column added_stamp: Stamp of the event that added it (personal)
-- column version: The greatest version seen
-- column changed_at: When it was last changed, by the clock of the device
-- column changed_stamp: The greatest stamp seen (personal)
-- column is_deleted: Whether it was ever deleted
WITH base AS (
    SELECT max(state_date) AS state_date FROM core.photo_state_days WHERE state_date < getvariable('day')
),

-- When there is too little to do, the state begins after the end of time, so that no file is opened.
start AS (
    SELECT
        CASE
            WHEN 4 * (
                SELECT count(*) FROM core.photo_events
                WHERE
                    received_at >= coalesce((SELECT state_date + 1 FROM base), DATE '0001-01-01')
                    AND received_at < getvariable('day') + 1
            ) >= (SELECT count(*) FROM core.photo_states WHERE state_date = (SELECT state_date FROM base))
                THEN state_date
            ELSE DATE '9999-12-30'
        END AS state_date
    FROM base
)

SELECT
    getvariable('day') AS state_date,
    *
FROM core.fold_photos(
    (SELECT state_date FROM start),
    getvariable('day') + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND
)
