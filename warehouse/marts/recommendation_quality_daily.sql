-- owner: recommendations
-- description: What became of the recommendations that were shown each day, by the model that had predicted for the user.
-- grain: one version of the recommender and day
-- key: requested_date, model_version
-- partition: day requested_date
-- inputs: core.recommendation_requests, core.watch_minutes
-- lookups: ml.predictions
-- example: SELECT requested_date, model_version, watched_share, other_watched_share FROM mart.recommendation_quality_daily ORDER BY ALL
-- column requested_date: The day, in UTC
-- column model_version: Version whose list held for the user at the request; 0 where there was none
-- column request_count: Requests that were answered with films
-- column viewer_count: Distinct users who were shown any
-- column shown_count: Films shown, each once a user and day
-- column predicted_count: Those of them that were on the list predicted for the user
-- column predicted_share: predicted_count / shown_count, 0 to 1: how much of what is shown comes from the model
-- column watched_count: Films of predicted_count that the user watched after they were shown, on the same UTC day
-- column watched_share: watched_count / predicted_count, 0 to 1; null where nothing predicted was shown
-- column other_watched_share: The same share of the shown films that were on no list; null where there were none
WITH requests AS (
    SELECT requested_at, user_id, film_ids
    FROM core.recommendation_requests
    WHERE requested_at >= getvariable('day') AND requested_at < getvariable('day') + 1 AND len(film_ids) > 0
),

lists AS (
    SELECT predicted_at, user_id, film_ids, model_version
    FROM ml.predictions
    WHERE predicted_at < getvariable('day') + 1 AND user_id IN (SELECT user_id FROM requests)
),

-- The list that held is the latest one before the request. An empty one ended the list before it.
held AS (
    SELECT
        requests.*,
        coalesce(lists.film_ids, []) AS predicted,
        CASE WHEN len(lists.film_ids) > 0 THEN lists.model_version ELSE 0 END AS model_version
    FROM requests
    ASOF LEFT JOIN lists ON requests.user_id = lists.user_id AND requests.requested_at >= lists.predicted_at
),

shown AS (
    SELECT model_version, user_id, film_id, min(requested_at) AS shown_at,
           bool_or(list_contains(predicted, film_id)) AS is_predicted
    FROM held, unnest(film_ids) AS shown(film_id)
    GROUP BY ALL
),

watched AS (
    SELECT user_id, film_id, max(watched_at) AS watched_at
    FROM core.watch_minutes
    WHERE watched_at >= getvariable('day') AND watched_at < getvariable('day') + 1
    GROUP BY ALL
),

judged AS (
    SELECT shown.*, coalesce(watched.watched_at >= shown.shown_at, false) AS is_watched
    FROM shown LEFT JOIN watched USING (user_id, film_id)
),

asked AS (SELECT model_version, count(*) AS request_count FROM held GROUP BY model_version)

SELECT
    getvariable('day') AS requested_date,
    model_version,
    any_value(request_count) AS request_count,
    count(DISTINCT user_id) AS viewer_count,
    count(*) AS shown_count,
    count(*) FILTER (is_predicted) AS predicted_count,
    count(*) FILTER (is_predicted) / count(*) AS predicted_share,
    count(*) FILTER (is_predicted AND is_watched) AS watched_count,
    count(*) FILTER (is_predicted AND is_watched) / nullif(count(*) FILTER (is_predicted), 0) AS watched_share,
    count(*) FILTER (NOT is_predicted AND is_watched) / nullif(count(*) FILTER (NOT is_predicted), 0)
        AS other_watched_share
FROM judged JOIN asked USING (model_version)
GROUP BY model_version
ORDER BY model_version
