"""Opening the published file and asking it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cce_etl.analysis import Published, open_published
from cce_etl.errors import WarehouseError


def test_without_a_path_the_settings_say_where_the_file_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCE_PUBLISHED", str(path))
    with open_published() as published:
        assert published.path == path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"no published file at .*absent\.duckdb"):
        open_published(tmp_path / "absent.duckdb")


def test_a_query_becomes_a_frame_with_its_parameters(published: Published) -> None:
    frame = published.frame("SELECT job_id FROM marts.root_jobs WHERE phase = $1", ["Failed"])
    assert frame["job_id"].to_list() == ["00000000-0000-11f1-8000-000000000002"]


def test_timestamps_keep_their_nanoseconds(published: Published) -> None:
    frame = published.frame("SELECT created_at FROM marts.steps WHERE job_id = 'f'")
    assert frame["created_at"].dtype == "datetime64[ns]"
    assert frame["created_at"][0].isoformat() == "2026-06-02T00:00:00.123456789"


def test_records_are_plain_values_by_name_with_times_as_exact_text(published: Published) -> None:
    found = published.records("SELECT created_at, is_leaf, depth FROM marts.steps WHERE job_id = 'f'")
    assert found == [{"created_at": "2026-06-02 00:00:00.123456789", "is_leaf": True, "depth": 1}]


def test_a_query_that_is_not_accepted_is_explained(published: Published) -> None:
    with pytest.raises(WarehouseError, match="absent"):
        published.frame("SELECT 1 FROM marts.absent")


def test_the_file_cannot_be_written(published: Published) -> None:
    with pytest.raises(WarehouseError, match="read-only"):
        published.frame("CREATE TABLE main.mine (one INTEGER)")


def test_a_closed_file_answers_no_more_and_closing_twice_is_fine(path: Path) -> None:
    published = open_published(path)
    published.close()
    published.close()
    with pytest.raises(WarehouseError, match=r"(?i)connection.*closed"):
        published.frame("SELECT 1")


def test_importing_the_analysis_imports_neither_pandas_nor_altair() -> None:
    program = "import sys, cce_etl.analysis; print(sorted({'pandas', 'altair'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
