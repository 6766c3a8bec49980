-- owner: photos
-- description: The photos that existed at the moment `t` as far as the lake knew then: by all events received up to it.
-- grain: one photo that was added and not deleted
-- parameters: t
-- reads: core.fold_photos, core.photo_state_days
-- example: SELECT count(*) AS photos FROM core.photos_as_of(TIMESTAMP '2026-01-08')
-- column photo_id: The photo
-- column user_id: User who owns the photo (personal)
-- column path: Where the file is (personal)
-- column file_bytes: Size of the file, null where unknown [bytes]
-- column camera_id: Taken with; a camera of core.cameras, null where unknown
-- column title: The title, null where none was given (personal)
-- column version: The greatest version seen
-- column added_at: When it was added, by the clock of the device
-- column changed_at: When it was last changed, by the clock of the device
SELECT photo_id, user_id, path, file_bytes, camera_id, title, version, added_at, changed_at
FROM core.fold_photos(
    (SELECT max(state_date) FROM core.photo_state_days WHERE state_date < CAST(t AS DATE)),
    t
)
WHERE added_stamp IS NOT NULL AND NOT is_deleted
