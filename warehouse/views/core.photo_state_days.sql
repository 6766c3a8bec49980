-- owner: photos
-- description: The days whose state in core.photo_states holds all events received up to their end. A day to which events came after it was built is not among them until it is built again.
-- grain: one day
-- reads: ledger.days, ledger.inputs, ledger.publishes
-- example: FROM core.photo_state_days ORDER BY state_date DESC LIMIT 10
-- column state_date: The day
WITH changed AS (
    SELECT day, max(snapshot_id) AS snapshot_id
    FROM ledger.days
    WHERE table_name = 'core.photo_events'
    GROUP BY day
),

built AS (
    SELECT day, arg_max(input_snapshot_id, snapshot_id) AS input_snapshot_id, max(snapshot_id) AS snapshot_id
    FROM ledger.inputs
    WHERE table_name = 'core.photo_states'
    GROUP BY day
)

SELECT built.day AS state_date
FROM built
INNER JOIN ledger.publishes AS published
    ON built.snapshot_id = published.snapshot_id AND published.subject = 'core.photo_states'
WHERE
    published.rows_written > 0
    AND built.input_snapshot_id >= (SELECT max(changed.snapshot_id) FROM changed WHERE changed.day <= built.day)
