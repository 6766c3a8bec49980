-- owner: streaming
-- description: How much each film was watched on each day.
-- grain: one film of one day
-- key: watched_date, film_id
-- partition: day watched_date
-- inputs: core.watch_minutes
-- lookups: core.films
-- example: SELECT watched_date, title, minutes_watched FROM mart.film_popularity_daily WHERE popularity_rank <= 3 ORDER BY 1, 3 DESC
-- tags: films
-- column watched_date: The day, in UTC
-- column film_id: The film; a film of core.films
-- column title: Its title when this day was computed
-- column minutes_watched: Minutes of the film that were fetched [minutes]
-- column viewer_count: Distinct users
-- column popularity_rank: Rank by minutes within the day; ties share a rank
WITH watched AS (
    SELECT film_id, count(*) AS minutes_watched, count(DISTINCT user_id) AS viewer_count
    FROM core.watch_minutes
    WHERE watched_at >= getvariable('day') AND watched_at < getvariable('day') + 1
    GROUP BY film_id
)

SELECT
    getvariable('day') AS watched_date,
    watched.film_id,
    coalesce(films.title, 'Unknown film') AS title,
    watched.minutes_watched,
    watched.viewer_count,
    rank() OVER (ORDER BY watched.minutes_watched DESC) AS popularity_rank
FROM watched
LEFT JOIN core.films AS films USING (film_id)
ORDER BY minutes_watched DESC, film_id
