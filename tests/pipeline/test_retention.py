"""Forgetting: nothing that a tree needs, everything else that is old; and a vacuum that gives the space back."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.pipeline import retention as upkeep
from cce_etl.pipeline.replay import replay
from cce_etl.pipeline.retention import Pruned, prune, redundant, vacuum
from cce_etl.settings.settings import Settings
from cce_etl.transform.versions import Payload, PayloadCompressor, PayloadKey, tree_of
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.job_ids import register_ids
from cce_etl.warehouse.payloads import append_payloads

DAY = 86_400 * 10**9
NOW = 1_772_323_200_000_000_123
ROWS = "FROM core.jobs ORDER BY ALL"


def payload(job_id: str, body: bytes, fetched_at: int | None, dialect: str = "v3") -> Payload:
    return PayloadCompressor().payload(job_id, dialect, fetched_at, body)


def key(one: Payload) -> PayloadKey:
    return PayloadKey(one.job_id, one.dialect, one.fetched_at, one.body_sha256)


def days_ago(days: float) -> int:
    return NOW - int(days * DAY)


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    """Return a fresh warehouse, open for writing."""
    with open_warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def land(connection: Connection, payloads: Sequence[Payload], source: str = "s") -> None:
    register_ids(connection, source, "test", list({one.job_id: None for one in payloads}), NOW)
    append_payloads(connection, source, payloads)


def bodies(connection: Connection) -> list[Any]:
    sql = "SELECT job_id, dialect, epoch_ns(fetched_at) FROM raw.job_payloads ORDER BY ALL"
    return connection.execute(sql).fetchall()


def test_a_replay_after_pruning_gives_the_same_rows(
    connection: Connection, job_body: Callable[..., bytes], v2_body: Callable[..., bytes]
) -> None:
    running = [payload("run", job_body("run", "Running", reason=str(day)), days_ago(day)) for day in (9, 8, 7, 1)]
    # Only the oldest v2 answer says when the job completed, and the latest v3 answer cannot be read.
    mixed = [
        payload("mix", job_body("mix", reason="first"), days_ago(9)),
        payload("mix", job_body("mix", reason="second"), days_ago(8)),
        payload("mix", b"<html>", days_ago(7)),
        payload("mix", v2_body("mix"), days_ago(9), "v2"),
        payload("mix", v2_body("mix", completed=""), days_ago(8), "v2"),
        payload("mix", v2_body("mix", "Running", completed=""), days_ago(7), "v2"),
    ]
    land(connection, [*running, *mixed, payload("old", job_body("old"), days_ago(999))])
    replay(connection)
    before = connection.execute(ROWS).fetchall()
    assert len(before) == 6

    found = prune(connection, 5, lambda: NOW)

    gone = [running[0], running[1], mixed[0], mixed[4]]
    assert found == Pruned(payload_count=4, body_bytes=sum(len(one.body) for one in gone))
    # Of the running job the answer of seven days ago was the latest one until yesterday.
    assert bodies(connection) == sorted(
        (one.job_id, one.dialect, one.fetched_at)
        for one in [running[2], running[3], mixed[1], mixed[2], mixed[3], mixed[5], payload("old", b"", days_ago(999))]
    )
    replay(connection)
    assert connection.execute(ROWS).fetchall() == before
    assert prune(connection, 5, lambda: NOW) == Pruned()


@settings(max_examples=60, deadline=None)
@given(history=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=1, max_size=9))
def test_no_history_makes_another_tree_without_what_is_redundant(
    job_body: Callable[..., bytes], v2_body: Callable[..., bytes], history: list[tuple[str, bool]]
) -> None:
    made = {
        "a": (job_body("j", "Running"), "v3"),
        "b": (job_body("j"), "v3"),
        "c": (b"no job", "v3"),
        "d": (v2_body("j"), "v2"),
        "e": (v2_body("j", completed=""), "v2"),
        "f": (v2_body("j-step"), "v2"),
        "g": (v2_body("j", completed="2026-02-01 09:00:00 +0000 UTC"), "v2"),
        "h": (b"", "v2"),
    }
    payloads = [payload("j", made[name][0], at, made[name][1]) for at, (name, _) in enumerate(history)][::-1]
    old = {key(one) for one, (_, is_old) in zip(payloads, reversed(history), strict=True) if is_old}

    found_redundant = redundant("j", payloads, old)

    assert {key(one) for one in found_redundant} <= old
    left = [one for one in payloads if one not in found_redundant]
    assert tree_of("j", left) == tree_of("j", payloads)
    for one in left:  # and what is left of the old ones is needed, each of them
        if key(one) in old:
            assert tree_of("j", [other for other in left if other is not one]) != tree_of("j", payloads)


def test_payloads_are_read_back_a_part_at_a_time_and_each_source_has_its_own(
    connection: Connection, job_body: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BATCH_BYTES", 2 * len(job_body("j")))
    history = [payload("j", job_body("j", reason=str(day)), days_ago(day)) for day in (9, 8, 7, 6)]
    for source in ("s", "t"):
        land(connection, history, source)
    assert prune(connection, 1, lambda: NOW).payload_count == 6
    assert bodies(connection) == [("j", "v3", days_ago(6))] * 2


def test_without_a_number_of_days_everything_is_kept(connection: Connection, job_body: Callable[..., bytes]) -> None:
    land(connection, [payload("j", job_body("j", reason=str(day)), days_ago(day)) for day in (999, 998)])
    assert prune(connection, None, lambda: NOW) == Pruned()
    assert len(bodies(connection)) == 2


def test_resolved_letters_and_old_runs_are_counted(connection: Connection) -> None:
    connection.execute(
        """INSERT INTO raw.dead_letters (source, kind, message, attempts, failed_at, resolved_at)
        SELECT 's', 'k', 'm', 1, make_timestamp_ns($1), make_timestamp_ns($1) FROM range(2)""",
        [days_ago(3)],
    )
    connection.execute(
        """INSERT INTO raw.fetch_runs SELECT range::VARCHAR, 's', 'run', make_timestamp_ns($1 + range), NULL,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL FROM range(403)""",
        [days_ago(3)],
    )
    assert prune(connection, 2, lambda: NOW) == Pruned(letter_count=2, run_count=3)


def test_a_vacuum_forgets_then_shrinks_the_file_and_tells_both_sizes(
    tmp_path: Path, job_body: Callable[..., bytes]
) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection:
        noise = [bytes(sha256(f"{n}".encode()).hexdigest() * 200, "ascii") for n in range(60)]
        land(connection, [payload("j", body, days_ago(100 - n)) for n, body in enumerate(noise)])
        land(connection, [payload("j", job_body("j"), days_ago(1))])
        connection.execute("CREATE TABLE marts.bulk AS SELECT md5(range::VARCHAR) AS x FROM range(40_000)")
        connection.execute("CHECKPOINT; DELETE FROM marts.bulk")
    done = vacuum(Settings(warehouse=path, raw_history_days=30), lambda: NOW)
    # Of sixty answers, each a day after the other, the last one was the latest until yesterday.
    assert done.forgotten == Pruned(payload_count=59, body_bytes=59 * 12_800)
    assert done.bytes_after == path.stat().st_size < done.bytes_before * 0.6
    with duckdb.connect(path, read_only=True) as connection:
        assert bodies(connection) == [("j", "v3", days_ago(41)), ("j", "v3", days_ago(1))]
