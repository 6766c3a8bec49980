-- owner: web-platform
-- description: How often each path was requested on each day.
-- grain: one path of one day
-- key: requested_date, path
-- partition: day requested_date
-- inputs: core.requests
-- example: SELECT path, sum(request_count) AS requests FROM mart.top_pages GROUP BY path ORDER BY requests DESC LIMIT 10
-- tags: web
-- column requested_date: The day, in UTC
-- column path: The path without the query; '(none)' for requests that named none
-- column request_count: Requests
-- column client_count: Distinct clients
-- column response_bytes: Bytes answered, unknown sizes counted as 0 [bytes]
-- column page_rank: Rank by requests within the day; ties share a rank
SELECT
    getvariable('day') AS requested_date,
    coalesce(path, '(none)') AS path,
    count(*) AS request_count,
    count(DISTINCT client_host) AS client_count,
    coalesce(sum(response_bytes), 0)::DECIMAL(38, 0) AS response_bytes,
    rank() OVER (ORDER BY count(*) DESC) AS page_rank
FROM core.requests
WHERE requested_at >= getvariable('day') AND requested_at < getvariable('day') + 1
GROUP BY ALL
ORDER BY request_count DESC, path
