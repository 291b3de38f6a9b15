"""Trees side by side in columns: each keeps its own rows, across batches and beside trees that were refused."""

import json
from typing import Any

from cce_etl.transform.documented import DocumentedJob, decode_documented
from cce_etl.transform.flatten import NodeColumns, Span, table_of_rows
from cce_etl.transform.payload import JobRow

MANY = 1_500  # more nodes than a batch has


def tree(uid: str, step_count: int = 0, **spec: Any) -> DocumentedJob:
    steps = [{"metadata": {"uid": f"{uid}-{number}"}} for number in range(step_count)]
    root = decode_documented(json.dumps({"metadata": {"uid": uid}, "spec": spec | {"subJobs": steps}}).encode())
    assert root is not None
    return root


def test_trees_keep_their_rows_across_batches() -> None:
    columns = NodeColumns()
    spans = [columns.add(tree(uid, count, type=uid), uid) for uid, count in (("a", 1), ("b", MANY), ("c", 2), ("d", 0))]
    assert spans == [Span(0, 2), Span(2, MANY + 3), Span(MANY + 3, MANY + 6), Span(MANY + 6, MANY + 7)]
    kept = [span for span in (spans[0], spans[2]) if span]
    rows = columns.rows_of(kept).select(["root_job_id", "job_id", "parent_job_id", "path", "job_type"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a", "a", None, "", "a"),
        ("a", "a-0", "a", "0", None),
        ("c", "c", None, "", "c"),
        ("c", "c-0", "c", "0", None),
        ("c", "c-1", "c", "1", None),
    ]


def test_a_tree_whose_parameters_are_no_texts_leaves_nothing_behind() -> None:
    columns = NodeColumns()
    assert columns.add(tree("a", 1, extendParam={"n": "a"}), "a") == Span(0, 2)
    assert columns.add(tree("b", 1, extendParam={"n": 1.50}), "b") is None
    assert columns.add(tree("c", 1, extendParam={"n": "c"}), "c") == Span(2, 4)
    rows = columns.table().to_pylist()
    assert [(row["job_id"], row["extend_param"]) for row in rows] == [
        ("a", [("n", "a")]),
        ("a-0", []),
        ("c", [("n", "c")]),
        ("c-0", []),
    ]


def test_equal_parameters_stand_in_the_dictionary_once() -> None:
    columns = NodeColumns()
    for uid in "abc":
        columns.add(tree(uid, 0, extendParam={"n": "x"}), uid)
    (chunk,) = columns.table()["extend_param"].chunks
    assert len(chunk.dictionary) == 1


def test_no_trees_are_no_rows_in_the_same_columns() -> None:
    for table in (NodeColumns().table(), NodeColumns().rows_of([]), table_of_rows([])):
        assert (table.num_rows, table.column_names) == (0, list(JobRow.__struct_fields__))
