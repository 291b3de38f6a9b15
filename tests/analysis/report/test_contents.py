"""What the report reads, and from which files it can."""

from pathlib import Path

import duckdb
import pytest

from cce_etl.analysis import open_published
from cce_etl.analysis.report.contents import Contents, read_contents
from cce_etl.errors import WarehouseError


def test_every_section_is_read_in_its_order(rich_contents: Contents) -> None:
    contents, overview = rich_contents, rich_contents.overview
    assert (overview.root_count, overview.failed_count, overview.candidate_count, overview.change_count) == (3, 1, 2, 1)
    assert (overview.running_job_count, overview.stuck_job_count) == (2, 1)
    assert (overview.running_step_count, overview.stuck_step_count) == (2, 1)
    assert [each.ratio for each in contents.changes] == [3.0]
    assert [each.measure for each in contents.cohorts] == ["duration", "failure"]
    assert [each.failure_count for each in contents.reasons] == [9, 1]
    assert [(each.job_id, each.is_stuck) for each in contents.running_jobs] == [
        ("eu-root-4", True),
        ("eu-root-3", False),
    ]
    assert [each.is_stuck for each in contents.running_steps] == [True, False]
    assert [(each.finding, each.finding_count, each.root_count) for each in contents.findings] == [
        ("ends before it starts", 2, 2)
    ]
    assert (contents.manifest.ids_asked, contents.manifest.run_id) == (125, "run-1")


def test_a_file_without_a_row_is_read(empty_contents: Contents) -> None:
    contents = empty_contents
    assert list(contents.overview.sources) == []
    assert (contents.panels, contents.changes, contents.slowest) == ((), (), ())


def test_a_file_published_before_a_model_was_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE main.manifest AS SELECT map(['marts.steps'], [1]) AS table_rows")
    with open_published(path) as published, pytest.raises(WarehouseError, match=r"lacks marts\..*cce-etl build"):
        read_contents(published)
