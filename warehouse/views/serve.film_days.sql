-- owner: streaming
-- description: The days on which films were watched, and from where serve.film_minutes_daily takes them.
-- grain: one day
-- reads: ledger.days, ledger.inputs
-- example: FROM serve.film_days ORDER BY watched_date DESC LIMIT 10
-- column watched_date: The day, in UTC
-- column begins_at: Its first moment: what rows are joined by, so that a condition on watched_date stays with the days
-- column is_built: Whether mart.film_popularity_daily holds all that core.watch_minutes holds of the day
WITH changed AS (
    SELECT day, max(snapshot_id) FILTER (table_name = 'core.watch_minutes') AS snapshot_id
    FROM ledger.days
    WHERE table_name IN ('core.watch_minutes', 'speed.watch_minutes')
    GROUP BY day
),

built AS (
    SELECT day, arg_max(input_snapshot_id, snapshot_id) AS input_snapshot_id
    FROM ledger.inputs
    WHERE table_name = 'mart.film_popularity_daily'
    GROUP BY day
)

SELECT
    changed.day AS watched_date,
    CAST(changed.day AS TIMESTAMP) AS begins_at,
    coalesce(built.input_snapshot_id >= changed.snapshot_id, false) AS is_built
FROM changed
LEFT JOIN built USING (day)
