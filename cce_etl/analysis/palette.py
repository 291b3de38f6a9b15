"""What all charts share: colours told apart by colour-blind readers, phases in order, time in UTC.

Lives here: colours, the UTC axis. Does not: any chart.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

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


def in_utc(times: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """Mark naive UTC times as such: a browser takes naive ones for its own zone's."""
    return times.dt.tz_localize("UTC")


def titled(text: str, subtitle: str) -> "altair.TitleParams":
    """Return a title at the left edge with its explanation below."""
    import altair

    return altair.TitleParams(
        text, subtitle=subtitle.split("\n"), anchor="start", frame="group", subtitleColor=INK, offset=12
    )
