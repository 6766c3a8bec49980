-- table: core.films
-- owner: streaming
-- description: Every film that logs or rating files name, with what is known of it. One unknown member.
-- grain: one film
-- key: film_id
-- partition: whole
-- inputs: core.watch_minutes, core.ratings, core.recommendation_requests, core.film_titles
-- example: SELECT genre, count(*) AS films FROM core.films, unnest(genres) AS g(genre) GROUP BY genre ORDER BY films DESC
-- tags: films
-- column film_id: The film, as logs and files name it; 'unknown' is the member that facts without a film join to
-- column title: Title without the year, from a rating file, else read from the name in the logs
-- column release_year: Year of release; null where unknown
-- column genres: Genres, possibly none
-- column length_minutes: Running time [minutes]; null where no file tells
-- column is_listed: Whether a rating file lists the film
WITH listed AS (
    SELECT
        film_id,
        arg_max(title, (raw_object, raw_line)) AS title,
        arg_max(release_year, (raw_object, raw_line)) AS release_year,
        arg_max(genres, (raw_object, raw_line)) AS genres,
        max(length_minutes) AS length_minutes
    FROM core.film_titles
    GROUP BY film_id
),

seen AS (
    SELECT film_id FROM core.watch_minutes
    UNION
    SELECT film_id FROM core.ratings
    UNION
    SELECT unnest(film_ids) AS film_id FROM core.recommendation_requests
    UNION
    SELECT film_id FROM listed
)

SELECT
    seen.film_id,
    coalesce(listed.title, replace(regexp_replace(seen.film_id, '\+[0-9]{4}$', ''), '+', ' ')) AS title,
    coalesce(
        listed.release_year,
        try_cast(nullif(regexp_extract(seen.film_id, '\+([0-9]{4})$', 1), '') AS INTEGER)
    ) AS release_year,
    coalesce(listed.genres, []) AS genres,
    listed.length_minutes,
    listed.film_id IS NOT NULL AS is_listed
FROM seen
LEFT JOIN listed USING (film_id)
WHERE seen.film_id <> 'unknown'
UNION ALL
SELECT 'unknown', 'Unknown film', NULL, [], NULL, false
ORDER BY film_id
