-- owner: streaming
-- description: Latency and errors of the recommenders, each hour.
-- grain: one server and hour
-- key: hour_at, server
-- partition: day hour_at
-- inputs: core.recommendation_requests
-- example: SELECT server, sum(error_count) / sum(request_count) AS error_share FROM mart.recommendation_health_hourly GROUP BY server ORDER BY 2 DESC
-- column hour_at: Start of the hour, in UTC
-- column server: Host and port of the recommender
-- column request_count: Requests
-- column error_count: Requests not answered with 200
-- column error_share: error_count / request_count, 0 to 1
-- column response_p50_ms: Median time to the answer [ms]; null where none was logged
-- column response_p99_ms: 99th percentile of it [ms]
SELECT
    date_trunc('hour', requested_at) AS hour_at,
    server,
    count(*) AS request_count,
    count(*) FILTER (status <> 200) AS error_count,
    error_count / request_count AS error_share,
    quantile_disc(response_ms, 0.5) AS response_p50_ms,
    quantile_disc(response_ms, 0.99) AS response_p99_ms
FROM core.recommendation_requests
WHERE requested_at >= getvariable('day') AND requested_at < getvariable('day') + 1
GROUP BY hour_at, server
ORDER BY hour_at, server
