-- owner: streaming
-- description: How users rate each film. Scales of different sources are brought to 0 to 1.
-- grain: one film
-- key: film_id
-- partition: whole
-- inputs: core.ratings
-- lookups: core.films
-- example: SELECT title, rating_share_mean, rating_count FROM mart.film_ratings WHERE rating_count >= 20 ORDER BY 2 DESC LIMIT 10
-- tags: films
-- column film_id: The film; a film of core.films
-- column title: Its title
-- column rating_count: Ratings
-- column rater_count: Distinct users
-- column rating_share_mean: Mean of rating / rating_max, 0 to 1
-- column rating_share_stddev: Its standard deviation; null below two ratings
-- column first_rated_at: When the first rating was given, in UTC
-- column last_rated_at: When the latest rating was given, in UTC
WITH rated AS (
    SELECT
        film_id,
        count(*) AS rating_count,
        count(DISTINCT user_id) AS rater_count,
        -- Decimals: sums of doubles depend on the order that rows come in, and a rebuild must give the same table.
        sum((rating / rating_max)::DECIMAL(12, 9)) AS share_sum,
        sum(((rating / rating_max) ** 2)::DECIMAL(12, 9)) AS square_sum,
        min(rated_at) AS first_rated_at,
        max(rated_at) AS last_rated_at
    FROM core.ratings
    GROUP BY film_id
)

SELECT
    rated.film_id,
    coalesce(films.title, 'Unknown film') AS title,
    rated.rating_count,
    rated.rater_count,
    rated.share_sum / rated.rating_count AS rating_share_mean,
    CASE
        WHEN rated.rating_count > 1 THEN sqrt(
            greatest(0, rated.square_sum - rated.share_sum::DOUBLE ** 2 / rated.rating_count) / (rated.rating_count - 1)
        )
    END AS rating_share_stddev,
    rated.first_rated_at,
    rated.last_rated_at
FROM rated
LEFT JOIN core.films AS films USING (film_id)
ORDER BY rated.film_id
