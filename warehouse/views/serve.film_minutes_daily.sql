-- owner: streaming
-- description: How much each film was watched on each day, as of now. A day that mart.film_popularity_daily holds whole comes from there, with the minutes and the new viewers of its speed rows; any other day from the rows of both layers.
-- grain: one film of one day
-- reads: mart.film_popularity_daily, core.watch_minutes, speed.watch_minutes, serve.viewings, serve.film_days
-- example: SELECT watched_date, sum(minutes_watched) AS minutes FROM serve.film_minutes_daily GROUP BY watched_date ORDER BY 1
-- column watched_date: The day, in UTC
-- column film_id: The film; a film of core.films once that is built
-- column minutes_watched: Minutes of the film that were fetched [minutes]
-- column viewer_count: Distinct users; approximate where is_viewer_count_exact is false: standard error 2.5 %, 99 of 100 within 6.5 %; see serve.viewings
-- column is_viewer_count_exact: Whether the day comes from the mart: its distinct users, and those of speed rows who have no row in core for the film and day
WITH built AS (
    SELECT watched_date, begins_at FROM serve.film_days WHERE is_built
),

open AS (
    SELECT watched_date, begins_at FROM serve.film_days WHERE NOT is_built
),

late AS (
    SELECT built.watched_date, built.begins_at, recent.film_id, recent.user_id, count(*) AS minutes_watched
    FROM speed.watch_minutes AS recent
    INNER JOIN built ON date_trunc('day', recent.watched_at) = built.begins_at
    GROUP BY built.watched_date, built.begins_at, recent.film_id, recent.user_id
),

-- The bounds repeat the equality in a form by which files are left out: even where there is no day to be joined, and a
-- condition on the film would have every file searched.
known AS (
    SELECT DISTINCT late.watched_date, late.film_id, late.user_id
    FROM core.watch_minutes AS facts
    INNER JOIN late
        ON
            facts.user_id = late.user_id
            AND facts.film_id = late.film_id
            AND date_trunc('day', facts.watched_at) = late.begins_at
            AND facts.watched_at >= late.begins_at
            AND facts.watched_at < late.begins_at + INTERVAL 1 DAY
    WHERE facts.watched_at >= (SELECT coalesce(min(begins_at), TIMESTAMP '9999-12-31') FROM late)
),

counted AS (
    SELECT
        open.watched_date,
        viewings.film_id,
        viewings.viewer_bucket,
        count(*) AS minutes_watched,
        approx_count_distinct(viewings.user_id) AS viewer_count
    FROM serve.viewings AS viewings
    INNER JOIN open
        ON
            date_trunc('day', viewings.watched_at) = open.begins_at
            AND viewings.watched_at >= open.begins_at
            AND viewings.watched_at < open.begins_at + INTERVAL 1 DAY
    WHERE viewings.watched_at >= (SELECT coalesce(min(begins_at), TIMESTAMP '9999-12-31') FROM open)
    GROUP BY open.watched_date, viewings.film_id, viewings.viewer_bucket
),

parts AS (
    SELECT watched_date, film_id, minutes_watched, viewer_count, true AS is_exact
    FROM mart.film_popularity_daily
    INNER JOIN built USING (watched_date)
    UNION ALL
    SELECT watched_date, film_id, late.minutes_watched, CAST(known.user_id IS NULL AS BIGINT), true
    FROM late
    LEFT JOIN known USING (watched_date, film_id, user_id)
    UNION ALL
    SELECT watched_date, film_id, minutes_watched, viewer_count, false
    FROM counted
)

SELECT
    watched_date,
    film_id,
    CAST(sum(minutes_watched) AS BIGINT) AS minutes_watched,
    CAST(least(sum(viewer_count), sum(minutes_watched)) AS BIGINT) AS viewer_count,
    bool_and(is_exact) AS is_viewer_count_exact
FROM parts
GROUP BY watched_date, film_id
