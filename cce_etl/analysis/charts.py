"""What all charts share: colours told apart by colour-blind readers, phases in order, time in UTC, logarithmic axes.

Lives here: colours, scales, titles. Does not: any chart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import altair
    import pandas

# Okabe and Ito 2008, "Color Universal Design": eight colours that all common kinds of colour vision tell apart.
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
INK: Final = "#333333"
PHASE_COLOURS: Final = {
    "Success": "#009E73",
    "Failed": "#D55E00",
    "Running": "#56B4E9",
    "Initializing": "#999999",
}
OTHER_PHASE_COLOUR: Final = "#CC79A7"
NO_PHASE: Final = "no phase sent"


def phase_scale(phases: Iterable[str]) -> "altair.Scale":
    """Return the colours of the phases that occur, the API's four in their order, then all others in one colour."""
    import altair

    found = set(phases)
    domain = [phase for phase in PHASE_COLOURS if phase in found] + sorted(found - PHASE_COLOURS.keys())
    return altair.Scale(domain=domain, range=[PHASE_COLOURS.get(phase, OTHER_PHASE_COLOUR) for phase in domain])


def utc_axis(field: str, title: str) -> "altair.X":
    """Return a time axis that reads in UTC wherever the chart is drawn; the field must be aware of its zone."""
    import altair

    return altair.X(f"{field}:T", title=title, scale=altair.Scale(type="utc"), axis=altair.Axis(labelOverlap=True))


def in_utc(times: "pandas.Series[pandas.Timestamp]") -> "pandas.Series[pandas.Timestamp]":
    """Mark naive UTC times as such: a browser takes naive ones for its own zone's."""
    return times.dt.tz_localize("UTC")


def log_scale() -> "altair.Scale":
    """Return a logarithmic scale, on which the same ratio is the same length everywhere."""
    import altair

    return altair.Scale(type="log", nice=False, padding=10)


def log_axis() -> "altair.Axis":
    """Return the axis of a logarithmic scale: few ticks, plain numbers."""
    import altair

    return altair.Axis(format=",~g", tickCount=6)


def layered(
    layers: Sequence["altair.Chart"], size: Mapping[str, Any], title: str, subtitle: str
) -> "altair.LayerChart":
    """Return the layers as one chart of a size, its explanation below the title and both as its description.

    The description is what a reader who cannot see the chart gets.
    """
    import altair

    params = altair.TitleParams(
        title, subtitle=subtitle, anchor="start", frame="bounds", subtitleColor=INK, subtitlePadding=4, offset=12
    )
    chart = altair.layer(*layers).properties(**size, title=params, description=f"{title}. {subtitle}")
    return cast("altair.LayerChart", chart)
