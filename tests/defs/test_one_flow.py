"""The command line and Dagster do the same: the same steps in the same order, the same tables, the same refusals."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
import typer
from dagster import AssetKey

import cce_etl.cli  # noqa: F401  adds the commands to the application
from cce_etl.cli.app import app
from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.demo.fleet import Fleet
from cce_etl.errors import CceEtlError, CheckError
from cce_etl.models.model import Check, Severity
from cce_etl.pipeline import fetch, gates, plan, run
from cce_etl.publish.query import open_published, query
from cce_etl.warehouse.status import published_tables

if TYPE_CHECKING:
    from tests.defs.conftest import Night

STEPS = {
    function.__code__: name
    for name, function in {
        "register": plan.register,
        "fetch": fetch.fetch,
        "gate": gates.run_gate,
        "build": run.build,
        "publish": run.publish,
    }.items()
}


@pytest.fixture
def environment(environment: dict[str, str], fleet: Fleet) -> dict[str, str]:
    """Return the environment of a run over ended jobs, whose rows do not depend on the time of the run."""
    ended = [
        job_id
        for job_id in fleet.job_ids
        if json.loads(fleet.v3_body(job_id))["status"]["phase"] in ("Success", "Failed")
    ]
    Path(environment["CCE_JOB_IDS"]).write_text("\n".join(ended), encoding="utf-8")
    return environment


@pytest.fixture
def command(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what runs a command in this process, and raises what ends it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def start(*arguments: str) -> None:
        code = app(list(arguments), standalone_mode=False)
        if code:
            raise typer.Exit(code)

    return start


def plant(monkeypatch: pytest.MonkeyPatch, table: str, severity: Severity) -> None:
    """Add a check that always finds a row of a table."""
    check = Check(
        "a_planted_check", f"SELECT 'wrong' AS it FROM {table} LIMIT 1", "It is planted.", table, severity,
        dependencies=frozenset({table}),
    )  # fmt: skip
    checks = (*gates.all_checks(), check)
    monkeypatch.setattr(gates, "all_checks", lambda: checks)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Yield the steps of the pipeline in the order in which they begin."""
    steps: list[str] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in STEPS:
            gate = frame.f_locals.get("gate")
            steps.append(" ".join([STEPS[frame.f_code], *([gate] if gate else [])]))

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield steps
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def tables(published: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table but those of our own runs and of the window before them, without their times."""
    with open_published(Path(published)) as connection:
        names = [name for name in published_tables(connection) if ".ingest_" not in name and name != "marts.slo"]
        select = "SELECT COLUMNS(name -> name != 'observed_at') FROM {} ORDER BY ALL"
        return {name: list(query(connection, select.format(name)).rows) for name in names}


def test_both_take_the_same_steps_in_the_same_order_and_fill_the_same_tables(
    environment: dict[str, str], command: Callable[..., None], run_nightly: "Callable[..., Night]", tmp_path: Path
) -> None:
    with recorded() as by_command:
        command("run")
    by_hand = tables(environment["CCE_PUBLISHED"])
    nightly = environment | {
        "CCE_WAREHOUSE": str(tmp_path / "nightly.duckdb"),
        "CCE_PUBLISHED": str(tmp_path / "nightly_published.duckdb"),
    }
    with recorded() as by_dagster:
        assert run_nightly(nightly, tmp_path / "storage").result.success
    assert by_command == ["register", "fetch", "gate loaded", "build", "gate built", "publish"]
    assert by_dagster == by_command
    assert len(by_hand["core.jobs"]) > 40
    assert len(by_hand["marts.steps"]) > 40
    assert tables(nightly["CCE_PUBLISHED"]) == by_hand


@pytest.mark.parametrize("table", ["core.jobs", "marts.steps"])
def test_both_refuse_in_the_same_words_and_keep_the_file_published_before(
    table: str,
    environment: dict[str, str],
    command: Callable[..., None],
    run_nightly: "Callable[..., Night]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command("run")
    published = Path(environment["CCE_PUBLISHED"])
    before = published.stat().st_ino
    plant(monkeypatch, table, "error")
    with pytest.raises(CheckError) as refused:
        command("run")
    night = run_nightly(environment, tmp_path / "storage")
    assert not night.result.success
    assert night.failure() == str(refused.value)
    assert refused.value.exit_code == 6
    for words in (f"a_planted_check on {table}: It is planted.", "it='wrong'", "--publish-anyway", "is kept"):
        assert words in str(refused.value)
    assert published.stat().st_ino == before


def test_a_warning_stops_neither(
    environment: dict[str, str],
    command: Callable[..., None],
    run_nightly: "Callable[..., Night]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plant(monkeypatch, "marts.steps", "warning")
    command("run")
    assert "Warning: the check a_planted_check found rows in marts.steps" in capsys.readouterr().err
    before = Path(environment["CCE_PUBLISHED"]).stat().st_ino
    assert run_nightly(environment, tmp_path / "storage").result.success
    assert Path(environment["CCE_PUBLISHED"]).stat().st_ino != before


def test_nothing_that_publishes_goes_around_the_gates(
    environment: dict[str, str],
    command: Callable[..., None],
    run_nightly: "Callable[..., Night]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fleet: Fleet,
) -> None:
    command("run")
    published = Path(environment["CCE_PUBLISHED"])
    before = published.stat().st_ino
    plant(monkeypatch, "marts.steps", "error")
    (tmp_path / "saved.json").write_bytes(fleet.v3_body(fleet.job_ids[0]))
    for arguments in (
        ["run"],
        ["publish"],
        ["build"],
        ["replay"],
        ["load", str(tmp_path / "saved.json")],
        ["dead-letters", "--replay"],
    ):
        with pytest.raises(CheckError, match="a_planted_check"):
            command(*arguments)
    alone = run_nightly(environment, tmp_path / "storage", [PUBLISHED])
    assert not alone.result.success
    assert "a_planted_check" in alone.failure()
    assert published.stat().st_ino == before


@pytest.mark.parametrize("arguments", [["run"], ["publish"], ["dead-letters", "--replay"]])
def test_whoever_has_looked_can_publish_anyway(
    arguments: list[str],
    environment: dict[str, str],
    command: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command("run", "--no-build")
    plant(monkeypatch, "core.jobs", "error")
    with pytest.raises(CceEtlError):
        command(*arguments)
    assert not Path(environment["CCE_PUBLISHED"]).exists()
    command(*arguments, "--publish-anyway")
    assert Path(environment["CCE_PUBLISHED"]).exists()
    assert "Error: the check a_planted_check found rows in core.jobs" in capsys.readouterr().err


def test_what_was_fetched_is_kept_and_counted_when_publishing_is_refused(
    environment: dict[str, str],
    command: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plant(monkeypatch, "core.jobs", "error")
    with pytest.raises(CheckError):
        command("run", "--json")
    counts = json.loads(capsys.readouterr().out)
    assert counts["fetched"] == counts["requested"] > 0


def test_the_published_asset_alone_publishes_when_all_checks_pass(
    environment: dict[str, str], command: Callable[..., None], run_nightly: "Callable[..., Night]", tmp_path: Path
) -> None:
    command("run")
    published = Path(environment["CCE_PUBLISHED"])
    before = published.stat().st_ino
    alone = run_nightly(environment, tmp_path / "storage", [AssetKey(["published", "cce_jobs"])])
    assert alone.result.success
    assert published.stat().st_ino != before
