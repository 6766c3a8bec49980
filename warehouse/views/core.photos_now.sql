-- owner: photos
-- description: The photos that exist now, by all events received so far.
-- grain: one photo that was added and not deleted
-- reads: core.photos_as_of
-- example: SELECT user_id, count(*) AS photos FROM core.photos_now GROUP BY user_id ORDER BY photos DESC LIMIT 10
-- tags: photos
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
FROM core.photos_as_of(TIMESTAMP '9999-12-31')
