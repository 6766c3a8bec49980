-- owner: streaming
-- description: What was watched in the last `minutes` minutes, by the time the events say: the one definition of now. An event whose clock is ahead counts when its time has come. `now()` is compared as naive UTC: compared with the TIMESTAMPTZ, watched_at would be read in the session's time zone, and from every file instead of the newest.
-- grain: one watch line of a streaming log
-- parameters: minutes
-- reads: serve.viewings
-- example: SELECT film_id, count(*) AS minutes FROM serve.viewings_within(30) GROUP BY film_id ORDER BY minutes DESC LIMIT 10
-- column watched_at: When the minute was requested, in UTC; may be exact to the minute only
-- column user_id: User who watched the film (personal)
-- column film_id: Film that was watched, of core.films
-- column viewer_bucket: For counting viewers approximately: see serve.viewings
SELECT watched_at, user_id, film_id, viewer_bucket
FROM serve.viewings
WHERE
    watched_at > (now() AT TIME ZONE 'UTC') - to_minutes(CAST(minutes AS BIGINT))
    AND watched_at <= (now() AT TIME ZONE 'UTC')
