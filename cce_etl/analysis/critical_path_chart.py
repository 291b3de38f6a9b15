"""One job's waterfall with its critical path marked: what would have to be shorter for the job to be.

Lives here: the mark. Does not: bars and names (`waterfall_chart`), the path (`critical_paths`).
"""

from typing import TYPE_CHECKING, Any, Final, cast

from cce_etl.analysis.charts import INK
from cce_etl.analysis.waterfall_chart import MOST_ROWS, waterfall_chart

if TYPE_CHECKING:
    import altair
    import pandas

_MARK: Final = "Underlined: on the critical path."


def critical_path_chart(tree: "pandas.DataFrame", title: str = "One job, and what it waits for") -> "altair.LayerChart":
    """Draw rows of `critical_path` as `waterfall_chart` does, each bar on the critical path underlined.

    Of a tree of more than MOST_ROWS only what is on the path is drawn, at most MOST_ROWS of it, and the subtitle says
    so. A job without a path, one that still runs, has no line.
    """
    import altair

    shown = _shown(tree)
    waterfall: Any = waterfall_chart(shown, title)
    ends = shown["offset_seconds"] + shown["duration_seconds"]
    lines = shown[["offset_seconds"]].assign(row=range(len(shown)), end=ends)[shown["is_on_critical_path"]]
    mark = altair.Chart(lines.dropna()).mark_rule(strokeWidth=2.5, color=INK, yOffset=8)
    path = mark.encode(x="offset_seconds:Q", x2="end:Q", y="row:O")
    part = "" if len(shown) == len(tree) else f" Shown: {len(shown)} on it, of {len(tree)}."
    subtitle = f"{waterfall.title.subtitle} {_MARK}{part}"
    described = waterfall.title.copy()
    described.subtitle = subtitle
    chart = (waterfall + path).properties(title=described, description=f"{title}. {subtitle}")
    return cast("altair.LayerChart", chart)


def _shown(tree: "pandas.DataFrame") -> "pandas.DataFrame":
    if len(tree) <= MOST_ROWS:
        return tree
    return tree[tree["is_on_critical_path"]].head(MOST_ROWS).reset_index(drop=True)
