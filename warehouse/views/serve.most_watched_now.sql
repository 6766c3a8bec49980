-- owner: streaming
-- description: The 20 films that were watched most in the last 5 minutes.
-- grain: one film
-- reads: serve.viewings_within, core.films
-- example: SELECT title, minutes_watched, viewer_count FROM serve.most_watched_now ORDER BY popularity_rank
-- tags: films
-- column popularity_rank: Rank by minutes; ties share a rank
-- column film_id: The film
-- column title: Its title; its id where core.films, a mart, does not have it yet
-- column minutes_watched: Minutes of the film that were fetched [minutes]
-- column viewer_count: Distinct users, approximate: standard error 2.5 %, 99 of 100 within 6.5 %; see serve.viewings
WITH counted AS (
    SELECT film_id, viewer_bucket, count(*) AS minutes_watched, approx_count_distinct(user_id) AS viewer_count
    FROM serve.viewings_within(5)
    GROUP BY film_id, viewer_bucket
),

ranked AS (
    SELECT
        rank() OVER (ORDER BY sum(minutes_watched) DESC) AS popularity_rank,
        film_id,
        CAST(sum(minutes_watched) AS BIGINT) AS minutes_watched,
        CAST(least(sum(viewer_count), sum(minutes_watched)) AS BIGINT) AS viewer_count
    FROM counted
    GROUP BY film_id
    ORDER BY popularity_rank, film_id
    LIMIT 20
)

SELECT
    ranked.popularity_rank,
    ranked.film_id,
    coalesce(films.title, ranked.film_id) AS title,
    ranked.minutes_watched,
    ranked.viewer_count
FROM ranked
LEFT JOIN core.films AS films USING (film_id)
ORDER BY ranked.popularity_rank, ranked.film_id
