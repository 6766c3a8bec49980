-- owner: photos
-- description: Photos of which the events and the application's database say different things.
-- grain: one photo that differs
-- key: photo_id
-- partition: whole
-- inputs: core.photos, core.photo_events
-- views: core.photos_now
-- example: SELECT difference, count(*) AS photos FROM mart.photo_differences, unnest(differences) AS d(difference) GROUP BY difference
-- column photo_id: The photo
-- column differences: Differences: 'only in events', 'only in accounts', or which of 'owner', 'path', 'file_bytes' and 'camera'
-- column event_user_id: User who owns the photo by the events (personal)
-- column account_user_id: User who owns the photo by the database (personal)
-- column event_path: Where the file is by the events (personal)
-- column account_path: Where the file is by the database (personal)
-- column event_file_bytes: Its size by the events, null where they do not say, which is not a difference [bytes]
-- column account_file_bytes: Its size by the database [bytes]
-- column event_camera_id: Taken with, by the events; null where they do not say, which is not a difference
-- column account_camera_id: Taken with, by the database
-- column event_changed_at: Time of the greatest event; one that the database was not asked about since explains itself
-- column account_updated_at: When the database last changed it
WITH pairs AS (
    SELECT
        photo_id,
        events.photo_id IS NULL AS is_only_in_accounts,
        accounts.photo_id IS NULL AS is_only_in_events,
        events.user_id AS event_user_id,
        accounts.user_id AS account_user_id,
        events.path AS event_path,
        accounts.path AS account_path,
        events.file_bytes AS event_file_bytes,
        accounts.file_bytes AS account_file_bytes,
        events.camera_id AS event_camera_id,
        accounts.camera_id AS account_camera_id,
        events.changed_at AS event_changed_at,
        accounts.updated_at AS account_updated_at
    FROM core.photos_now AS events
    FULL JOIN (SELECT * FROM core.photos WHERE is_current) AS accounts USING (photo_id)
),

compared AS (
    SELECT
        photo_id,
        CASE
            WHEN is_only_in_events THEN ['only in events']
            WHEN is_only_in_accounts THEN ['only in accounts']
            ELSE list_filter([
                CASE WHEN event_user_id <> account_user_id THEN 'owner' END,
                CASE WHEN event_path <> account_path THEN 'path' END,
                CASE WHEN event_file_bytes <> account_file_bytes THEN 'file_bytes' END,
                CASE WHEN event_camera_id IS NOT NULL AND event_camera_id IS DISTINCT FROM account_camera_id THEN 'camera' END
            ], lambda name: name IS NOT NULL)
        END AS differences,
        * EXCLUDE (photo_id, is_only_in_events, is_only_in_accounts)
    FROM pairs
)

SELECT * FROM compared
WHERE len(differences) > 0
ORDER BY photo_id
