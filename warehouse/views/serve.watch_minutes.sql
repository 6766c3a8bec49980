-- owner: streaming
-- description: Every minute of film that the player fetched. Identical log lines are distinct requests. Both layers: what batches made and what came since.
-- grain: one watch line of a streaming log
-- reads: core.watch_minutes, speed.watch_minutes
-- example: SELECT count(*) AS minutes FROM serve.watch_minutes WHERE watched_at > (now() AT TIME ZONE 'UTC') - INTERVAL 1 hour
-- column watched_at: When the minute was requested, in UTC; may be exact to the minute only
-- column user_id: User who watched the film (personal)
-- column film_id: Film that was watched, of core.films
-- column minute: Which minute of the film, counted from 0 [minutes]
-- column event_id: The event's id where a stream brought the row; else null
-- column raw_object: Key of the raw object that the row came from
-- column raw_line: Line (or element of a document array) in that object, counted from 1
SELECT * FROM core.watch_minutes
UNION ALL BY NAME
SELECT * FROM speed.watch_minutes
