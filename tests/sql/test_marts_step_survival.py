"""Survival curves, compared with textbook products in fractions and with scipy."""

from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

Life = tuple[int, str]
COUNTS = "at_risk_count, succeeded_count, failed_count, censored_count"
SHARES = "survival, success_incidence, failure_incidence"


def _steps(node: Any, lives: list[Life], job_type: str | None = "A") -> list[Any]:
    """Make a step a life; a running one is `seconds` old: it started that long before it was observed, at 1,000 s."""
    return [
        node(f"{job_type}{number}", start=1_000 - seconds, end=1_000, phase=phase, job_type=job_type)
        for number, (seconds, phase) in enumerate(lives)
    ]


def _curve(warehouse: Any, columns: str = f"seconds, {COUNTS}, {SHARES}") -> Any:
    return warehouse.rows(f"SELECT {columns} FROM marts.step_survival ORDER BY source, job_type, seconds")


def _reference(lives: list[Life]) -> list[tuple[int, Fraction, Fraction, Fraction]]:
    """Return the curves as the textbook defines them: S is the product of 1 - d/n, F the sum of S(t-) d/n."""
    survival, succeeded, failed, rows = Fraction(1), Fraction(0), Fraction(0), []
    for time in sorted({seconds for seconds, _ in lives}):
        at_risk = sum(seconds >= time for seconds, _ in lives)
        successes, failures = lives.count((time, "Success")), lives.count((time, "Failed"))
        succeeded += survival * successes / at_risk
        failed += survival * failures / at_risk
        survival *= 1 - Fraction(successes + failures, at_risk)
        rows.append((time, survival, succeeded, failed))
    return rows


def _random_lives(seed: int, phases: str, count: int = 60) -> list[Life]:
    random = Random(seed)
    names = {"S": "Success", "F": "Failed", "R": "Running"}
    return [(random.randrange(25), names[random.choice(phases)]) for _ in range(count)]


def test_a_curve_computed_by_hand(node: Any, build: Any) -> None:
    # Of 5: one succeeds at 10 (4/5 left), one fails at 20 while one cut off then is still at risk (4/5 * 3/4 = 3/5),
    # the cut-off leaves 2, one of which succeeds at 30 (3/10), and the last is cut off at 40.
    lives = [(10, "Success"), (20, "Failed"), (20, "Running"), (30, "Success"), (40, "Paused")]
    rows = _curve(build(node("r", *_steps(node, lives))))
    assert [row[:5] for row in rows] == [(10, 5, 1, 0, 0), (20, 4, 0, 1, 1), (30, 2, 1, 0, 0), (40, 1, 0, 0, 1)]
    shares = [share for row in rows for share in row[5:]]
    assert shares == pytest.approx([0.8, 0.2, 0, 0.6, 0.2, 0.2, 0.3, 0.5, 0.2, 0.3, 0.5, 0.2], abs=1e-12)


def test_without_running_steps_the_curve_is_a_plain_share_free_of_rounding(node: Any, build: Any) -> None:
    lives = [(seconds, "Success") for seconds in range(1, 11)]
    assert _curve(build(node("r", *_steps(node, lives))), "survival") == [(left / 10,) for left in range(9, -1, -1)]


@pytest.mark.parametrize(("seed", "phases"), [(1, "SSSFR"), (2, "SFRRRRR"), (3, "SF"), (4, "R"), (5, "S"), (6, "FRR")])
def test_curves_equal_the_textbook_in_fractions(node: Any, build: Any, seed: int, phases: str) -> None:
    lives = _random_lives(seed, phases)
    rows = _curve(build(node("r", *_steps(node, lives))), f"seconds, {SHARES}")
    assert rows == [pytest.approx([float(value) for value in row], abs=1e-12) for row in _reference(lives)]


@pytest.mark.parametrize(("seed", "phases"), [(7, "SSSSFR"), (8, "SRRRR"), (9, "SF")])
def test_survival_equals_that_of_scipy(node: Any, build: Any, seed: int, phases: str) -> None:
    lives = _random_lives(seed, phases, count=80)
    times = np.array([seconds for seconds, _ in lives], dtype=float)
    known = ecdf(CensoredData.right_censored(times, np.array([phase == "Running" for _, phase in lives]))).sf
    rows = _curve(build(node("r", *_steps(node, lives))), "seconds, survival")
    assert [row[1] for row in rows] == pytest.approx(known.evaluate([row[0] for row in rows]), abs=1e-9)


def test_steps_that_cannot_be_placed_are_left_out(node: Any, build: Any) -> None:
    unsound = [
        node("idle", phase="Initializing"),
        node("startless", start=None),
        node("startless-running", start=None, phase="Running"),
        node("backwards", start=5, end=1),
        node("ahead", start=2_000, phase="Running"),
        node("endless", end=None),
    ]
    rows = _curve(build(node("r", node("sound", end=7), *unsound)), f"seconds, {COUNTS}")
    assert rows == [(7, 1, 1, 0, 0)]


def test_curves_are_of_a_source_and_a_type_also_when_no_type_was_sent(node: Any, build: Any) -> None:
    tree = node("r", *_steps(node, [(3, "Success")]), *_steps(node, [(3, "Failed"), (3, "Failed")], job_type=None))
    rows = _curve(build(tree, others={"z": (tree,)}), f"source, job_type, {COUNTS}")
    assert rows == [("s", "A", 1, 1, 0, 0), ("s", None, 2, 0, 2, 0), ("z", "A", 1, 1, 0, 0), ("z", None, 2, 0, 2, 0)]


def test_while_none_has_ended_all_are_there_whatever_rounding_does(node: Any, build: Any) -> None:
    counts = range(3, 60)
    kinds = [[(1, "Running"), (2, "Running"), *[(10, "Success")] * count] for count in counts]
    steps = [step for count, lives in zip(counts, kinds, strict=True) for step in _steps(node, lives, f"{count:02}")]
    shares = _curve(build(node("r", *steps, phase="Running")), "survival, seconds")
    assert max(survival for survival, _ in shares) == 1
    assert all(survival == pytest.approx(1, abs=1e-12) for survival, seconds in shares if seconds < 10)
