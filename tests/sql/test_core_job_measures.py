"""Measures of jobs: the critical path, self time, shapes and clock findings of whole trees."""

from typing import Any

OWED = "SELECT path, critical_self_seconds, critical_seconds, is_on_critical_path FROM core.job_measures ORDER BY path"
FLAGS = """SELECT path, is_before_parent, is_ended_before_started, is_clock_missing
    FROM core.job_measures WHERE path != '' ORDER BY path"""


def test_a_nested_tree_is_walked_backwards_from_its_end(node: Any, build: Any) -> None:
    lane = node("a", node("b", start=2, end=40), node("c", start=41, end=58), start=1, end=60)
    warehouse = build(node("r", lane, node("d", start=1, end=50), node("e", start=60, end=99), end=100))
    assert warehouse.rows(OWED) == [
        ("", 2.0, 100.0, True),
        ("0", 4.0, 59.0, True),
        ("0/0", 38.0, 38.0, True),
        ("0/1", 17.0, 17.0, True),
        ("1", 0.0, 0.0, False),
        ("2", 39.0, 39.0, True),
    ]


def test_own_parts_sum_to_the_root_to_the_nanosecond(node: Any, build: Any) -> None:
    steps = (node("a", start=0.000000001, end=3.3), node("b", start=3.300000007, end=7.123456789))
    warehouse = build(node("r", *steps, end=10.987654321))
    rows = warehouse.rows("SELECT sum(round(critical_self_seconds * 1e9)::BIGINT) FROM core.job_measures")
    assert rows == [(10_987_654_321,)]


def test_of_equal_steps_the_smallest_path_as_text_holds_the_time(node: Any, build: Any) -> None:
    steps = [node(f"n{ordinal}", start=20, end=20) for ordinal in range(11)]
    steps[2] = steps[10] = node("twin", start=0, end=100)
    warehouse = build(node("r", *steps, end=100))
    rows = warehouse.rows("SELECT path FROM core.job_measures WHERE critical_self_seconds > 0")
    assert rows == [("10",)]


def test_what_is_not_finished_or_has_no_clocks_in_order_is_skipped_with_all_below_it(node: Any, build: Any) -> None:
    steps = (
        node("a", node("b", end=100), phase="Running", end=100),
        node("c", node("d", end=100), start=50, end=20),
        node("e", node("f", end=100), start=None, end=100),
        node("g", phase="Initializing", end=100),
    )
    rows = build(node("r", *steps, end=100)).rows(OWED)
    assert rows[0] == ("", 100.0, 100.0, True)
    assert {row[1:] for row in rows[1:]} == {(0.0, 0.0, False)}


def test_a_root_not_finished_or_without_clocks_in_order_has_no_path(node: Any, build: Any) -> None:
    roots = (
        node("r", node("a"), phase="Running"),
        node("t", node("b"), start=None),
        node("u", node("c"), end=None),
        node("v", node("d"), end=-1),
        node("w", node("e"), phase="Paused"),
    )
    rows = build(*roots).rows(OWED)
    assert len(rows) == 10
    assert {row[1:] for row in rows} == {(None, None, None)}


def test_a_failed_root_has_a_path_too(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", end=30, phase="Failed"), end=40, phase="Failed"))
    assert warehouse.rows(OWED) == [("", 10.0, 40.0, True), ("0", 30.0, 30.0, True)]


def test_self_time_is_what_no_step_below_covers_under_any_root(node: Any, build: Any) -> None:
    steps = (node("b", start=0, end=12), node("c", start=9, end=15), node("d", start=18, end=30, phase="Running"))
    warehouse = build(node("r", node("a", *steps, start=5, end=25), node("e", end=-1), phase="Running"))
    rows = warehouse.rows("SELECT path, self_seconds FROM core.job_measures ORDER BY path")
    assert rows == [("", None), ("0", 10.0), ("0/0", 12.0), ("0/1", 6.0), ("0/2", None), ("1", None)]


def test_shapes_forget_order_and_ids_and_keep_types(node: Any, build: Any) -> None:
    one = node("r", node("a", job_type="A"), node("b", node("c", job_type="C"), job_type="B"))
    other = node("t", node("x", node("y", job_type="C"), job_type="B"), node("z", job_type="A"))
    shallow = node("u", node("v", job_type="A"), node("w", job_type="B"))
    rows = build(one, other, shallow).rows(
        "SELECT root_job_id, shape_id, root_shape_id FROM core.job_measures WHERE path = '' ORDER BY root_job_id"
    )
    assert rows[0][1:] == rows[1][1:] != rows[2][1:]
    assert all(shape == root_shape for _, shape, root_shape in rows)


def test_clocks_that_contradict_each_other_or_are_missing_are_flagged(node: Any, build: Any) -> None:
    steps = (
        node("a", start=4, end=9),
        node("b", start=6, end=5.5),
        node("c", start=None),
        node("d", end=None, start=7),
        node("e", phase="Running", start=7, end=None),
        node("f", phase="Initializing", start=None, end=None),
        node("g", phase="Running", start=None, end=None),
    )
    assert build(node("r", *steps, start=5)).rows(FLAGS) == [
        ("0", True, False, False),
        ("1", False, True, False),
        ("2", False, False, True),
        ("3", False, False, True),
        ("4", False, False, False),
        ("5", False, False, False),
        ("6", False, False, True),
    ]


def test_a_job_is_compared_with_its_own_parent_not_with_the_root(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", node("b", start=2), start=3), start=0))
    assert [row[1] for row in warehouse.rows(FLAGS)] == [False, True]
