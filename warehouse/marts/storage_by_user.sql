-- owner: photos
-- description: How much storage the photos of each user take now.
-- grain: one user with photos
-- key: user_id
-- partition: whole
-- inputs: core.photos, core.users
-- example: SELECT user_id, file_bytes FROM mart.storage_by_user WHERE storage_rank <= 10 ORDER BY file_bytes DESC
-- column user_id: User who owns the photos (personal)
-- column user_name: The user's current name; null for a user who is gone (personal)
-- column photo_count: Photos
-- column file_bytes: Their size [bytes]
-- column storage_rank: Rank by size; ties share a rank
SELECT
    photos.user_id,
    any_value(users.user_name) AS user_name,
    count(*) AS photo_count,
    sum(photos.file_bytes)::DECIMAL(38, 0) AS file_bytes,
    rank() OVER (ORDER BY sum(photos.file_bytes) DESC) AS storage_rank
FROM core.photos AS photos
LEFT JOIN core.users AS users ON photos.user_id = users.user_id AND users.is_current
WHERE photos.is_current
GROUP BY photos.user_id
ORDER BY file_bytes DESC, user_id
