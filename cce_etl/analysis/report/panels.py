"""One small chart for each step type: median and 95th percentile of each day, and below them the number of steps."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from cce_etl.analysis.charts import BLUE, INK, ORANGE
from cce_etl.analysis.published import Published
from cce_etl.analysis.report import queries
from cce_etl.analysis.report.queries import Rows, read_rows
from cce_etl.analysis.report.svg import GRID, svg_element

if TYPE_CHECKING:
    import altair
    import pandas

Window = tuple["pandas.Timestamp", "pandas.Timestamp"]
_WIDTH: Final = 330
_HEIGHT: Final = 130
_COUNT_HEIGHT: Final = 24
_FEW_DAYS: Final = 5
_ROUND_DURATIONS: Final = (
    *((step * 10.0**power, f"{step * 10.0**power:g} s") for power in range(-9, 0) for step in (1, 2, 5)),
    *((value, f"{value} s") for value in (1, 2, 5, 10, 20, 30)),
    *((value * 60, f"{value} m") for value in (1, 2, 5, 10, 20, 30)),
    *((value * 3_600, f"{value} h") for value in (1, 2, 4, 8)),
    *((value * 86_400, f"{value:,} d") for value in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000)),
)
_MAX_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Panel:
    """A step type: its figures over all time, its days, oldest first, and their chart as SVG, '' without one."""

    about: Any
    days: Rows
    svg: str


def read_panels(published: Published, changes: Rows) -> tuple[Panel, ...]:
    """Return a panel for each step type that takes most time; `changes` are findings of marts.duration_changes.

    All panels have the same time axis, so that events at the same time are at the same position.
    """
    types = read_rows(published, queries.TYPES, [queries.MAX_PANELS])
    days = [read_rows(published, queries.DAYS, [*about[:2], queries.MAX_DAYS]) for about in types]
    dates = [day.created_on for each in days for day in each]
    panels = []
    for about, own_days in zip(types, days, strict=True):
        own_changes = [each.changed_at for each in changes if each[:2] == about[:2]]
        has_lengths = any(day.p95_seconds > 0 for day in own_days)
        svg = svg_element(days_chart(own_days, own_changes, (min(dates), max(dates)))) if has_lengths else ""
        panels.append(Panel(about, own_days, svg))
    return tuple(panels)


def days_chart(days: Rows, changed_at: "Sequence[pandas.Timestamp]", window: Window) -> "altair.VConcatChart":
    """Draw days (created_on, measured_count, p50_seconds, p95_seconds), oldest first, and when durations changed.

    `window` is the first and the last day of the axis. Durations of 0 s, which a logarithmic scale cannot show, and
    changes outside the window are left out.
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
    # The line of a single day has no length, so the day gets a dot.
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
    # Over few days Vega would put ticks at hours and label each with its date.
    ticks = {"values": [1_000 * each.timestamp() for each in days]} if len(days) <= _FEW_DAYS else {"tickCount": 5}
    labels = altair.Axis(title=None, format="%-d %b", labelOverlap=True, grid=False, labels=has_labels, **ticks)
    return altair.X("day:T", scale=altair.Scale(type="utc", domain=ends), axis=labels)


def _data(points: "Iterable[tuple[pandas.Timestamp, float]]") -> "altair.InlineData":
    import altair

    # A browser takes times without a zone for its own zone.
    return altair.InlineData([{"day": f"{day:%Y-%m-%dT%H:%M:%SZ}", "value": value} for day, value in points])


def duration_axis(shortest: float, longest: float) -> "altair.Y":
    """Return a logarithmic axis for durations in seconds above 0 that starts and ends at a round duration."""
    import altair

    last = len(_ROUND_DURATIONS) - 1
    low = max((index for index, (value, _) in enumerate(_ROUND_DURATIONS) if value <= shortest), default=0)
    high = min((index for index, (value, _) in enumerate(_ROUND_DURATIONS) if value >= longest), default=last)
    if low == high:  # a scale needs two ends
        low, high = max(0, low - 1), min(last, high + 1)
    rounds = _ROUND_DURATIONS[low : high + 1]
    labels = dict(rounds[:: -(-len(rounds) // _MAX_TICKS)])
    texts = json.dumps({f"{value:.15g}": label for value, label in labels.items()})
    axis = altair.Axis(title=None, values=list(labels), labelExpr=f"{texts}[datum.value]")
    scale = altair.Scale(type="log", nice=False, domain=[rounds[0][0], rounds[-1][0]])
    return altair.Y("value:Q", scale=scale, axis=axis)
