"""Measures of jobs: thresholds, jobs without measures, and columns that pass unchanged."""

import re
from itertools import accumulate
from typing import Any

import pyarrow as pa

from cce_etl.models.computed.job_measures import compute

SECOND = 10**9
INPUT = pa.schema(
    [
        ("path", pa.string()),
        ("root_number", pa.int64()),
        ("job_type", pa.string()),
        ("started_ns", pa.int64()),
        ("ended_ns", pa.int64()),
        ("parent_path", pa.string()),
    ]
)
Job = tuple[str, int | None, int | None]


def measured(*jobs: Job) -> dict[str, list[Any]]:
    """Measure jobs of (path, start, end), times in nanoseconds."""
    root_numbers = accumulate(int(path == "") for path, *_ in jobs)
    rows = [
        {
            "path": path,
            "parent_path": path.rpartition("/")[0] if path else None,
            "started_ns": started_ns,
            "ended_ns": ended_ns,
            "job_type": "T",
            "root_number": number,
        }
        for (path, started_ns, ended_ns), number in zip(jobs, root_numbers, strict=True)
    ]
    result: dict[str, list[Any]] = compute(pa.Table.from_pylist(rows, INPUT)).to_pydict()
    return result


def test_a_step_is_on_the_path_from_one_percent_of_a_short_root_on() -> None:
    jobs = (("", 0, 10 * SECOND), ("0", 0, SECOND // 10), ("1", SECOND, SECOND + SECOND // 10 - 1))
    assert measured(*jobs)["is_on_critical_path"] == [True, True, False]


def test_a_step_is_on_the_path_from_one_second_of_a_long_root_on() -> None:
    jobs = (("", 0, 3600 * SECOND), ("0", 0, SECOND), ("1", SECOND, 2 * SECOND - 1))
    assert measured(*jobs)["is_on_critical_path"] == [True, True, False]


def test_a_root_of_no_duration_has_nothing_on_its_critical_path() -> None:
    result = measured(("", 5, 5), ("0", 5, 5))
    assert (result["critical_seconds"], result["is_on_critical_path"]) == ([0.0, 0.0], [False, False])


def test_a_root_without_an_end_has_no_path_and_its_timed_steps_have_self_times() -> None:
    result = measured(("", 0, None), ("0", 0, 2 * SECOND), ("", 7, 7 + SECOND))
    assert result["critical_self_seconds"] == [None, None, 1.0]
    assert result["critical_seconds"] == [None, None, 1.0]
    assert result["is_on_critical_path"] == [None, None, True]
    assert result["self_seconds"] == [None, 2.0, 1.0]


def test_seconds_keep_every_nanosecond_of_26_days() -> None:
    end = 26 * 86_400 * SECOND + 1
    result = measured(("", 0, end), ("0", 0, end - 2))
    assert [round(one * 1e9) for one in result["critical_self_seconds"]] == [2, end - 2]


def test_every_job_has_the_shape_of_its_root() -> None:
    result = measured(("", 0, 9), ("0", 0, 5), ("", 0, 9))
    assert result["root_shape_id"] == [result["shape_id"][0], result["shape_id"][0], result["shape_id"][2]]
    assert result["shape_id"][1] == result["shape_id"][2] != result["shape_id"][0]


def test_a_shape_is_sixteen_hexadecimal_digits_also_where_the_type_is_unknown() -> None:
    jobs = pa.table(
        [["", "0"], [1, 1], [None, "T"], [0, 0], [9, 9], [None, ""]],
        schema=INPUT,
    )
    shapes = compute(jobs)["shape_id"].to_pylist()
    assert [re.fullmatch("[0-9a-f]{16}", shape) is not None for shape in shapes] == [True, True]
    assert shapes[1] == measured(("", 0, 9))["shape_id"][0] != shapes[0]


def test_a_job_whose_parent_is_unknown_goes_below_the_root() -> None:
    result = measured(("", 0, 9), ("", 10, 20), ("0/0", 12, 19))
    assert [round(one * 1e9) for one in result["critical_self_seconds"]] == [9, 3, 7]


def test_only_a_job_whose_parent_is_known_and_started_later_is_before_it() -> None:
    jobs = (("", 5, 9), ("0", 4, 9), ("0/0", 4, 9), ("1", None, 9), ("1/0", 1, 9), ("2/0", 1, 9), ("3", 6, 9))
    assert measured(*jobs)["is_before_parent"] == [False, True, False, False, False, False, False]


def test_no_jobs_give_an_empty_table_of_the_same_types() -> None:
    empty = compute(INPUT.empty_table())
    assert empty.num_rows == 0
    assert {field.name: str(field.type) for field in empty.schema} == {
        "path": "string",
        "is_before_parent": "bool",
        "critical_self_seconds": "double",
        "critical_seconds": "double",
        "is_on_critical_path": "bool",
        "self_seconds": "double",
        "shape_id": "string",
        "root_shape_id": "string",
    }
