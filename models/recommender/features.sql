-- Who took to which film when: the columns of contracts/interactions.py.
-- A film counts when it was rated, or when five distinct minutes of it were watched.
-- `ratings` and `watch_minutes` are those of core, as of one version of the lake (features.py).

WITH hours AS (
    -- An hour's minutes as bits of one number: a few groups a viewing, however often a minute was fetched.
    SELECT user_id, film_id, minute // 60 AS hour,
           bit_or(1::BIGINT << (minute % 60)) AS minutes,
           max(watched_at) AS watched_at
    FROM watch_minutes
    GROUP BY ALL
),

watched AS (
    SELECT user_id, film_id, max(watched_at) AS interacted_at
    FROM hours
    GROUP BY ALL
    HAVING sum(bit_count(minutes)) >= 5
),

rated AS (
    SELECT user_id, film_id, rated_at AS interacted_at
    FROM ratings
)

SELECT user_id, film_id AS item_id, max(interacted_at) AS interacted_at
FROM (FROM watched UNION ALL FROM rated)
GROUP BY ALL
ORDER BY user_id, interacted_at, item_id
