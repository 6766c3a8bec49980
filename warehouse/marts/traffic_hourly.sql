-- owner: web-platform
-- description: Requests, errors and bytes of each hour.
-- grain: one hour
-- key: hour_at
-- partition: day hour_at
-- inputs: core.requests
-- example: SELECT hour(hour_at) AS hour_of_day, avg(request_count) AS requests FROM mart.traffic_hourly GROUP BY 1 ORDER BY 1
-- tags: web
-- column hour_at: Start of the hour, in UTC
-- column request_count: Requests
-- column client_error_count: Requests answered with a status of 400 to 499
-- column server_error_count: Requests answered with a status of 500 or more
-- column client_count: Distinct clients
-- column response_bytes: Bytes answered, unknown sizes counted as 0 [bytes]
SELECT
    date_trunc('hour', requested_at) AS hour_at,
    count(*) AS request_count,
    count(*) FILTER (status BETWEEN 400 AND 499) AS client_error_count,
    count(*) FILTER (status >= 500) AS server_error_count,
    count(DISTINCT client_host) AS client_count,
    coalesce(sum(response_bytes), 0)::DECIMAL(38, 0) AS response_bytes
FROM core.requests
WHERE requested_at >= getvariable('day') AND requested_at < getvariable('day') + 1
GROUP BY hour_at
ORDER BY hour_at
