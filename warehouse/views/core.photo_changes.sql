-- owner: photos
-- description: Every photo event as the state of a photo of which nothing else is known. States merge, in any order.
-- grain: one event
-- reads: core.photo_events
-- example: SELECT photo_id, max(version) AS version FROM core.photo_changes GROUP BY photo_id ORDER BY version DESC LIMIT 10
-- column photo_id: The photo
-- column user_id: Register: whose photo it is; the greatest user_stamp wins (personal)
-- column user_stamp: Stamp of the event that set user_id; null: none did (personal)
-- column path: Register, with file_bytes: where the file is; the greatest file_stamp wins (personal)
-- column file_bytes: Size of that file, null where the event did not say [bytes]
-- column file_stamp: Stamp of the event that set the file (personal)
-- column title: Register: the title; the greatest title_stamp wins (personal)
-- column title_stamp: Stamp of the event that set the title (personal)
-- column camera_id: Register: taken with; the greatest camera_stamp wins
-- column camera_stamp: Stamp of the event that set the camera (personal)
-- column added_at: When it was added, by the clock of the device; the smallest added_stamp wins
-- column added_stamp: Stamp of the event that added it; null: none did, or not yet (personal)
-- column version: The greatest version seen
-- column changed_at: When it was last changed, by the clock of the device; the greatest changed_stamp wins
-- column changed_stamp: The greatest stamp seen (personal)
-- column is_deleted: Whether it was ever deleted, which is final
-- column received_at: When the event reached the lake
SELECT
    photo_id,
    CASE WHEN kind = 'addPhoto' THEN user_id END AS user_id,
    CASE WHEN kind = 'addPhoto' THEN stamp END AS user_stamp,
    CASE WHEN kind IN ('addPhoto', 'replacePhoto') THEN path END AS path,
    CASE WHEN kind IN ('addPhoto', 'replacePhoto') THEN file_bytes END AS file_bytes,
    CASE WHEN kind IN ('addPhoto', 'replacePhoto') THEN stamp END AS file_stamp,
    title,
    CASE WHEN title IS NOT NULL THEN stamp END AS title_stamp,
    camera_id,
    CASE WHEN camera_id IS NOT NULL THEN stamp END AS camera_stamp,
    CASE WHEN kind = 'addPhoto' THEN occurred_at END AS added_at,
    CASE WHEN kind = 'addPhoto' THEN stamp END AS added_stamp,
    version,
    occurred_at AS changed_at,
    stamp AS changed_stamp,
    kind = 'deletePhoto' AS is_deleted,
    received_at
FROM core.photo_events
