"""The flow as Dagster and the command line call it: listing, fetching at a fixed clock, loading, replay, checks."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from cce_etl.errors import AuthError, ConfigError
from cce_etl.pipeline import load_files as load_files_module
from cce_etl.pipeline import replay as replay_module
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.gates import Gate, run_gate
from cce_etl.pipeline.load_files import load_files
from cce_etl.pipeline.plan import IdList, plan_fetches, read_id_list
from cce_etl.pipeline.replay import replay
from cce_etl.settings.settings import Settings, Slo
from cce_etl.warehouse.check_runs import gate_is_passed
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.fetch_runs import FetchRun, RunCounts, record_run
from tests.steps import failed_checks, fetch_listed

if TYPE_CHECKING:
    from tests.conftest import Answer, Api

NOW = 1_772_323_200_000_000_123
PROJECT = "de300000000040008000000000000001"


def still() -> int:
    return NOW


def settings_in(folder: Path, endpoint: str) -> Settings:
    return Settings(
        endpoint=endpoint,
        project_id=PROJECT,
        auth_token="synthetic-demo-token",
        warehouse=folder / "warehouse.duckdb",
        published=folder / "published.duckdb",
        rate_limit=0,
        max_attempts=1,
    )


@pytest.fixture
def settings(api: "Api", tmp_path: Path) -> Settings:
    return settings_in(tmp_path, api.endpoint)


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Connection]:
    with open_warehouse(settings.warehouse) as connection:
        yield connection


def listed(*job_ids: str) -> IdList:
    return IdList("list", list(job_ids))


def differing(warehouse: Connection, table: str, other: str) -> int:
    """Count the rows that one table has and the other has not."""
    both_ways = f"(FROM {table} EXCEPT ALL FROM {other}) UNION ALL (FROM {other} EXCEPT ALL FROM {table})"
    sql = f"SELECT count(*) FROM ({both_ways})"
    ((count,),) = warehouse.execute(sql).fetchall()
    return int(count)


def test_lists_given_by_hand_go_before_the_setting_and_none_means_neither(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.txt").write_text("three\nno id!\n")
    settings = Settings(job_ids=str(tmp_path / "b.txt"))
    by_hand = read_id_list(settings, [str(tmp_path / "a.txt")])
    by_setting = read_id_list(settings, [])
    assert by_hand is not None
    assert by_setting is not None
    assert (by_hand.origin, by_hand.job_ids) == (str(tmp_path / "a.txt"), ["one", "two"])
    assert (by_setting.job_ids, [bad.line for bad in by_setting.bad]) == (["three"], [2])
    assert read_id_list(Settings(), []) is None
    with pytest.raises(ConfigError, match="CCE_JOB_IDS"):
        read_id_list(Settings(job_ids=str(tmp_path / "*.nothing")), [])


def test_the_clock_given_is_the_one_rows_carry(warehouse: Connection, settings: Settings, api: "Api") -> None:
    counts = fetch_listed(warehouse, settings, listed(api.fleet_ids[1]), clock=still, run_id="r1", command="test")
    assert (counts.requested, counts.fetched) == (1, 1)
    for sql in (
        "SELECT DISTINCT epoch_ns(observed_at) FROM core.jobs",
        "SELECT epoch_ns(fetched_at) FROM raw.job_payloads",
        "SELECT epoch_ns(started_at) FROM raw.fetch_runs WHERE run_id = 'r1' AND command = 'test'",
        "SELECT epoch_ns(first_listed_at) FROM raw.job_ids WHERE origin = 'list'",
    ):
        assert warehouse.execute(sql).fetchall() == [(NOW,)]


def test_the_source_is_the_project_unless_named(warehouse: Connection, settings: Settings, api: "Api") -> None:
    fetch_listed(warehouse, settings, listed(api.fleet_ids[1]))
    named = msgspec.structs.replace(settings, source="named")
    fetch_listed(warehouse, named, listed(api.fleet_ids[1]))
    sources = warehouse.execute("SELECT DISTINCT source FROM core.jobs ORDER BY 1").fetchall()
    assert sources == [(PROJECT,), ("named",)]
    assert api.asked[api.fleet_ids[1]] == 2


def test_a_run_that_is_stopped_is_accounted_for_too(
    warehouse: Connection, settings: Settings, api: "Api", script: "Callable[..., Answer]"
) -> None:
    api.answers["a"] = script(b"{}", 401)
    with pytest.raises(AuthError):
        fetch_listed(warehouse, settings, listed("a"))
    account = warehouse.execute("SELECT requested, fetched, failed, request_count FROM raw.fetch_runs").fetchall()
    assert account == [(1, 0, 1, 1)]


def test_bad_entries_of_a_list_are_requested_and_failed_but_no_dead_letters(
    warehouse: Connection, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "ids.txt").write_text("no id!\nforgotten\n")
    counts = fetch_listed(warehouse, settings, read_id_list(settings, [str(tmp_path / "ids.txt")]))
    assert (counts.requested, counts.gone, counts.failed, counts.dead_lettered) == (2, 1, 1, 0)


def test_throttled_tries_are_counted_and_end_as_an_id_still_pending(
    warehouse: Connection, settings: Settings, api: "Api", script: "Callable[..., Answer]"
) -> None:
    api.answers["busy"] = script(b'{"errorCode":"CCE.01429002"}', 503)
    counts = fetch_listed(warehouse, settings, listed("busy"))
    assert (counts.failed, counts.dead_lettered) == (1, 1)
    requests = "SELECT request_count, retry_count, throttled_count FROM raw.fetch_runs"
    # One try, and three times as many when throttled.
    assert warehouse.execute(requests).fetchall() == [(3, 2, 3)]
    assert warehouse.execute("SELECT state, attempts FROM raw.job_ids").fetchall() == [("pending", 3)]
    assert warehouse.execute("SELECT kind, attempts FROM raw.dead_letters").fetchall() == [("throttled", 3)]


def test_loading_in_small_batches_gives_the_same(
    warehouse: Connection, tmp_path: Path, job_body: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs.ndjson"
    path.write_bytes(b"\n".join(job_body(f"job-{number}") for number in range(7)))
    monkeypatch.setattr(load_files_module, "BATCH_RECORDS", 3)
    batches: list[int] = []
    counts = load_files(warehouse, "s", [str(path)], "load", on_progress=lambda progress: batches.append(progress.done))
    assert batches == [3, 6, 7]
    assert (counts.requested, counts.fetched, counts.rows) == (7, 7, 14)
    assert replay(warehouse) == 14


@pytest.fixture(scope="module")
def troubled_once(
    served: "Api",
    tmp_path_factory: pytest.TempPathFactory,
    script: "Callable[..., Answer]",
    job_body: Callable[..., bytes],
    v2_body: Callable[..., bytes],
) -> Path:
    """Return a warehouse with a history: fetched, running then finished, v2 and v3, garbage, gone, nested, built."""
    served.reset()
    folder = tmp_path_factory.mktemp("troubled")
    settings = settings_in(folder, served.endpoint)
    served.answers = {"changing": script(job_body("changing", "Running")), "bad": script(b"<html>")}
    ids = listed(*served.fleet_ids, "changing", "bad", "forgotten")
    bodies = [v2_body("changing"), v2_body("v2 only"), job_body("changing-step"), v2_body(served.fleet_ids[1]), b"{"]
    (folder / "saved.ndjson").write_bytes(b"\n".join(bodies))
    with open_warehouse(settings.warehouse) as warehouse:
        fetch_listed(warehouse, settings, ids)
        served.answers = {"changing": script(job_body("changing")), served.fleet_ids[0]: script(b"garbage now")}
        fetch_listed(warehouse, settings, ids)
        load_files(warehouse, PROJECT, [str(folder / "saved.ndjson")], "load")
        pipeline.build(warehouse)
    return folder / "warehouse.duckdb"


@pytest.fixture
def troubled(troubled_once: Path, tmp_path: Path) -> Iterator[Connection]:
    """Yield such a warehouse of one's own."""
    with open_warehouse(Path(shutil.copy(troubled_once, tmp_path))) as warehouse:
        yield warehouse


def test_replay_gives_identical_core_and_marts(troubled: Connection) -> None:
    tables = ["core.jobs", *(model.name for model in pipeline.models() if model.materialized != "ephemeral")]
    for table in tables:
        troubled.execute(f"CREATE TABLE raw.before_{table.replace('.', '_')} AS FROM {table}")
    rows = replay(troubled)
    pipeline.build(troubled)
    assert rows == troubled.execute("SELECT count(*) FROM core.jobs").fetchall()[0][0] > 24
    assert {table: differing(troubled, table, f"raw.before_{table.replace('.', '_')}") for table in tables} == (
        dict.fromkeys(tables, 0)
    )


def test_a_history_of_troubles_breaks_no_check(troubled: Connection) -> None:
    assert failed_checks(troubled) == []


def test_a_row_that_must_not_exist_is_found_by_a_check(troubled: Connection) -> None:
    troubled.execute("INSERT INTO core.jobs SELECT * FROM core.jobs WHERE root_job_id = 'changing' AND path = ''")
    failed = {check.name: check for check in failed_checks(troubled)}
    assert "core_jobs_key_is_unique" in failed
    assert failed["core_jobs_key_is_unique"].table == "core.jobs"
    assert failed["core_jobs_key_is_unique"].rows


def test_a_replay_that_fails_leaves_core_as_it_was(troubled: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    before = troubled.execute("FROM core.jobs ORDER BY ALL").fetchall()

    def fail(*_: object) -> int:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(replay_module, "rebuild_trees", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        replay(troubled)
    assert troubled.execute("FROM core.jobs ORDER BY ALL").fetchall() == before


def test_a_tree_that_can_no_longer_be_read_becomes_a_dead_letter_when_it_is_replayed(
    troubled: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = troubled.execute("SELECT job_id, kind FROM raw.dead_letters WHERE resolved_at IS NULL").fetchall()
    loaded = "SELECT DISTINCT root_job_id FROM core.jobs WHERE depth > 1 ORDER BY 1"
    too_deep = troubled.execute(loaded).fetchall()
    monkeypatch.setattr("cce_etl.transform.payload.MAX_LEVELS", 2)
    replay(troubled, still)
    assert too_deep
    assert troubled.execute(loaded).fetchall() == []
    is_open = "resolved_at IS NULL AND failed_at = make_timestamp_ns($1)"
    opened = f"SELECT job_id, kind FROM raw.dead_letters WHERE {is_open} ORDER BY 1"
    assert troubled.execute(opened, [NOW]).fetchall() == [(job_id, "too_deep") for (job_id,) in too_deep]
    assert "finished_ids_are_loaded" not in {check.name for check in failed_checks(troubled)}
    replay(troubled)
    assert troubled.execute(opened, [NOW]).fetchall() == [(job_id, "too_deep") for (job_id,) in too_deep]
    assert len(before) < len(troubled.execute("FROM raw.dead_letters WHERE resolved_at IS NULL").fetchall())


def test_finish_builds_checks_and_publishes(warehouse: Connection, settings: Settings, api: "Api") -> None:
    fetch_listed(warehouse, settings, listed(*api.fleet_ids[:3]))
    assert pipeline.finish(warehouse, settings, "r1", still) == []
    assert settings.published.exists()


def test_finish_holds_steps_to_the_service_level_of_the_settings(
    warehouse: Connection, settings: Settings, api: "Api"
) -> None:
    fetch_listed(warehouse, settings, listed(*api.fleet_ids[:3]))
    types = [job_type for (job_type,) in warehouse.execute("SELECT DISTINCT job_type FROM core.jobs").fetchall()]
    slo = Slo(targets=dict.fromkeys(types, 7.5), objective=0.5)
    pipeline.finish(warehouse, msgspec.structs.replace(settings, slo=slo), "r1", still)
    rows = warehouse.execute("SELECT DISTINCT target_seconds, target_origin, objective FROM marts.slo").fetchall()
    assert rows == [(7.5, "settings", 0.5)]
    pipeline.build(warehouse)
    assert warehouse.execute("SELECT DISTINCT objective FROM marts.slo").fetchall() == [(0.95,)]


def test_missing_access_is_named_before_anything_is_done(settings: Settings) -> None:
    for name, setting in (
        ("auth_token", "CCE_AUTH_TOKEN"),
        ("project_id", "CCE_PROJECT_ID"),
        ("endpoint", "CCE_REGION"),
    ):
        with pytest.raises(ConfigError, match=setting):
            plan_fetches(msgspec.structs.replace(settings, **{name: None}))
    assert plan_fetches(settings)


def test_a_gate_is_checked_again_when_another_run_has_loaded_since(warehouse: Connection) -> None:
    run_gate(warehouse, Gate.LOADED, "one", still)
    assert gate_is_passed(warehouse, "one", Gate.LOADED)
    counts = RunCounts()
    record_run(warehouse, FetchRun("other", "s", "load", started_at=NOW, ended_at=NOW + 1, counts=counts))
    assert not gate_is_passed(warehouse, "one", Gate.LOADED)
    run_gate(warehouse, Gate.LOADED, "one", lambda: NOW + 2)
    assert gate_is_passed(warehouse, "one", Gate.LOADED)
