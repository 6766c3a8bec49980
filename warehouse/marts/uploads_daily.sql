-- owner: photos
-- description: Photos uploaded on each day, those deleted since included.
-- grain: one day
-- key: uploaded_date
-- partition: day uploaded_date
-- inputs: core.photos
-- example: SELECT uploaded_date, photo_count, file_bytes FROM mart.uploads_daily ORDER BY uploaded_date
-- tags: photos
-- column uploaded_date: The day, in UTC
-- column photo_count: Photos uploaded
-- column uploader_count: Distinct users who uploaded
-- column file_bytes: Their size as last known [bytes]
-- column deleted_count: Of these photos, how many no longer exist
WITH latest AS (
    SELECT *
    FROM core.photos
    WHERE uploaded_at >= getvariable('day') AND uploaded_at < getvariable('day') + 1
    QUALIFY row_number() OVER (PARTITION BY photo_id ORDER BY valid_from DESC, is_current DESC) = 1
)

SELECT
    getvariable('day') AS uploaded_date,
    count(*) AS photo_count,
    count(DISTINCT user_id) AS uploader_count,
    coalesce(sum(file_bytes), 0)::DECIMAL(38, 0) AS file_bytes,
    count(*) FILTER (is_deleted) AS deleted_count
FROM latest
HAVING count(*) > 0
