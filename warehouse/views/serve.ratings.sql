-- owner: streaming
-- description: Every rating given to a film. A later rating of the same film by the same user is another row. Both layers: what batches made and what came since.
-- grain: one rating line
-- reads: core.ratings, speed.ratings
-- example: SELECT CAST(rated_at AS DATE) AS day, count(*) AS ratings FROM serve.ratings GROUP BY day ORDER BY day DESC LIMIT 10
-- column rated_at: When the rating was given, in UTC
-- column user_id: User who rated the film (personal)
-- column film_id: Film that was rated, of core.films
-- column rating: The rating given, in steps of its source's scale
-- column rating_max: The best rating on that scale: 5 in streaming logs, 10 in rating files
-- column event_id: The event's id where a stream brought the row; else null
-- column raw_object: Key of the raw object that the row came from
-- column raw_line: Line (or element of a document array) in that object, counted from 1
SELECT * FROM core.ratings
UNION ALL BY NAME
SELECT * FROM speed.ratings
