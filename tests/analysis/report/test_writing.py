"""The report as a file: whole or not at all, its owner's alone."""

import re
import stat
from pathlib import Path
from unittest import mock

import pytest

from cce_etl.analysis.report import write_report, writing
from cce_etl.errors import ConfigError, WarehouseError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the page that is written, whatever file it is of: what matters here is the writing."""
    page = "<!DOCTYPE html><title>new</title>"
    monkeypatch.setattr(writing, "report_page", lambda _: page)
    return page


def test_a_new_report_is_its_owners_alone_and_nothing_else_is_left(empty: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_report(empty, target)
    assert target.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert mode(target) == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_a_report_in_place_of_another_keeps_its_rights(empty: Path, tmp_path: Path, page: str) -> None:
    target = tmp_path / "report.html"
    target.write_text("<!DOCTYPE html>old")
    target.chmod(0o644)
    write_report(empty, target)
    assert target.read_text("utf-8") == page
    assert mode(target) == 0o644


def test_what_a_stopped_writing_left_behind_does_not_matter(empty: Path, tmp_path: Path, page: str) -> None:
    (tmp_path / ".report.html.draft").write_text("half")
    write_report(empty, tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text("utf-8") == page


def test_a_file_that_is_no_report_is_kept(empty: Path, tmp_path: Path) -> None:
    before = empty.read_bytes()
    with pytest.raises(ConfigError, match="exists and is no report"):
        write_report(empty, empty)
    assert empty.read_bytes() == before


def test_no_folder_is_made_for_a_report(empty: Path, tmp_path: Path, page: str) -> None:
    target = tmp_path / "typo" / "report.html"
    with pytest.raises(
        ConfigError, match=re.escape(f"{target} cannot be written: there is no folder {target.parent}.")
    ):
        write_report(empty, target)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        write_report(empty, tmp_path)


def test_without_a_published_file_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no published file"):
        write_report(tmp_path / "absent.duckdb", tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_the_disk_keeps_the_report_before(empty: Path, tmp_path: Path, page: str) -> None:
    target = tmp_path / "report.html"
    target.write_text("<!DOCTYPE html>before")
    full = OSError(28, "No space left on device")
    told = re.escape(f"The report {target} cannot be written: No space left on device.")
    with mock.patch("os.fsync", side_effect=full), pytest.raises(WarehouseError, match=told):
        write_report(empty, target)
    assert target.read_text() == "<!DOCTYPE html>before" != page
    assert list(tmp_path.iterdir()) == [target]
