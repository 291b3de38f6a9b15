"""Running steps: ages, percentiles, probabilities compared with a reference in fractions, and which are stuck."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Shell

Life = tuple[int, str]
RATES = "success_rate_10_minutes, success_rate_30_minutes"
KIND = "kind_p99_seconds, kind_max_seconds, kind_finished_count, kind_root_count"
OBSERVED_SECONDS = 1_000  # when trees are observed, after their common start


def _steps(node: Any, lives: list[Life], prefix: str = "a") -> list[Any]:
    """Make a step a life, named after its place; it lives `seconds` up to the time it is observed."""
    return [
        node(f"{prefix}{number}", start=OBSERVED_SECONDS - seconds, end=OBSERVED_SECONDS, phase=phase)
        for number, (seconds, phase) in enumerate(lives)
    ]


def _rows(warehouse: Any, columns: str) -> Any:
    return warehouse.rows(f"SELECT {columns} FROM marts.running_steps ORDER BY source, job_type, job_id")


def _curve(lives: list[Life], until: int) -> tuple[Fraction, Fraction]:
    """Return S and the incidence of success at a time, as Aalen and Johansen define them."""
    survival, succeeded = Fraction(1), Fraction(0)
    for time in sorted({seconds for seconds, _ in lives if seconds <= until}):
        at_risk = sum(seconds >= time for seconds, _ in lives)
        ended = Fraction(sum(life[0] == time and life[1] != "Running" for life in lives), at_risk)
        succeeded += survival * Fraction(lives.count((time, "Success")), at_risk)
        survival *= 1 - ended
    return survival, succeeded


def _expected(lives: list[Life], age: int) -> tuple[float | None, ...]:
    survival, now = _curve(lives, age)
    is_known = any(seconds > age for seconds, _ in lives)
    rates = [(_curve(lives, age + ahead)[1] - now) / survival if is_known else None for ahead in (600, 1_800)]
    return float(100 * (1 - survival)), *[None if rate is None else float(rate) for rate in rates]


def test_the_probabilities_of_a_step_computed_by_hand(node: Any, build: Any) -> None:
    # Of 5, one has ended at 100 (S = 4/5) when the running one is cut off at 200. The three after it weigh 4/15 each:
    # one fails at 300, one succeeds at 700, one at 900. From 200: 1/3 by 800, 2/3 by 2,000.
    lives = [(100, "Success"), (200, "Running"), (300, "Failed"), (700, "Success"), (900, "Success")]
    [row] = _rows(build(node("r", *_steps(node, lives))), f"job_id, age_seconds, age_percentile, {RATES}, is_stuck")
    assert row == ("a1", 200, pytest.approx(20), pytest.approx(1 / 3), pytest.approx(2 / 3), False)


@pytest.mark.parametrize(("seed", "phases"), [(1, "SSSFR"), (2, "SFRRR"), (3, "FFR"), (4, "SSSSSSSR")])
def test_percentiles_and_probabilities_equal_a_reference(node: Any, build: Any, seed: int, phases: str) -> None:
    random = Random(seed)
    names = {"S": "Success", "F": "Failed", "R": "Running"}
    lives = [(random.randrange(0, 1_000, 50), names[random.choice(phases)]) for _ in range(40)]
    rows = _rows(build(node("r", *_steps(node, lives))), f"age_seconds, age_percentile, {RATES}")
    ages = sorted(age for age, phase in lives if phase == "Running")
    for row, age in zip(sorted(rows, key=lambda row: row[0]), ages, strict=True):
        values = (age, *_expected(lives, age))
        assert row == tuple(None if value is None else pytest.approx(value, abs=1e-9) for value in values)


def test_nothing_is_known_of_an_age_that_no_other_was_seen_at(node: Any, build: Any) -> None:
    lives = [(10, "Success"), (20, "Success"), (30, "Running")]
    [row] = _rows(build(node("r", *_steps(node, lives))), f"age_percentile, {RATES}, is_stuck")
    assert row == (pytest.approx(200 / 3), None, None, True)


def test_a_type_of_which_none_finished_says_nothing_and_is_not_stuck(node: Any, build: Any) -> None:
    columns = f"age_seconds, age_percentile, {RATES}, {KIND}, is_stuck"
    rows = _rows(build(node("r", *_steps(node, [(30, "Running"), (999, "Running")]))), columns)
    assert rows == [(age, *[None] * 5, 0, 0, False) for age in (30, 999)]


def test_older_than_99_percent_of_the_finished_steps_is_stuck(node: Any, build: Any) -> None:
    # Failures are finished too; backwards clocks and the age itself are no such step. 10 + 0.99 * 30 = 39.7.
    unsound = node("backwards", start=5, end=1, phase="Failed")
    lives = [(10, "Success"), (40, "Failed"), (39, "Running"), (41, "Running")]
    rows = _rows(build(node("r", *_steps(node, lives), unsound)), f"job_id, {KIND}, is_stuck")
    assert rows == [(name, pytest.approx(39.7), 40, 2, 1, is_stuck) for name, is_stuck in (("a2", False), ("a3", True))]


def test_every_unfinished_phase_is_listed_in_running_and_in_ended_roots(node: Any, build: Any) -> None:
    steps = [
        node("running", phase="Running"),
        node("unknown", phase="Paused"),
        node("unsaid", phase=None),
        node("idle", phase="Initializing"),
        node("done"),
    ]
    failed, running = node("r", *steps, phase="Failed"), node("t", node("z", phase="Running"), phase="Running")
    rows = _rows(build(failed, running), "root_job_id, job_id, phase, age_seconds")
    assert rows == [
        ("r", "running", "Running", 1_000),
        ("r", "unknown", "Paused", 1_000),
        ("r", "unsaid", None, 1_000),
        ("t", "z", "Running", 1_000),
    ]


def test_clocks_that_give_no_age_are_listed_without_probabilities(node: Any, build: Any) -> None:
    steps = [node("ahead", start=2_000, phase="Running"), node("startless", start=None, phase="Running"), node("done")]
    rows = _rows(build(node("r", *steps)), f"job_id, age_seconds, age_percentile, {RATES}, is_stuck")
    assert rows == [("ahead", -1_000, None, None, None, False), ("startless", None, None, None, None, False)]


def test_types_of_other_sources_and_without_a_type_stay_apart(node: Any, build: Any) -> None:
    typeless = node("r", node("a", end=5, job_type=None), node("b", phase="Running", job_type=None), node("c", end=7))
    other = node("t", node("b", phase="Running"))
    rows = _rows(build(typeless, others={"z": (other,)}), "source, job_type, kind_max_seconds, kind_finished_count")
    assert rows == [("s", None, 5, 1), ("z", "T", None, 0)]


def test_steps_loaded_from_a_file_age_to_their_fetch_or_to_the_latest_time_they_tell(
    tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]", job_body: Callable[..., bytes]
) -> None:
    # The step starts at 08:00:01.000000001; the last time in the body is the root's, 08:00:31.000000004.
    shell = make_shell(tmp_path, None)
    fetched = {
        "fetched_at": "2026-02-01T09:00:00.000000007Z",
        "payload": json.loads(job_body("f", "Running", "Running")),
    }
    path = shell.write("jobs.ndjson", [json.dumps(fetched), job_body("t", "Running", "Running").decode()])
    assert shell("load", path).code == 0
    rows = shell.rows("SELECT root_job_id, age_seconds FROM marts.running_steps ORDER BY ALL", shell.published)
    assert rows == [("f", 3_599.000000006), ("t", 30.000000003)]
