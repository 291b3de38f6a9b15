"""The findings in a planted fleet, in one with nothing planted, and in the same one in another order."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cce_etl.models.computed.comparisons import SCHEMA, compute

ENTRIES = pa.list_(pa.struct({"key": pa.string(), "value": pa.string()}))
HOUR_NS = 3_600 * 10**9
COUNT = 1_600
CHANGED = 900


def _roots(seed: int, factor: float = 1.0, failure_rate: float = 0.04) -> pa.Table:
    generator = np.random.default_rng(seed)
    regions, flavors = (
        generator.choice(["north", "south"], COUNT),
        generator.choice(["large", "medium", "small"], COUNT),
    )
    versions = generator.choice(["v1", "v2", "v3"], COUNT)
    places = np.arange(COUNT)
    is_slow = (regions == "north") & (flavors == "large") & (places >= CHANGED)
    log_seconds = 5 + (flavors == "large") * 0.4 + generator.standard_t(4, COUNT) * 0.3 + np.log(factor) * is_slow
    is_blamed = generator.uniform(size=COUNT) < np.where(versions == "v2", failure_rate, 0.04)
    parameters = [
        [{"key": "flavor", "value": str(one)}, {"key": "id", "value": str(place)}] for place, one in enumerate(flavors)
    ]
    steps = np.where(flavors == "large", 3, 1)
    return pa.table(
        {
            "source": regions,
            "root_job_id": [f"r{place}" for place in places],
            "root_job_type": ["CreateCluster"] * COUNT,
            "job_type": ["InstallMaster"] * COUNT,
            "root_shape_id": np.where(flavors == "large", "three", "one"),
            "created_at": pa.array(places * HOUR_NS, pa.timestamp("ns")),
            "step_count": steps,
            "finished_step_count": steps,
            "measured_step_count": np.where(is_blamed, 0, steps),
            "log_seconds": pa.array(log_seconds, mask=is_blamed),
            "is_blamed": is_blamed,
            "cluster_version": versions,
            "flavor": pa.nulls(COUNT, pa.string()),
            "availability_zone": pa.nulls(COUNT, pa.string()),
            "resource_name": pa.nulls(COUNT, pa.string()),
            "step_parameters": pa.array(parameters, ENTRIES),
            "root_parameters": pa.nulls(COUNT, ENTRIES),
        }
    )


@pytest.fixture(scope="module")
def planted() -> pa.Table:
    """Return a fleet with a slow pair since a date, and a version that fails."""
    return _roots(1, factor=3, failure_rate=0.25)


def _rows(found: pa.Table, comparison: str) -> list[dict[str, Any]]:
    return [row for row in found.to_pylist() if row["comparison"] == comparison]


def test_what_was_planted_is_found_and_nothing_else(planted: pa.Table) -> None:
    found = compute(planted)
    assert found.schema == SCHEMA
    [slow], [failing] = _rows(found, "after change"), _rows(found, "whole window")
    assert slow["dimension_values"] == ["north", "large"]
    assert slow["dimensions"] == ["source", "flavor"]
    assert slow["ratio_low"] < 3 < slow["ratio_high"]
    assert abs(slow["since_at"].value - CHANGED * HOUR_NS) < 30 * HOUR_NS
    assert slow["step_count"] == 3 * slow["root_count"]
    assert slow["median_seconds"] / slow["other_median_seconds"] > 3
    assert (failing["measure"], failing["dimension_values"]) == ("failure", ["v2"])
    assert failing["failure_rate"] == failing["failed_count"] / failing["root_count"] > 0.2
    assert failing["other_failure_rate"] < 0.06


def test_the_change_of_the_whole_source_is_dated(planted: pa.Table) -> None:
    [change] = _rows(compute(planted), "before and after")
    assert change["dimension_values"] == ["north"]
    assert abs(change["since_at"].value - CHANGED * HOUR_NS) < 60 * HOUR_NS
    assert change["last_before_at"] < change["since_at"] < change["first_after_at"]
    assert change["is_finding"]
    assert change["ratio"] > 1.2
    assert change["first_seen_then"] == []


def test_a_value_first_seen_at_the_change_is_named(planted: pa.Table) -> None:
    renamed = np.where(np.arange(COUNT) >= CHANGED, "v9", planted["cluster_version"].to_numpy(zero_copy_only=False))
    place = planted.column_names.index("cluster_version")
    [change] = _rows(compute(planted.set_column(place, "cluster_version", pa.array(renamed))), "before and after")
    assert change["first_seen_then"] == ["cluster_version=v9"]


def test_rows_in_another_order_give_the_same_table(planted: pa.Table) -> None:
    shuffled = planted.take(np.random.default_rng(0).permutation(COUNT))
    assert compute(shuffled).equals(compute(planted))


def test_nothing_is_found_where_nothing_is_planted() -> None:
    assert [compute(_roots(seed)).num_rows for seed in range(2, 7)] == [0] * 5


def test_no_roots_give_an_empty_table_of_the_same_columns() -> None:
    assert compute(_roots(1).slice(0, 0)) == SCHEMA.empty_table()
    assert compute(_roots(1).slice(0, 19)) == SCHEMA.empty_table()


def test_roots_that_never_started_are_left_out(planted: pa.Table) -> None:
    place = planted.column_names.index("created_at")
    unstarted = planted.set_column(place, "created_at", pa.nulls(COUNT, pa.timestamp("ns")))
    assert compute(pa.concat_tables([planted, unstarted])).equals(compute(planted))
