"""Airflow's plugin loader must not run our modules: it would register each under its bare name, for every process."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_loader_finds_only_plugin_files() -> None:
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    found = {Path(path).name for path in find_path_from_directory(str(ROOT / "plugins"), ".airflowignore")}
    assert {name for name in found if name.endswith(".py") and not name.endswith("_plugin.py")} == set()


def test_asset_catalogue_needs_no_stack() -> None:
    from watershed.airflow.assets import name_bucket, raw_asset, table_asset

    name_bucket.cache_clear()  # a process reads it once: it may be that of another test's lake
    assert raw_asset("access_logs").uri == "s3://watershed/raw/access_logs"
    assert table_asset("core.requests").uri == "s3://watershed/lake/core/requests"
    assert table_asset("core.requests").extra["owner"] == "web-platform"
