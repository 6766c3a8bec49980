-- owner: streaming
-- description: How much was watched in the last 5 minutes.
-- grain: one row, of zeros where nothing was watched
-- reads: serve.views_within
-- example: FROM serve.views_last_5_minutes
-- column minutes_watched: Minutes of film that were fetched [minutes]
-- column film_count: Distinct films
-- column viewer_count: Distinct users, approximate: standard error 2.5 %, 99 of 100 within 6.5 %; see serve.viewings
-- column newest_at: When the newest of them was requested, in UTC; null where there is none
SELECT minutes_watched, film_count, viewer_count, newest_at
FROM serve.views_within(5)
