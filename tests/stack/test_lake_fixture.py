import psycopg
import pytest

from tests.empty_lake import EmptyLake, open_s3
from watershed.settings import load_settings


@pytest.mark.servers
@pytest.mark.parametrize("run", [1, 2])
def test_every_test_starts_with_an_empty_lake(lake: EmptyLake, run: int) -> None:
    settings = load_settings()
    assert settings.bucket == lake.bucket
    open_s3().put_object(Bucket=settings.bucket, Key="mine", Body=b"x")
    assert open_s3().list_objects_v2(Bucket=settings.bucket)["KeyCount"] == 1
    with psycopg.connect(settings.catalog_url) as connection:
        connection.execute("create table mine (x int)")
