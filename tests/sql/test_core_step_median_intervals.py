"""The interval of the median: its ranks against the binomial distribution, one value a root."""

from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import binom

INTERVAL = "root_count, measured_root_count, p50_low_seconds, p50_high_seconds"


def _roots(node: Any, count: int) -> list[Any]:
    """Make roots of one step each, that takes 1, 2, 3 ... seconds."""
    return [node(f"r{number}", node(f"a{number}", end=number)) for number in range(1, count + 1)]


def _interval(warehouse: Any, dimension: str = "all") -> Any:
    return warehouse.rows(f"SELECT {INTERVAL} FROM core.step_median_intervals WHERE dimension = '{dimension}'")


@pytest.mark.parametrize(("count", "low"), [(6, 1), (8, 1), (9, 2), (17, 5), (25, 8), (67, 26)])
def test_the_interval_runs_from_rank_to_rank(node: Any, build: Any, count: int, low: int) -> None:
    # From printed tables of the sign test: the largest rank with P(Binomial(n, 1/2) < rank) <= 0.025.
    assert _interval(build(*_roots(node, count))) == [(count, count, low, count + 1 - low)]


def test_five_roots_have_no_interval(node: Any, build: Any) -> None:
    assert _interval(build(*_roots(node, 5))) == [(5, 5, None, None)]


def test_the_ranks_are_the_binomial_distributions_for_every_count(models: Any) -> None:
    # The formula, as it stands in the model, over counts that no test could load.
    [model] = [model for model in models if model.name == "core.step_median_intervals"]
    lines = [line.strip() for line in model.sql.splitlines()]
    [width] = [line for line in lines if line.endswith(" AS width,")]
    [low_rank] = [line for line in lines if line.endswith(" AS low_rank")]
    counts = "SELECT range AS measured_root_count FROM range(6, 2001) UNION ALL SELECT 1000 * range FROM range(3, 300)"
    rows = duckdb.sql(f"SELECT measured_root_count, {width} {low_rank} FROM ({counts})").fetchall()
    count, _, rank = np.array(rows).T
    assert (binom.cdf(rank - 1, count, 0.5) <= 0.025).all()
    assert (binom.cdf(rank, count, 0.5) > 0.025).all()


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
