"""The chart of survival: two curves from 1 down, and ticks for what still runs."""

from typing import Any

from pandas import DataFrame

from cce_etl.analysis import survival_chart

CURVE = DataFrame(
    {
        "seconds": [2.0, 3.0, 5.0],
        "ended_count": [1, 0, 1],
        "censored_count": [0, 2, 0],
        "survival": [0.75, 0.75, 0.0],
        "ended_survival": [0.5, 0.5, 0.0],
    }
)


def datasets(curve: DataFrame) -> list[list[dict[str, Any]]]:
    return list(survival_chart(curve, "T").to_dict()["datasets"].values())


def test_both_curves_begin_at_one() -> None:
    (lines,) = [rows for rows in datasets(CURVE) if "curve" in rows[0]]
    by_curve = {name: [row["share"] for row in lines if row["curve"] == name] for name in (r["curve"] for r in lines)}
    assert by_curve == {
        "Kaplan-Meier, running ones too": [1.0, 0.75, 0.75, 0.0],
        "ended ones alone": [1.0, 0.5, 0.5, 0.0],
    }


def test_a_tick_stands_where_a_step_was_last_seen_running() -> None:
    assert [{"seconds": 3.0, "share": 0.75}] in datasets(CURVE)


def test_the_subtitle_counts_both() -> None:
    subtitle = survival_chart(CURVE, "T").to_dict()["title"]["subtitle"]
    assert subtitle == "2 steps that ended, 2 last seen running (ticks). Dotted: half of them."


def test_a_curve_that_is_not_known_is_not_drawn() -> None:
    alone = CURVE.assign(ended_survival=float("nan"))
    (lines,) = [rows for rows in datasets(alone) if "curve" in rows[0]]
    assert [row["share"] for row in lines if row["curve"] == "ended ones alone"] == [1.0]
