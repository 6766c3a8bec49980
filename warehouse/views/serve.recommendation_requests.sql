-- owner: streaming
-- description: Every request to a recommender: which server answered, with what status, films and latency. Both layers: what batches made and what came since.
-- grain: one recommendation line of a streaming log
-- reads: core.recommendation_requests, speed.recommendation_requests
-- example: SELECT quantile_cont(response_ms, 0.95) AS p95_ms FROM serve.recommendation_requests
-- column requested_at: When the recommendation was requested, in UTC
-- column user_id: User the request is for (personal)
-- column server: Host and port of the recommender, such as recommender-12:8082
-- column status: HTTP status code of the answer
-- column film_ids: Films recommended, best first; empty when the request failed
-- column error: The result as logged where it is not a list of films (personal)
-- column response_ms: Time to the answer; null where the log has none [ms]
-- column event_id: The event's id where a stream brought the row; else null
-- column raw_object: Key of the raw object that the row came from
-- column raw_line: Line (or element of a document array) in that object, counted from 1
SELECT * FROM core.recommendation_requests
UNION ALL BY NAME
SELECT * FROM speed.recommendation_requests
