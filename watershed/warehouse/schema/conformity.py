"""How the lake's tables stand beside what is declared: as it says, or what is left of earlier contracts."""

from duckdb import DuckDBPyConnection

from watershed.warehouse.schema.copying import read_columns
from watershed.warehouse.schema.ddl import SCHEMAS, describe_wanted
from watershed.warehouse.schema.evolution import ContractBroken, Fields, list_retired, plan_table

RETIRED = "retired: no contract declares it; readable until `watershed tables drop`"


def compare_tables(con: DuckDBPyConnection) -> dict[str, str]:
    """A phrase for every table by address, the ledger and views left out."""
    existing = read_columns(con)
    views = "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = 'lake'"
    hidden = {address for (address,) in con.execute(views).fetchall()}
    shown = sorted(a for a in set(existing) - hidden if a.partition(".")[0] in set(SCHEMAS) - {"ledger", "serve"})
    return {address: compare_table(con, address, existing[address]) for address in shown}


def compare_table(con: DuckDBPyConnection, address: str, found: Fields) -> str:
    try:
        wanted = describe_wanted(con, [address]).get(address)
        if wanted is None:
            return RETIRED
        told = plan_table(address, wanted, found).told
    except ContractBroken as error:
        return str(error)
    retired = [field.name for field in list_retired(wanted, found)]
    missing = [f.name for f in wanted.values() if not f.is_nullable and name_nullable(f.name, found)]
    parts = [f"the next run has it follow: {'; '.join(told)}"] if told else []
    parts += [f"retired columns: {', '.join(retired)}"] if retired else []
    parts += [f"rows of before may lack {', '.join(missing)}"] if missing else []
    return "; ".join(parts) or "as declared"


def name_nullable(name: str, found: Fields) -> bool:
    return name in found and found[name].is_nullable
