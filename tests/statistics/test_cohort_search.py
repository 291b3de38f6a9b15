"""The search for cohorts: what is planted is found, and nothing else."""

from typing import Any

import numpy as np
import pytest

from cce_etl.statistics import cohort_search
from cce_etl.statistics.cohort_search import MAX_FINDINGS, Cohort, find_cohorts
from cce_etl.statistics.slices import Dimension, Sample, partitions_of, slice_values, slices_of

ROOTS = 1_200
NOTHING = np.empty(0)


def _dimensions(generator: np.random.Generator) -> tuple[Dimension, ...]:
    sizes = {"region": 3, "flavor": 4, "version": 3, "hour": 24}
    return tuple(
        Dimension(name, generator.integers(0, size, ROOTS), tuple(f"{name}{code}" for code in range(size)))
        for name, size in sizes.items()
    )


def _plant(seed: int, dimensions: Any, effects: Any, strata: Any = None) -> Sample:
    generator = np.random.default_rng([seed, 1])
    values = generator.normal(size=ROOTS) * 0.3 + generator.standard_t(4, ROOTS) * 0.2 + effects
    strata = np.zeros(ROOTS, dtype=np.int64) if strata is None else strata
    return Sample(False, values, strata, np.arange(ROOTS, dtype=np.int64), dimensions)


def _find(*samples: Sample) -> list[Cohort]:
    return find_cohorts([(one, partitions_of(one.dimensions)) for one in samples], NOTHING)[0]


def _values(cohort: Cohort, dimensions: Any) -> list[str]:
    """Return the values that make a cohort."""
    return [dimensions[index].values[code] for index, code in slice_values(dimensions, cohort.slice)]


@pytest.mark.parametrize("seed", range(3))
def test_a_pair_slow_since_a_date_is_the_one_finding(seed: int) -> None:
    dimensions = _dimensions(np.random.default_rng(seed))
    region, flavor, _, _ = dimensions
    is_slow = (region.codes == 1) & (flavor.codes == 2) & (np.arange(ROOTS) >= 700)
    [cohort] = _find(_plant(seed, dimensions, is_slow * np.log(3)))
    assert _values(cohort, dimensions) == ["region1", "flavor2"]
    assert abs((cohort.since_ns or 0) - 700) < 60
    assert cohort.ratio.low < 3 < cohort.ratio.high
    assert cohort.q_value < 1e-4
    assert cohort.is_in.sum() < 60 < cohort.is_other.sum()


def test_a_value_slow_all_the_time_is_found_alone() -> None:
    dimensions = _dimensions(np.random.default_rng(4))
    [cohort] = _find(_plant(4, dimensions, (dimensions[1].codes == 3) * np.log(1.6)))
    assert (_values(cohort, dimensions), cohort.since_ns) == (["flavor3"], None)
    assert cohort.ratio.ratio == pytest.approx(1.6, rel=0.1)


def test_two_cohorts_are_found_one_after_the_other() -> None:
    dimensions = _dimensions(np.random.default_rng(5))
    region, flavor, version, _ = dimensions
    pair = (region.codes == 0) & (flavor.codes == 0)
    effects = pair * np.log(4) + ((version.codes == 2) & ~pair) * np.log(1.5)
    found = _find(_plant(5, dimensions, effects))
    assert [_values(one, dimensions) for one in found] == [["region0", "flavor0"], ["version2"]]


def test_slow_roots_do_not_make_the_others_of_their_shape_fast() -> None:
    # Half of shape 1 is slow: its median is between them, flavor2 looks fast beside it, and shape 0 slow beside those.
    dimensions = _dimensions(np.random.default_rng(6))
    groups = (dimensions[1].codes >= 2).astype(np.int64)
    effects = (dimensions[1].codes == 3) * np.log(3) + groups * 0.7
    [cohort] = _find(_plant(6, dimensions, effects, groups))
    assert _values(cohort, dimensions) == ["flavor3"]
    assert cohort.ratio.ratio == pytest.approx(3, rel=0.1)


def test_a_sample_that_differs_everywhere_gives_its_most_significant_cohorts_and_others_still_give_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(7)
    clusters = Dimension("cluster", np.arange(ROOTS) % 60, tuple(f"cluster{code}" for code in range(60)))
    everywhere = _plant(7, (clusters,), clusters.codes * 0.2)
    elsewhere = _dimensions(generator)
    plain = _plant(8, elsewhere, (elsewhere[1].codes == 3) * np.log(1.4))
    found = _find(everywhere, plain)
    assert sum(one.sample == 0 for one in found) == MAX_FINDINGS
    assert [_values(one, elsewhere) for one in found if one.sample == 1] == [["flavor3"]]
    monkeypatch.setattr(cohort_search, "MAX_FINDINGS", ROOTS)
    unbounded = [_values(one, (clusters,)) for one in _find(everywhere, plain) if one.sample == 0]
    assert len(unbounded) > MAX_FINDINGS
    assert unbounded[:MAX_FINDINGS] == [_values(one, (clusters,)) for one in found if one.sample == 0]


def test_nothing_is_found_where_nothing_is_planted() -> None:
    for seed in range(10, 16):
        dimensions = _dimensions(np.random.default_rng(seed))
        load = 0.08 * np.sin(dimensions[3].codes / 24 * 2 * np.pi)
        assert _find(_plant(seed, dimensions, load)) == []


def test_a_failing_value_is_found() -> None:
    dimensions = _dimensions(np.random.default_rng(7))
    rates = np.where(dimensions[2].codes == 0, 0.25, 0.04)
    failed = (np.random.default_rng(8).uniform(size=ROOTS) < rates).astype(float)
    times = np.arange(ROOTS, dtype=np.int64)
    [cohort] = _find(Sample(True, failed, np.zeros(ROOTS, dtype=np.int64), times, dimensions))
    assert _values(cohort, dimensions) == ["version0"]
    assert cohort.ratio.low < 6.25 < cohort.ratio.high


def test_all_comparisons_are_one_family() -> None:
    dimensions = _dimensions(np.random.default_rng(9))
    slow = _plant(9, dimensions, (dimensions[1].codes == 3) * np.log(1.25))
    parts = partitions_of(dimensions)
    [alone] = _find(slow)
    [cohort], q = find_cohorts([(slow, parts)], np.ones(10_000))
    assert alone.q_value == pytest.approx(alone.p_value * 2 * len(list(slices_of(parts))))
    assert cohort.q_value == pytest.approx(alone.q_value + alone.p_value * 10_000)
    assert q.tolist() == [1.0] * 10_000


def test_no_samples_give_no_findings() -> None:
    assert find_cohorts([], np.array([0.5]))[1].tolist() == [0.5]
