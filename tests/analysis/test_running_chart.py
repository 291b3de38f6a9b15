"""The chart of running steps: who is drawn, in which order, in which colour."""

from typing import Any

from pandas import DataFrame

from cce_etl.analysis import running_chart
from cce_etl.analysis.charts import PHASE_COLOURS

RUNNING = DataFrame(
    [
        ("A", 10.0, 100.0, 200.0, False),
        ("A", 250.0, 100.0, 200.0, True),
        ("B", 30.0, 60.0, 61.0, False),
        (None, 5.0, None, None, False),
        ("B", -1.0, 60.0, 61.0, False),
        ("B", None, 60.0, 61.0, False),
    ],
    columns=["job_type", "age_seconds", "kind_p99_seconds", "kind_max_seconds", "is_stuck"],
)


def drawn() -> dict[str, Any]:
    chart: dict[str, Any] = running_chart(RUNNING, "T").to_dict()
    return chart


def rows(layer: int) -> list[dict[str, Any]]:
    chart = drawn()
    found: list[dict[str, Any]] = chart["datasets"][chart["layer"][layer]["data"]["name"]]
    return found


def test_every_step_with_an_age_is_a_dot() -> None:
    dots = [(row["job_type"], row["age_seconds"], row["state"]) for row in rows(1)]
    assert dots == [
        ("A", 10.0, "ordinary"),
        ("A", 250.0, "stuck"),
        ("B", 30.0, "ordinary"),
        ("no type sent", 5.0, "ordinary"),
    ]


def test_every_kind_with_a_finished_step_has_one_line() -> None:
    lines = [(row["job_type"], row["kind_p99_seconds"], row["kind_max_seconds"]) for row in rows(0)]
    assert lines == [("A", 100.0, 200.0), ("B", 60.0, 61.0)]


def test_the_kind_with_the_step_nearest_to_its_end_comes_first() -> None:
    assert drawn()["layer"][1]["encoding"]["y"]["sort"][:2] == ["A", "B"]


def test_a_stuck_step_has_the_colour_of_failure() -> None:
    scale = drawn()["layer"][1]["encoding"]["color"]["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True))["stuck"] == PHASE_COLOURS["Failed"]
