"""What `cce-etl doctor` finds: each thing that can be wrong, its exit code, and a word on how to mend it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cce_etl.pipeline.doctor import Finding, examine, exit_code
from cce_etl.publish.publish import publish
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import open_warehouse, storage_at

if TYPE_CHECKING:
    from tests.conftest import Answer, Api

UNKNOWN_JOB = "00000000-0000-0000-0000-000000000000"
HOLDER = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def settings(api: "Api", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings with which all is well, before a first run; no profile file of the user's own is found."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", raising=False)
    return Settings(
        endpoint=api.endpoint,
        project_id="de300000000040008000000000000001",
        auth_token="synthetic-demo-token",
        warehouse=tmp_path / "warehouse.duckdb",
        published=tmp_path / "published.duckdb",
        timeout_seconds=5,
    )


def wrong(settings: Settings, **changes: Any) -> dict[str, Finding]:
    """Examine changed settings and return what is wrong, by subject."""
    findings = examine(msgspec.structs.replace(settings, **changes))
    assert all("synthetic-demo-token" not in finding.text for finding in findings)
    return {finding.subject: finding for finding in findings if not finding.is_well}


def test_before_the_first_run_all_is_well_one_id_is_asked_for_and_nothing_is_made(
    settings: Settings, api: "Api", tmp_path: Path
) -> None:
    findings = examine(settings)
    assert [finding.subject for finding in findings] == [
        "address",
        "CCE_PROJECT_ID",
        "sign-in",
        "other settings",
        "API",
        "models",
        "warehouse",
        "published file",
    ]
    assert all(finding.is_well for finding in findings)
    assert exit_code(findings) == 0
    assert dict(api.asked) == {UNKNOWN_JOB: 1}
    assert list(tmp_path.iterdir()) == []


def test_after_a_run_the_files_are_described_and_not_changed(settings: Settings) -> None:
    with open_warehouse(settings.warehouse) as connection:
        publish(connection, settings.warehouse, settings.published, "r", 1)
    before = storage_at(settings.warehouse).require_file().read_bytes(), settings.published.read_bytes()
    texts = {finding.subject: finding.text for finding in examine(settings)}
    assert str(settings.warehouse) in texts["warehouse"]
    assert "bytes" in texts["warehouse"]
    assert "hours ago" in texts["published file"]
    assert (storage_at(settings.warehouse).require_file().read_bytes(), settings.published.read_bytes()) == before


@pytest.mark.parametrize(
    ("changes", "subject", "advice"),
    [
        ({"endpoint": None}, "address", "CCE_REGION"),
        ({"endpoint": "http://example.com"}, "address", "https"),
        ({"endpoint": None, "region": "EU West!"}, "address", "CCE_REGION is wrong"),
        ({"project_id": None}, "CCE_PROJECT_ID", "My Credentials"),
        ({"project_id": "a/b"}, "CCE_PROJECT_ID", "not a project id"),
        ({"auth_token": None}, "sign-in", "CCE_AUTH_TOKEN"),
        ({"auth_token": "two\nlines"}, "sign-in", "copied whole"),
    ],
)
def test_a_missing_or_wrong_setting_is_exit_2_and_the_api_is_not_asked(
    settings: Settings, api: "Api", changes: dict[str, str | None], subject: str, advice: str
) -> None:
    found = wrong(settings, **changes)
    assert found[subject].exit_code == 2
    assert advice in found[subject].text
    assert "not asked" in found["API"].text
    assert exit_code(list(found.values())) == 2
    assert api.asked.total() == 0


@pytest.mark.parametrize(
    ("changes", "code", "advice"),
    [
        ({"auth_token": "voided"}, 3, "CCE_AUTH_TOKEN"),
        ({"project_id": "another"}, 2, "CCE_PROJECT_ID: the project must belong to that region"),
        ({"endpoint": "http://127.0.0.1:9"}, 1, "Check address and network"),
    ],
)
def test_what_the_api_refuses_is_told_with_how_to_mend_it(
    settings: Settings, changes: dict[str, str], code: int, advice: str
) -> None:
    found = wrong(settings, **changes)
    assert list(found) == ["API"]
    assert found["API"].exit_code == code
    assert advice in found["API"].text


@pytest.mark.parametrize(
    ("body", "status", "advice"),
    [
        (b'{"error_code":"CCE.01403001"}', 403, "cce:job:get is missing"),
        (b"down", 503, "Check address and network"),
    ],
)
def test_an_api_that_fails_is_exit_1(
    settings: Settings, api: "Api", script: "Callable[..., Answer]", body: bytes, status: int, advice: str
) -> None:
    api.answers[UNKNOWN_JOB] = script(body, status)
    found = wrong(settings)
    assert (list(found), found["API"].exit_code) == (["API"], 1)
    assert advice in found["API"].text
    assert api.asked[UNKNOWN_JOB] == 1


def test_an_answer_that_is_no_cce_at_all_is_not_called_well(
    settings: Settings, api: "Api", script: "Callable[..., Answer]"
) -> None:
    # A proxy's login page answers 200 to everything.
    api.answers[UNKNOWN_JOB] = script(b"<html>Please sign in</html>")
    found = wrong(settings)
    assert "API" in found
    assert "address" in found["API"].text


def test_files_that_are_no_databases_are_exit_4(settings: Settings) -> None:
    for path in (storage_at(settings.warehouse).require_file(), settings.published):
        path.write_bytes(b"notes " * 5_000)
    found = wrong(settings)
    assert {subject: finding.exit_code for subject, finding in found.items()} == {"warehouse": 4, "published file": 4}
    assert all("is not a DuckDB file" in finding.text for finding in found.values())


def test_a_warehouse_in_use_is_exit_4_and_names_the_process(settings: Settings) -> None:
    command = [sys.executable, "-c", HOLDER, str(settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        found = wrong(settings)
        holder.stdin.close()
    assert found["warehouse"].exit_code == 4
    assert f"PID {holder.pid}" in found["warehouse"].text


def test_a_file_where_the_warehouses_folder_should_be_is_found(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    found = wrong(settings, warehouse=tmp_path / "data" / "warehouse.duckdb")
    assert "warehouse" in found
    assert "CCE_WAREHOUSE" in found["warehouse"].text


def test_one_path_for_both_files_is_found(settings: Settings) -> None:
    found = wrong(settings, published=settings.warehouse)
    assert found["published file"].exit_code == 2
    assert "CCE_PUBLISHED" in found["published file"].text


def test_the_exit_code_is_the_one_of_the_first_thing_wrong() -> None:
    findings = [Finding("a", "well"), Finding("b", "locked", 4), Finding("c", "missing", 2)]
    assert exit_code(findings) == 4
    assert exit_code([]) == 0
