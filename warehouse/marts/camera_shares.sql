-- owner: photos
-- description: With which cameras the photos that exist now were taken.
-- grain: one maker and model of camera
-- key: maker, model
-- partition: whole
-- inputs: core.photos, core.cameras
-- example: SELECT maker, sum(photo_share) AS photo_share FROM mart.camera_shares GROUP BY maker ORDER BY photo_share DESC
-- tags: photos
-- column maker: Maker of the camera; '(unknown)' for photos without a known camera
-- column model: Model of the camera; '(unknown)' likewise
-- column photo_count: Photos
-- column owner_count: Distinct users with such a photo
-- column photo_share: photo_count / all photos, 0 to 1
SELECT
    coalesce(cameras.maker, '(unknown)') AS maker,
    coalesce(cameras.model, '(unknown)') AS model,
    count(*) AS photo_count,
    count(DISTINCT photos.user_id) AS owner_count,
    count(*) / sum(count(*)) OVER () AS photo_share
FROM core.photos AS photos
LEFT JOIN core.cameras AS cameras ON photos.camera_id = cameras.camera_id AND cameras.is_current
WHERE photos.is_current
GROUP BY ALL
ORDER BY photo_count DESC, maker, model
