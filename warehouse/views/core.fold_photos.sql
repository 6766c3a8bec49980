-- owner: photos
-- description: The state of every photo ever named, after all events received up to `t`: the one definition of it. Starts from the state at the end of the day `base`; null: from nothing, by all events.
-- grain: one photo that an event names, deleted ones and those not yet added included
-- parameters: base, t
-- reads: core.photo_states, core.photo_changes
-- example: SELECT count(*) AS photos FROM core.fold_photos(NULL, now()) WHERE NOT is_deleted
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
WITH parts AS (
    SELECT * EXCLUDE (state_date) FROM core.photo_states WHERE state_date = CAST(base AS DATE)
    UNION ALL BY NAME
    SELECT * EXCLUDE (received_at) FROM core.photo_changes
    WHERE received_at >= coalesce(CAST(base AS DATE) + 1, DATE '0001-01-01') AND received_at <= CAST(t AS TIMESTAMP)
)

SELECT
    photo_id,
    arg_max(user_id, user_stamp) AS user_id,
    max(user_stamp) AS user_stamp,
    arg_max(path, file_stamp) AS path,
    arg_max_null(file_bytes, file_stamp) AS file_bytes,
    max(file_stamp) AS file_stamp,
    arg_max(title, title_stamp) AS title,
    max(title_stamp) AS title_stamp,
    arg_max(camera_id, camera_stamp) AS camera_id,
    max(camera_stamp) AS camera_stamp,
    arg_min(added_at, added_stamp) AS added_at,
    min(added_stamp) AS added_stamp,
    max(version) AS version,
    arg_max(changed_at, changed_stamp) AS changed_at,
    max(changed_stamp) AS changed_stamp,
    bool_or(is_deleted) AS is_deleted
FROM parts
GROUP BY photo_id
