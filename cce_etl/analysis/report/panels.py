"""One small chart a step type: the median and the 95th percentile of each day, and below them how many there were.

Lives here: reading and drawing them. Does not: making a drawing part of the page (`pictures`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from cce_etl.analysis.charts import BLUE, INK, ORANGE
from cce_etl.analysis.published import Published
from cce_etl.analysis.report import queries as questions
from cce_etl.analysis.report.duration_axis import duration_axis
from cce_etl.analysis.report.rows import Rows, read_rows
from cce_etl.analysis.report.svg import GRID, picture

if TYPE_CHECKING:
    import altair
    import pandas

Window = tuple["pandas.Timestamp", "pandas.Timestamp"]
_WIDTH: Final = 330
_HEIGHT: Final = 130
_COUNT_HEIGHT: Final = 24
_FEW_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Panel:
    """Hold one step type: its figures over all time, its days, oldest first, and the drawing of these as SVG."""

    about: Any
    days: Rows
    svg: str


def read_panels(published: Published, changes: Rows) -> tuple[Panel, ...]:
    """Return a panel for each of the most important step types; `changes` are findings of marts.duration_changes.

    All panels share one axis of time, so that what happened at once stands at one place.
    """
    types = read_rows(published, questions.TYPES, [questions.MOST_PANELS])
    days = [read_rows(published, questions.DAYS, [*about[:2], questions.MOST_DAYS]) for about in types]
    dates = [day.created_on for each in days for day in each]
    panels = []
    for about, own_days in zip(types, days, strict=True):
        own_changes = [each.changed_at for each in changes if each[:2] == about[:2]]
        has_lengths = any(day.p95_seconds > 0 for day in own_days)
        svg = picture(days_chart(own_days, own_changes, (min(dates), max(dates)))) if has_lengths else ""
        panels.append(Panel(about, own_days, svg))
    return tuple(panels)


def days_chart(days: Rows, changed_at: "Sequence[pandas.Timestamp]", window: Window) -> "altair.VConcatChart":
    """Draw days (created_on, measured_count, p50_seconds, p95_seconds), oldest first, and when durations changed.

    `window` is the first and the last day of the axis. A figure of 0 s has no place on the logarithmic scale and is
    left out, and so is a change outside of the window.
    """
    import altair

    lengths = [each for day in days for each in (day.p50_seconds, day.p95_seconds) if each > 0]
    seconds, time = duration_axis(min(lengths), max(lengths)), _time(window)
    high = _line([(day.created_on, day.p95_seconds) for day in days], ORANGE, 1.25).encode(x=time, y=seconds)
    middle = _line([(day.created_on, day.p50_seconds) for day in days], BLUE, 2.25).encode(x=time, y=seconds)
    within = [(each, 1) for each in changed_at if window[0] <= each <= window[1]]
    rules = altair.Chart(_data(within)).mark_rule(color=INK, strokeDash=[3, 3]).encode(x=time)
    figures = altair.layer(rules, high, middle).properties(width=_WIDTH, height=_HEIGHT)
    chart = altair.vconcat(figures, _counts(days, window), spacing=14).resolve_scale(x="shared")
    return cast("altair.VConcatChart", chart)


def _line(points: "list[tuple[pandas.Timestamp, float]]", colour: str, width: float) -> "altair.Chart":
    import altair

    base = altair.Chart(_data((day, value) for day, value in points if value > 0))
    # A day alone makes a line without length.
    dot = {"color": colour, "size": 30} if len(points) == 1 else False
    line = base.mark_line(color=colour, strokeWidth=width, strokeJoin="round", strokeCap="round", point=dot)
    return cast("altair.Chart", line)


def _counts(days: Rows, window: Window) -> "altair.Chart":
    import altair
    import pandas

    found = {day.created_on: day.measured_count for day in days}
    base = altair.Chart(_data((day, found.get(day, 0)) for day in pandas.date_range(*window)))
    area = base.mark_area(interpolate="step", color=GRID, line={"color": INK, "strokeWidth": 1})
    most = max(found.values())
    axis = altair.Axis(title=None, values=[most], labelExpr="'n ' + format(datum.value, ',')", grid=False)
    count = altair.Y("value:Q", axis=axis, scale=altair.Scale(domain=[0, most]))
    encoded = area.encode(x=_time(window, has_labels=True), y=count)
    return cast("altair.Chart", encoded.properties(width=_WIDTH, height=_COUNT_HEIGHT))


def _time(window: Window, *, has_labels: bool = False) -> "altair.X":
    import altair
    import pandas

    half = pandas.Timedelta(hours=12)
    ends = [1_000 * each.timestamp() for each in (window[0] - half, window[1] + half)]
    days = pandas.date_range(*window)
    # Between few days Vega would name hours, each by its date.
    ticks = {"values": [1_000 * each.timestamp() for each in days]} if len(days) <= _FEW_DAYS else {"tickCount": 5}
    labels = altair.Axis(title=None, format="%-d %b", labelOverlap=True, grid=False, labels=has_labels, **ticks)
    return altair.X("day:T", scale=altair.Scale(type="utc", domain=ends), axis=labels)


def _data(points: "Iterable[tuple[pandas.Timestamp, float]]") -> "altair.InlineData":
    import altair

    # A browser takes times without a zone for its own zone's.
    return altair.InlineData([{"day": f"{day:%Y-%m-%dT%H:%M:%SZ}", "value": value} for day, value in points])
