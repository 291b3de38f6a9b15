"""The one job blamed for a root's failure: leaves first, then time, depth and path."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

CAUSES = "SELECT path, job_id, job_type, failed_leaf_count FROM core.failure_causes ORDER BY source, root_job_id"


def failed(node: Any, job_id: str, *children: Any, **columns: Any) -> Any:
    return node(job_id, *children, phase="Failed", **columns)


def test_the_deepest_failure_is_blamed_and_not_what_failed_with_it(node: Any, build: Any) -> None:
    tree = failed(node, "r", node("a"), failed(node, "b", failed(node, "c", end=5, job_type="Pull"), end=3), end=1)
    assert build(tree).rows(CAUSES) == [("1/0", "c", "Pull", 1)]


def test_a_failure_below_a_step_that_succeeded_still_clears_those_above(node: Any, build: Any) -> None:
    tree = failed(node, "r", failed(node, "a", node("b", failed(node, "c", end=9)), end=2))
    assert build(tree).rows(CAUSES) == [("0/0/0", "c", "T", 1)]


def test_the_first_to_end_comes_before_the_deepest_before_the_smallest_path(node: Any, build: Any) -> None:
    early = failed(node, "r1", failed(node, "a", end=7), node("x", failed(node, "b", end=8)))
    deep = failed(node, "r2", failed(node, "a", end=7), node("x", failed(node, "b", end=7)))
    level = failed(node, "r3", *(failed(node, f"a{ordinal}", end=7) for ordinal in range(11)))
    rows = build(early, deep, level).rows(CAUSES)
    assert rows == [("0", "a", "T", 2), ("1/0", "b", "T", 2), ("0", "a0", "T", 11)]


def test_paths_compare_as_text(node: Any, build: Any) -> None:
    steps = [failed(node, str(ordinal)) if ordinal in (2, 10) else node(str(ordinal)) for ordinal in range(11)]
    assert build(failed(node, "r", *steps)).rows(CAUSES) == [("10", "10", "T", 2)]


def test_a_step_without_a_time_comes_last(node: Any, build: Any) -> None:
    trees = [
        failed(node, "r1", failed(node, "a", end=None), failed(node, "b", end=900)),
        failed(node, "r2", failed(node, "c", end=None)),
    ]
    assert build(*trees).rows(CAUSES) == [("1", "b", "T", 2), ("0", "c", "T", 1)]


def test_the_last_write_decides_and_not_the_completion_time(node: Any, build: Any) -> None:
    tree = failed(node, "r", failed(node, "a", end=8, completed=1), failed(node, "b", end=7, completed=9))
    assert build(tree).rows(CAUSES) == [("1", "b", "T", 2)]


def test_a_root_without_failed_steps_is_blamed_itself(node: Any, build: Any) -> None:
    warehouse = build(failed(node, "r1", node("a"), node("b", phase="Running")), failed(node, "r2", job_type=None))
    assert warehouse.rows(CAUSES) == [("", "r1", "T", 0), ("", "r2", None, 0)]


def test_failed_steps_of_a_root_that_did_not_fail_are_no_causes(node: Any, build: Any) -> None:
    roots = [node(phase or "none", failed(node, f"{phase} a"), phase=phase) for phase in ("Success", "Running", None)]
    assert build(*roots).rows(CAUSES) == []


def test_every_source_and_root_has_its_own_cause(node: Any, build: Any) -> None:
    tree = failed(node, "r", failed(node, "a"))
    warehouse = build(tree, others={"t": (failed(node, "r", node("a"), failed(node, "b")),)})
    assert warehouse.rows(CAUSES) == [("0", "a", "T", 1), ("1", "b", "T", 1)]


def test_a_step_relocated_from_a_nested_root_is_blamed_where_it_stands(node: Any, build: Any) -> None:
    nested = failed(node, "n", failed(node, "first", end=9), failed(node, "second", end=4))
    top = failed(node, "r", node("x"), failed(node, "n", failed(node, "other", end=20)))
    # `other` holds place 1/0 already, so `first` stands beside it.
    assert build(nested, top).rows(CAUSES) == [("1/1", "second", "T", 3)]
    warehouse = build(failed(node, "n", failed(node, "first", end=9)), top)
    assert warehouse.rows(CAUSES) == [("1/0~2", "first", "T", 2)]


def insert(warehouse: Any, jobs: list[tuple[str, str, str, int | None]]) -> None:
    """Insert jobs as root, path, phase and second of the last write, in one statement."""
    warehouse.connection.execute(
        """INSERT INTO core.jobs BY NAME SELECT
            's' AS source, root_job_id, root_job_id || path AS job_id, path, phase, phase AS canonical_phase,
            if(path = '', 0, len(string_split(path, '/'))) AS depth,
            coalesce(try_cast(regexp_extract(path, '[0-9]+$') AS INTEGER), 0) AS ordinal,
            true AS has_uid, false AS is_leaf, make_timestamp_ns(second * 1_000_000_000) AS updated_at
        FROM (SELECT
            unnest($1::VARCHAR[]) AS root_job_id, unnest($2::VARCHAR[]) AS path,
            unnest($3::VARCHAR[]) AS phase, unnest($4::BIGINT[]) AS second)""",
        [list(column) for column in zip(*jobs, strict=True)],
    )


def test_a_chain_of_a_thousand_failures_has_one_cause(build: Any) -> None:
    paths = ["/".join(["0"] * depth) for depth in range(1_001)]
    warehouse = build()
    insert(warehouse, [("r", path, "Failed", 1) for path in paths])
    assert warehouse.rows(CAUSES) == [(paths[-1], f"r{paths[-1]}", None, 1)]


# Twelve children at times, so that '1', '10' and '11' are siblings of which none is below another.
shapes: st.SearchStrategy[Any] = st.recursive(
    st.tuples(st.booleans(), st.sampled_from([None, 1, 2, 3]), st.just([])),
    lambda inner: st.tuples(
        st.booleans(), st.sampled_from([None, 1, 2, 3]), st.lists(inner, max_size=3) | st.lists(inner, max_size=12)
    ),
    max_leaves=40,
)


def walk(shape: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], bool, int | None]]:
    is_failed, end, children = shape
    yield path, is_failed or not path, end
    for ordinal, child in enumerate(children):
        yield from walk(child, (*path, ordinal))


def text_of(path: tuple[int, ...]) -> str:
    return "/".join(map(str, path))


def cause_of(shape: Any) -> tuple[str, int]:
    """Return path and count of leaves, every pair of nodes compared."""
    ends = {path: end for path, is_failed, end in walk(shape) if is_failed}
    leaves = [one for one in ends if not any(other[: len(one)] == one and other != one for other in ends)]
    keys = [(ends[one] or 99, -len(one), text_of(one)) for one in leaves]
    return min(keys)[2], sum(one != () for one in leaves)


@examples(max_examples=15, deadline=None)
@given(roots=st.lists(shapes, min_size=10, max_size=25))
def test_every_tree_has_the_cause_that_comparing_all_pairs_finds(build: Any, roots: list[Any]) -> None:
    warehouse = build()
    insert(
        warehouse,
        [
            (f"r{index:02}", text_of(path), "Failed" if is_failed else "Success", end)
            for index, shape in enumerate(roots)
            for path, is_failed, end in walk(shape)
        ],
    )
    rows = warehouse.rows(CAUSES)
    assert [(path, leaf_count) for path, _, _, leaf_count in rows] == [cause_of(shape) for shape in roots]
