"""The command `report` as a user meets it."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Shell


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    """Return a shell whose published file holds one job, loaded from a file."""
    shell = make_shell(tmp_path_factory.mktemp("reporting"), None)
    body = (
        b'{"kind":"Job","metadata":{"uid":"a","creationTimestamp":"2026-02-01 08:00:00 +0000 UTC",'
        b'"updateTimestamp":"2026-02-01 08:10:00 +0000 UTC"},"spec":{"type":"CreateCluster","subJobs":[]},'
        b'"status":{"phase":"Success"}}'
    )
    assert shell("load", shell.write("jobs.ndjson", body)).code == 0
    return shell


def test_the_report_lies_beside_the_published_file_for_its_owner_alone(filled: "Shell") -> None:
    ran = filled("report")
    written = filled.published.with_name("report.html")
    assert (ran.code, ran.out) == (0, f"Wrote {written}.\n")
    assert "CreateCluster" in written.read_text("utf-8")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_the_report_goes_where_it_is_told(filled: "Shell") -> None:
    assert filled("report", "-o", "page.html").code == 0
    assert (filled.folder / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_report_goes_to_the_output_for_a_dash(filled: "Shell") -> None:
    ran = filled("report", "-o", "-")
    assert ran.code == 0
    assert ran.out.startswith("<!DOCTYPE html>")
    assert not (filled.folder / "-").exists()


def test_no_folder_is_made_for_a_report(filled: "Shell") -> None:
    ran = filled("report", "-o", "typo/page.html")
    assert (ran.code, (filled.folder / "typo").exists()) == (2, False)
    assert "typo/page.html cannot be written: there is no folder typo." in ran.err


def test_a_file_that_is_no_report_is_not_overwritten(filled: "Shell") -> None:
    ran = filled("report", "-o", str(filled.published))
    assert ran.code == 2
    assert "exists and is no report" in ran.err


def test_without_a_published_file_there_is_no_report(filled: "Shell") -> None:
    ran = filled("report", "--published", "absent.duckdb")
    assert ran.code == 4
    assert "There is no published file at absent.duckdb" in ran.err
