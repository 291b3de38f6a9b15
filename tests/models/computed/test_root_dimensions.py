"""The dimensions of roots: names, values, and what counts as none."""

from typing import Any

import pyarrow as pa

from cce_etl.models.computed.root_dimensions import encode_parameters, root_dimensions, text_dimension

DAY_NS = 86_400 * 10**9
ENTRIES = pa.list_(pa.struct({"key": pa.string(), "value": pa.string()}))


def _roots(**columns: list[Any]) -> pa.Table:
    count = len(next(iter(columns.values())))
    texts = ("source", "root_job_type", "cluster_version", "flavor", "availability_zone", "resource_name")
    arrays = {name: pa.array(columns.get(name, [None] * count), pa.string()) for name in texts}
    for name in ("step_parameters", "root_parameters"):
        rows = [[{"key": key, "value": value} for key, value in row] for row in columns.get(name, [[]] * count)]
        arrays[name] = pa.array(rows, ENTRIES)
    arrays["created_at"] = pa.array(columns.get("created_at", [0] * count), pa.timestamp("ns"))
    return pa.table(arrays)


def _values(name: str, roots: pa.Table) -> list[str | None]:
    [one] = [dimension for dimension in root_dimensions(roots) if dimension.name == name]
    return [None if code < 0 else one.values[code] for code in one.codes.tolist()]


def test_the_plainest_names_come_first() -> None:
    roots = _roots(source=["s"], step_parameters=[[("b", "1"), ("a.x", "2")]], root_parameters=[[("a.x", "2")]])
    assert [dimension.name for dimension in root_dimensions(roots)] == [
        *("source", "root_type", "cluster_version", "flavor", "availability_zone", "resource_name_prefix"),
        *("hour", "weekday", "a.x", "b", "root a.x"),
    ]


def test_values_are_sorted_in_whatever_order_they_occur() -> None:
    one = text_dimension("zone", pa.array(["c", None, "a", "c"]))
    assert (one.values, one.codes.tolist()) == (("a", "c"), [1, -1, 0, 1])


def test_a_parameter_that_steps_disagree_on_counts_as_not_given() -> None:
    parameters = [[("zone", "a"), ("zone", "a")], [("zone", "a"), ("zone", "b")], [], [("zone", "")]]
    assert _values("zone", _roots(step_parameters=parameters)) == ["a", None, None, ""]


def test_hours_and_weekdays_are_those_of_utc() -> None:
    roots = _roots(created_at=[0, DAY_NS - 1, 4 * DAY_NS + 13 * 3_600 * 10**9])
    assert _values("hour", roots) == ["00", "23", "13"]
    assert _values("weekday", roots) == ["Thursday", "Thursday", "Monday"]


def test_names_are_cut_before_the_part_that_numbers_them() -> None:
    names = ["payments-prod-012-master-2", "payments-prod", "node17", "7", "edge-dev-n00012", None]
    assert _values("resource_name_prefix", _roots(resource_name=names)) == [
        *("payments-prod", "payments-prod", "node", "", "edge-dev", None)
    ]


def test_encoded_parameters_give_the_same_dimensions_in_another_order_and_of_some_roots() -> None:
    parameters = [[("zone", "b"), ("id", "1")], [], [("zone", "a"), ("zone", "a")], [("zone", "b"), ("size", None)]]
    roots = _roots(step_parameters=parameters, root_parameters=parameters[::-1])
    encoded = encode_parameters(roots)
    for places in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 1], [1]):
        plain, moved = root_dimensions(roots.take(places)), root_dimensions(encoded.take(places))
        assert [(one.name, one.values, one.codes.tolist()) for one in moved] == [
            (one.name, one.values, one.codes.tolist()) for one in plain
        ]
    assert _values("zone", encoded) == ["b", None, "a", "b"]


def test_missing_lists_of_parameters_stay_missing() -> None:
    lists = pa.array([None, [{"key": "zone", "value": "a"}], None], ENTRIES)
    roots = pa.table({"step_parameters": lists, "root_parameters": lists}).slice(1)
    encoded = encode_parameters(roots)["step_parameters"]
    assert encoded.to_pylist() == [[{"key": "zone", "value": "a"}], None]
