"""A lake whose files are in a bucket, of a store that speaks S3 on loopback."""

import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from cce_etl.pipeline.load_files import load_files
from cce_etl.settings.location import Lake
from cce_etl.warehouse.connection import open_warehouse, open_warehouse_to_read, storage_of
from tests.integration.ops.postgres import free_port
from tests.warehouse.lakes import write_fleet

pytestmark = pytest.mark.scale


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Serve a bucket, and name it in the environment as an operator does."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "store.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as store:
        try:
            _make_bucket(port)
            for name, value in {
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "its-secret",
                "AWS_REGION": "eu-west-101",
                "DUCKDB_S3_ENDPOINT": f"127.0.0.1:{port}",
                "DUCKDB_S3_USE_SSL": "false",
                "DUCKDB_S3_URL_STYLE": "path",
            }.items():
                monkeypatch.setenv(name, value)
            yield "s3://jobs/lake"
        finally:
            store.kill()


def _make_bucket(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("PUT", "/jobs")
            assert connection.getresponse().status == 200
            return
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_rows_are_written_to_the_bucket_and_read_from_it(bucket: str, tmp_path: Path) -> None:
    fleet = write_fleet(tmp_path / "jobs.ndjson", 40)
    catalog = str(tmp_path / "catalog.duckdb")
    with open_warehouse(Lake(catalog, bucket)) as connection:
        for _ in range(2):
            assert load_files(connection, "s", [str(fleet)], "load").dead_lettered == 0
        storage_of(connection).compact(connection, 7)
    # The catalog says where the files are.
    with open_warehouse_to_read(Lake(catalog)) as connection:
        assert connection.execute("SELECT count(DISTINCT root_job_id) FROM core.jobs").fetchall() == [(40,)]
        files = connection.execute("SELECT data_file FROM ducklake_list_files('lake', 'jobs', schema => 'core')")
        assert all(file.startswith(f"{bucket}/") for (file,) in files.fetchall())
    assert not any("its-secret" in path.read_text(errors="replace") for path in tmp_path.rglob("*.duckdb"))
