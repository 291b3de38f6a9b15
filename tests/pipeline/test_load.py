"""What a batch of fetched jobs or saved records does to the warehouse: trees, states of ids, payloads, dead letters."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.extract.client import Failed, Fetched, Gone
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.extract.worker_pool import Outcome
from cce_etl.pipeline.load import read_batch, store_batch, store_outcomes
from cce_etl.pipeline.replay import replay
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import register_ids
from cce_etl.warehouse.migrations import schema_sql
from cce_etl.warehouse.payloads import read_payloads

Body = Callable[..., bytes]
CORE = "FROM core.jobs ORDER BY ALL"
STATES = "SELECT job_id, state, epoch_ns(last_fetched_at) FROM raw.job_ids ORDER BY 1"


def empty() -> Connection:
    # One thread: with a few rows, two threads wait for each other, and a batch takes 67 ms of CPU in place of 40.
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(schema_sql())
    return connection


@pytest.fixture
def warehouse() -> Iterator[Connection]:
    with empty() as connection:
        yield connection


def load(warehouse: Connection, *records: tuple[bytes, int | None]) -> RunCounts:
    """Load bodies with the time each was fetched, as one batch."""
    counts = RunCounts()
    saved = [SavedRecord(body, f"file:{number}", at) for number, (body, at) in enumerate(records, start=1)]
    store_batch(warehouse, "s", read_batch(saved), counts, 10**18)
    return counts


def answer(warehouse: Connection, *outcomes: Outcome) -> RunCounts:
    """Store outcomes of a fetch as one batch; their ids are listed first, as in every run."""
    register_ids(warehouse, "s", "list", list({outcome.job_id: None for outcome in outcomes}), 1)
    counts = RunCounts()
    store_outcomes(warehouse, "s", outcomes, counts, 10**18)
    return counts


def rows(warehouse: Connection, sql: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(sql).fetchall()


def test_the_later_version_makes_the_tree_whichever_is_loaded_first(warehouse: Connection, job_body: Body) -> None:
    load(warehouse, (job_body("a"), 200))
    counts = load(warehouse, (job_body("a", "Running"), 100))
    assert rows(warehouse, "SELECT phase, epoch_ns(observed_at) FROM core.jobs WHERE path = ''") == [("Success", 200)]
    assert rows(warehouse, STATES) == [("a", "finished", 200)]
    assert rows(warehouse, "SELECT count(*) FROM raw.job_payloads") == [(2,)]
    assert (counts.requested, counts.fetched, counts.rows) == (1, 1, 2)


def test_the_same_content_again_is_no_new_payload_but_moves_the_observation_time(
    warehouse: Connection, job_body: Body
) -> None:
    load(warehouse, (job_body("a", "Running"), 100))
    counts = load(warehouse, (job_body("a", "Running"), 300))
    assert (counts.fetched, counts.unchanged, counts.rows) == (0, 1, 0)
    assert rows(warehouse, "SELECT epoch_ns(fetched_at) FROM raw.job_payloads") == [(100,)]
    assert rows(warehouse, "SELECT DISTINCT epoch_ns(observed_at) FROM core.jobs") == [(300,)]


def test_content_that_changes_and_changes_back_is_three_payloads(warehouse: Connection, job_body: Body) -> None:
    bodies = [job_body("a", "Running", reason=reason) for reason in ("", "slow", "")]
    for at, body in enumerate(bodies, start=1):
        load(warehouse, (body, at))
    assert rows(warehouse, "SELECT count(*) FROM raw.job_payloads") == [(3,)]
    assert rows(warehouse, "SELECT reason FROM core.jobs WHERE path = ''") == [("",)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("v2_at", [50, 100, 500])
def test_v2_fills_only_what_v3_lacks_and_ends_no_job(
    warehouse: Connection, job_body: Body, v2_body: Body, order: tuple[int, int], v2_at: int
) -> None:
    records = [(job_body("a", "Running"), 100), (v2_body("a", "Success"), v2_at)]
    for place in order:
        load(warehouse, records[place])
    root = "SELECT phase, resource_name, epoch_ns(completed_at) % 1000000000, epoch_ns(observed_at) FROM core.jobs"
    assert rows(warehouse, f"{root} WHERE path = ''") == [("Running", "first", 5, 100)]
    assert rows(warehouse, "SELECT path FROM core.jobs ORDER BY 1") == [("",), ("0",)]
    assert rows(warehouse, STATES) == [("a", "running", 100)]


def test_v2_alone_makes_a_tree_of_a_job_that_stays_pending(warehouse: Connection, v2_body: Body) -> None:
    load(warehouse, (v2_body("a"), 100))
    assert rows(warehouse, "SELECT phase, resource_name FROM core.jobs") == [("Success", "from v2")]
    assert rows(warehouse, STATES) == [("a", "pending", 100)]


def test_a_terminal_v3_job_stays_finished_when_v2_says_it_runs(
    warehouse: Connection, job_body: Body, v2_body: Body
) -> None:
    load(warehouse, (job_body("a"), 100))
    load(warehouse, (v2_body("a", "Running", ""), 200))
    assert rows(warehouse, "SELECT phase FROM core.jobs WHERE path = ''") == [("Success",)]
    assert rows(warehouse, STATES) == [("a", "finished", 100)]


def test_an_unreadable_body_for_a_loaded_job_leaves_tree_and_state(warehouse: Connection, job_body: Body) -> None:
    answer(warehouse, Fetched("a", job_body("a", "Running"), 100, 1))
    before = rows(warehouse, CORE)
    counts = answer(warehouse, Fetched("a", b"<html>", 200, 2))
    assert (counts.failed, counts.dead_lettered, counts.fetched) == (1, 1, 0)
    assert rows(warehouse, CORE) == before
    assert rows(warehouse, STATES) == [("a", "running", 100)]
    dead_letters = rows(warehouse, "SELECT job_id, kind, http_status, body_excerpt, attempts FROM raw.dead_letters")
    assert dead_letters == [("a", "invalid_json", 200, "<html>", 2)]


def test_ids_move_from_pending_to_running_finished_gone_or_dead(warehouse: Connection, job_body: Body) -> None:
    answer(
        warehouse,
        Fetched("runs", job_body("runs", "Initializing"), 100, 1),
        Fetched("done", job_body("done", "JobPhaseFailed"), 100, 1),
        Fetched("bad", b"", 100, 1),
        Gone("gone", 100, 1),
        Failed("busy", "throttled", "fewer", 100, 18, is_retryable=True, http_status=429),
        Failed("refused", "forbidden", "no right", 100, 1, is_retryable=False, http_status=403),
    )
    assert dict(row[:2] for row in rows(warehouse, STATES)) == {
        "runs": "running",
        "done": "finished",
        "bad": "dead",
        "gone": "gone",
        "busy": "pending",
        "refused": "dead",
    }
    assert [row[0] for row in rows(warehouse, "SELECT job_id FROM raw.dead_letters ORDER BY 1")] == [
        "bad",
        "busy",
        "refused",
    ]


def test_a_job_that_is_gone_resolves_its_dead_letters(warehouse: Connection) -> None:
    answer(warehouse, Failed("a", "unavailable", "503", 100, 6, is_retryable=True, http_status=503))
    answer(warehouse, Gone("a", 200, 1))
    assert rows(warehouse, "SELECT count(resolved_at), count(*) FROM raw.dead_letters") == [(1, 1)]


def test_a_batch_that_cannot_be_written_whole_is_not_written_at_all(warehouse: Connection, job_body: Body) -> None:
    warehouse.execute("DROP TABLE raw.dead_letters")
    counts = RunCounts()
    with pytest.raises(duckdb.Error):
        store_outcomes(warehouse, "s", [Fetched("a", job_body("a"), 1, 1), Fetched("b", b"", 1, 1)], counts, 10**18)
    assert rows(warehouse, "SELECT count(*) FROM raw.job_payloads") == [(0,)]
    assert rows(warehouse, "SELECT count(*) FROM core.jobs") == [(0,)]
    assert counts == RunCounts()


def test_content_seen_again_after_another_that_is_loaded_late_stays_the_latest(
    warehouse: Connection, job_body: Body
) -> None:
    for at, phase in ((1, "Running"), (4, "Running"), (2, "Success"), (3, "Success")):
        load(warehouse, (job_body("a", phase), at))
    assert rows(warehouse, "SELECT phase, epoch_ns(observed_at) FROM core.jobs WHERE path = ''") == [("Running", 4)]
    assert rows(warehouse, "SELECT epoch_ns(fetched_at) FROM raw.job_payloads ORDER BY 1") == [(1,), (2,), (4,)]


def test_a_completion_time_that_v2_once_had_is_kept(warehouse: Connection, job_body: Body, v2_body: Body) -> None:
    load(warehouse, (job_body("a"), 1), (v2_body("a"), 2), (v2_body("a", "Success", ""), 3))
    assert rows(warehouse, "SELECT count(completed_at) FROM core.jobs") == [(1,)]


def test_the_same_id_twice_in_a_batch_takes_the_later(warehouse: Connection, job_body: Body) -> None:
    load(warehouse, (job_body("a"), 200), (job_body("a", "Running"), 100), (job_body("a"), 200))
    assert rows(warehouse, "SELECT count(*) FROM core.jobs") == [(2,)]
    assert rows(warehouse, STATES) == [("a", "finished", 200)]


@dataclass(frozen=True)
class Version:
    """One version of a job's body: its dialect, its phase, and when it was fetched."""

    job_id: str
    dialect: str
    phase: str
    at: int

    def body(self, v3: Body, v2: Body) -> bytes:
        completed = f"2026-02-01 08:00:30.00000000{self.at} +0000 UTC" if self.phase == "Success" else ""
        return v3(self.job_id, self.phase) if self.dialect == "v3" else v2(self.job_id, self.phase, completed)


# At one moment a job has one content. The content may change back, and the same may be loaded twice.
VERSIONS = st.lists(
    st.builds(
        Version,
        job_id=st.sampled_from(["a", "b"]),
        dialect=st.sampled_from(["v3", "v3", "v2"]),
        phase=st.sampled_from(["Running", "Success"]),
        at=st.integers(1, 4),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one.job_id, one.dialect, one.at),
)


def loaded(versions: Sequence[Version], batch: int, v3: Body, v2: Body) -> tuple[list[Any], list[Any]]:
    """Load versions in batches of a size, and return core.jobs and the ids' states."""
    with empty() as warehouse:
        for start in range(0, len(versions), batch):
            load(warehouse, *((one.body(v3, v2), one.at) for one in versions[start : start + batch]))
        return rows(warehouse, CORE), rows(warehouse, STATES)


@settings(max_examples=25, deadline=None)
@given(versions=VERSIONS, data=st.data())
def test_any_order_and_any_batches_give_the_same_core(
    versions: list[Version], data: st.DataObject, job_body: Body, v2_body: Body
) -> None:
    shuffled = data.draw(st.permutations(versions))
    batch = data.draw(st.integers(1, len(versions)))
    assert loaded(versions, 1, job_body, v2_body) == loaded(shuffled, batch, job_body, v2_body)


@settings(max_examples=12, deadline=None)
@given(versions=VERSIONS)
def test_loading_everything_twice_changes_no_row(versions: list[Version], job_body: Body, v2_body: Body) -> None:
    once = loaded(versions, len(versions), job_body, v2_body)
    assert loaded([*versions, *versions], len(versions), job_body, v2_body) == once


@settings(max_examples=12, deadline=None)
@given(versions=VERSIONS, garbage=st.lists(st.sampled_from([b"", b"<html>", b"[1]", b"{}"]), max_size=3))
def test_replay_gives_the_same_core_also_after_garbage(
    versions: list[Version], garbage: list[bytes], job_body: Body, v2_body: Body
) -> None:
    with empty() as warehouse:
        for one in versions:
            load(warehouse, (one.body(job_body, v2_body), one.at))
        for at, body in enumerate(garbage):
            answer(warehouse, Fetched("a", body, 2 * at, 1), Fetched("never seen", body, 2 * at, 1))
        before, states = rows(warehouse, CORE), rows(warehouse, STATES)
        assert replay(warehouse) == len(before)
        assert rows(warehouse, CORE) == before
        assert rows(warehouse, STATES) == states


def test_a_batch_that_was_read_is_written_without_compressing_anything(
    warehouse: Connection, job_body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = job_body("a")
    batch = read_batch([SavedRecord(body, "file:1", 1)])
    monkeypatch.setattr("cce_etl.transform.versions.zstd.ZstdCompressor", None)
    store_batch(warehouse, "s", batch, RunCounts(), 1)
    assert [one.body for one in read_payloads(warehouse, "s", ["a"])] == [body]
