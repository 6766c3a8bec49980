"""People with an account, with the history of what changed."""

from datetime import timedelta

import pyarrow as pa

from watershed.declarations.table import UTC_TIMESTAMP, Column, Source, Table

ACCOUNTS = Source("accounts", "oltp", "The application's PostgreSQL database: users, cameras, photos")

TABLE = Table(
    name="users",
    description="Accounts of the service, every version that was seen (SCD2).",
    grain="one version of one account",
    owner="accounts",
    columns=(
        Column("user_id", pa.int64(), "The account", personal=True),
        Column("user_name", pa.string(), "Name the user goes by", personal=True),
        Column("email", pa.string(), "Address of the account", nullable=True, personal=True),
        Column("country", pa.string(), "ISO 3166 code of the country", nullable=True),
        Column("created_at", UTC_TIMESTAMP, "When the account was opened, in UTC"),
        Column("updated_at", UTC_TIMESTAMP, "When the source last changed the record, in UTC"),
    ),
    key=("user_id",),
    sources=(ACCOUNTS,),
    home_of=(ACCOUNTS,),
    replaces="key",
    day="created_at",
    freshness=timedelta(days=1),
    tags=("accounts",),
    examples=("SELECT count(*) FILTER (is_current) AS accounts, count(*) AS versions FROM core.users",),
)
