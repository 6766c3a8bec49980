"""The asset catalogue: what the asset graph of the web UI shows, derived from the contracts and the marts.

An asset is what outlasts a run: `raw/<source>` -> the table itself (`core.requests`), from which marts follow; a
stream's begins at `topic/<stream>`, and objects that are not published end at `refused/<source>`. Files that a run
stages and checks are its own: as assets, two for every table of every source, they hid the others. A model passes
`features/<model>` and `weights/<model>` on its way to `ml.models`.
Addresses are s3:// because OpenLineage drops schemes that it does not know. Reading them needs no running stack: a
bucket has a name before it is.
"""

from functools import cache
from typing import Any

from airflow.sdk import Asset, AssetWatcher

from watershed.airflow.topic_trigger import TopicTrigger
from watershed.declarations import find_stream, find_table, list_tables, load_tables
from watershed.declarations.owners import find_owner
from watershed.declarations.table import Table
from watershed.settings import read_setting
from watershed.warehouse.schema.marts import Mart, list_marts


@cache
def name_bucket() -> str:
    return read_setting("bucket", "watershed")


@cache
def name_site() -> str:
    """Where the web server is; empty where that is not known, and addresses begin at its root."""
    return read_setting("airflow_url", "")


def topic_asset(stream: str) -> Asset:
    """A topic's messages, of which the triggerer tells when new ones have arrived. Raises NotFound."""
    watcher = AssetWatcher(name=f"watch_{find_stream(stream).name}", trigger=TopicTrigger(stream=stream))
    return Asset(f"topic/{stream}", uri=f"s3://{name_bucket()}/topic/{stream}", group="topic", watchers=[watcher])


def raw_asset(source: str) -> Asset:
    """The objects of a source, as they came."""
    return Asset(f"raw/{source}", uri=f"s3://{name_bucket()}/raw/{source}", group="raw")


def refused_asset(source: str) -> Asset:
    """Objects of a source that a run did not publish, about which somebody has to decide."""
    return Asset(f"refused/{source}", uri=f"s3://{name_bucket()}/refused/{source}", group="refused")


def features_asset(model: str) -> Asset:
    """What a model learns from, as a file of the run that computed it."""
    return Asset(f"features/{model}", uri=f"s3://{name_bucket()}/features/{model}", group="features")


def weights_asset(model: str) -> Asset:
    """A trained model that predicts nothing yet."""
    return Asset(f"weights/{model}", uri=f"s3://{name_bucket()}/weights/{model}", group="weights")


def table_asset(address: str) -> Asset:
    """A published table or mart by its address, such as `core.requests` or `speed.ratings`; the page shows who owns
    it, its grain and where the cockpit shows it. Raises NotFound when there is none."""
    described: tuple[Table | Mart, ...] = (*list_tables(), *list_marts())
    declared = {table.address: table for table in described}[address]
    schema, _, name = address.partition(".")
    about: dict[str, Any] = {"owner": declared.owner, "grain": declared.grain, "description": declared.description}
    if owner := find_owner(declared.owner):
        about["contact"] = owner.contact
    if declared.tags:
        about["tags"] = ", ".join(declared.tags)
    about["page"] = f"{name_site()}/watershed/tables/{address}"
    return Asset(address, uri=f"s3://{name_bucket()}/lake/{schema}/{name}", group=schema, extra=about)


def core_asset(table: str) -> Asset:
    """A declared table by its name. Raises NotFound when there is none."""
    return table_asset(find_table(table).address)


def mart_asset(mart: Mart) -> Asset:
    return table_asset(mart.address)


def list_mart_sources() -> dict[str, Asset]:
    """The declared tables that some mart reads, by address: what `build_marts` listens to."""
    declared = {table.address for table in load_tables().values()}
    read = {address for mart in list_marts() for address in mart.inputs if address in declared}
    return {address: table_asset(address) for address in sorted(read)}
