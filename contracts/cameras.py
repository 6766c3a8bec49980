"""Cameras that users registered, with the history of what changed."""

from datetime import timedelta

import pyarrow as pa

from contracts.users import ACCOUNTS
from watershed.declarations.table import UTC_TIMESTAMP, Column, Table

TABLE = Table(
    name="cameras",
    description="Cameras that users registered, every version that was seen (SCD2).",
    grain="one version of one camera",
    owner="accounts",
    columns=(
        Column("camera_id", pa.int64(), "The camera"),
        Column("user_id", pa.int64(), "User who owns the camera, of core.users", personal=True),
        Column("maker", pa.string(), "Maker of the camera"),
        Column("model", pa.string(), "Model of the camera"),
        Column("created_at", UTC_TIMESTAMP, "When the camera was registered, in UTC"),
        Column("updated_at", UTC_TIMESTAMP, "When the source last changed the record, in UTC"),
    ),
    key=("camera_id",),
    sources=(ACCOUNTS,),
    replaces="key",
    day="created_at",
    freshness=timedelta(days=1),
    examples=(
        "SELECT maker, count(*) AS cameras FROM core.cameras WHERE is_current GROUP BY maker ORDER BY cameras DESC",
    ),
)
