"""Kaplan-Meier percentiles, compared with scipy's, and the interval of the median from one value per root."""

from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

Life = tuple[int, str]
INTERVAL = "root_count, measured_root_count, p50_low_seconds, p50_high_seconds"
ALL = "intermediate.step_durations_by_dimension WHERE dimension = 'all'"
PERCENTILES = "km_p50_seconds, km_p90_seconds, km_p95_seconds"
# Few times make ties; without S or F none has ended, without R none is cut off.
KINDS = {
    f"{phases}{seed}": (seed, phases) for seed, phases in enumerate(("SSSFR", "SFR", "SSSSSSSSSR", "SF", "R", "SRR"))
}


def _lives(seed: int, phases: str) -> list[Life]:
    random = Random(seed)
    names = {"S": "Success", "F": "Failed", "R": "Running"}
    return [(random.randrange(40), names[random.choice(phases)]) for _ in range(random.randrange(20, 60))]


def _steps(node: Any, job_type: str, lives: list[Life], **columns: Any) -> list[Any]:
    return [
        node(f"{job_type}-{number}", start=1_000 - seconds, end=1_000, phase=phase, job_type=job_type, **columns)
        for number, (seconds, phase) in enumerate(lives)
    ]


def _first_time_at_or_below(lives: list[Life], share: float) -> float | None:
    times = np.array([seconds for seconds, _ in lives], dtype=float)
    curve = ecdf(CensoredData.right_censored(times, np.array([phase == "Running" for _, phase in lives]))).sf
    reached = curve.quantiles[curve.probabilities <= share + 1e-12]
    return float(reached[0]) if len(reached) else None


@pytest.fixture(scope="module")
def fleet(node: Any, build: Any) -> Any:
    """Return the kinds, every step in one root."""
    return build(node("r", *(step for kind, life in KINDS.items() for step in _steps(node, kind, _lives(*life)))))


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_are_the_first_times_at_which_scipys_curve_is_low_enough(fleet: Any, kind: str) -> None:
    lives = _lives(*KINDS[kind])
    [row] = fleet.rows(f"SELECT {PERCENTILES} FROM {ALL} AND job_type = '{kind}'")
    assert row == tuple(_first_time_at_or_below(lives, share) for share in (0.5, 0.1, 0.05))


def test_ended_and_cut_off_steps_are_counted(fleet: Any) -> None:
    rows = fleet.rows(f"SELECT job_type, km_event_count, km_censored_count FROM {ALL}")
    phases = {kind: [phase for _, phase in _lives(*life)] for kind, life in KINDS.items()}
    cut_off = {kind: found.count("Running") for kind, found in phases.items()}
    assert {row[0]: row[1:] for row in rows} == {
        kind: (len(phases[kind]) - cut_off[kind], cut_off[kind]) for kind in KINDS
    }


def test_a_percentile_is_reached_exactly_and_not_one_step_later(node: Any, build: Any) -> None:
    # 1 - 9/10 is not 0.1 in binary, yet of ten steps nine have ended at 9.
    lives = [(seconds, "Success") for seconds in range(1, 11)]
    warehouse = build(node("r", *_steps(node, "A", lives)))
    assert warehouse.rows(f"SELECT {PERCENTILES} FROM {ALL}") == [(5, 9, 10)]


def test_a_step_cut_off_at_the_time_of_an_end_is_at_risk_then(node: Any, build: Any) -> None:
    # At 10 one of two ends: half are left. Cut off before it, the other would leave none.
    tied = build(node("r", *_steps(node, "A", [(10, "Success"), (10, "Running")])))
    before = build(node("r", *_steps(node, "A", [(10, "Success"), (9, "Running")])))
    sql = f"SELECT {PERCENTILES} FROM {ALL}"
    assert (tied.rows(sql), before.rows(sql)) == ([(10, None, None)], [(10, 10, 10)])


def test_each_slice_has_its_own_curve(node: Any, build: Any) -> None:
    def root(name: str, job_type: str, lives: list[Life], cluster_id: str | None) -> Any:
        return node(name, *_steps(node, "A", lives, cluster_id=cluster_id), job_type=job_type)

    ended, running = [(5, "Success")], [(7, "Success"), (3, "Running")]
    warehouse = build(root("r", "Create", ended, "c"), root("t", "Delete", running, None))
    rows = warehouse.rows(
        """SELECT dimension, dimension_value, km_p50_seconds, km_event_count, km_censored_count
        FROM intermediate.step_durations_by_dimension WHERE dimension != 'root_shape_id' ORDER BY ALL"""
    )
    assert rows == [
        ("all", None, 5, 2, 1),
        ("cluster_id", "c", 5, 1, 0),
        ("cluster_id", None, 7, 1, 1),
        ("root_job_type", "Create", 5, 1, 0),
        ("root_job_type", "Delete", 7, 1, 1),
    ]


def _roots(node: Any, count: int) -> list[Any]:
    """Make roots of one step each, that takes 1, 2, 3 ... seconds."""
    return [node(f"r{number}", node(f"a{number}", end=number)) for number in range(1, count + 1)]


def _interval(warehouse: Any, dimension: str = "all") -> Any:
    return warehouse.rows(
        f"SELECT {INTERVAL} FROM intermediate.step_durations_by_dimension WHERE dimension = '{dimension}'"
    )


@pytest.mark.parametrize(("count", "low"), [(6, 1), (8, 1), (9, 2), (17, 5), (25, 8), (67, 26)])
def test_the_interval_runs_from_rank_to_rank(node: Any, build: Any, count: int, low: int) -> None:
    # From printed tables of the sign test: the largest rank with P(Binomial(n, 1/2) < rank) <= 0.025.
    assert _interval(build(*_roots(node, count))) == [(count, count, low, count + 1 - low)]


def test_five_roots_have_no_interval(node: Any, build: Any) -> None:
    assert _interval(build(*_roots(node, 5))) == [(5, 5, None, None)]


def test_a_root_gives_one_value_however_many_steps_it_has(node: Any, build: Any) -> None:
    # Medians of the roots: 2, then 10 to 15; nine steps of one root do not make it nine.
    crowd = node("crowd", *(node(f"c{number}", end=2) for number in range(8)), node("late", end=99))
    others = [node(f"r{end}", node(f"a{end}", end=end)) for end in range(10, 16)]
    assert _interval(build(crowd, *others)) == [(7, 7, 2, 15)]


def test_only_measured_successes_make_a_roots_value(node: Any, build: Any) -> None:
    steps = [
        node("failed", end=500, phase="Failed"),
        node("backwards", start=5, end=1),
        node("running", phase="Running"),
        node("idle", phase="Initializing", start=None),
    ]
    assert _interval(build(node("bare", *steps), *_roots(node, 6))) == [(7, 6, 1, 6)]


def test_a_root_over_two_clusters_gives_each_its_median(node: Any, build: Any) -> None:
    # In cluster c the roots' medians are 1 to 6, in d 101 to 106, over both their means, 51 to 56.
    roots = [
        node(f"r{end}", node(f"c{end}", end=end), node(f"d{end}", end=100 + end, cluster_id="d")) for end in range(1, 7)
    ]
    warehouse = build(*roots)
    assert _interval(warehouse) == [(6, 6, 51, 56)]
    assert sorted(_interval(warehouse, "cluster_id")) == [(6, 6, 1, 6), (6, 6, 101, 106)]
