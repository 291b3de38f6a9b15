"""What all charts share: colours that colour-blind readers tell apart, phases in order, axes and titles."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import altair
    import pandas

# Okabe and Ito 2008, "Color Universal Design": eight colours that all common kinds of colour vision tell apart.
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
INK: Final = "#333333"
PHASE_COLOURS: Final = {"Success": "#009E73", "Failed": "#D55E00", "Running": "#56B4E9", "Initializing": "#999999"}
OTHER_PHASE_COLOUR: Final = "#CC79A7"
NO_PHASE: Final = "no phase sent"
NO_TYPE: Final = "no type sent"


def phase_scale(phases: Iterable[str]) -> "altair.Scale":
    """Return the colours of the phases that occur: the API's four in their order, then all others in one colour."""
    import altair

    found = set(phases)
    domain = [phase for phase in PHASE_COLOURS if phase in found] + sorted(found - PHASE_COLOURS.keys())
    return altair.Scale(domain=domain, range=[PHASE_COLOURS.get(phase, OTHER_PHASE_COLOUR) for phase in domain])


def utc_axis(field: str, title: str) -> "altair.X":
    """Return a time axis that reads in UTC wherever the chart is drawn; the field's times must be in a time zone."""
    import altair

    return altair.X(f"{field}:T", title=title, scale=altair.Scale(type="utc"), axis=altair.Axis(labelOverlap=True))


def logarithmic() -> dict[str, Any]:
    """Return the scale and axis of a logarithmic channel: few ticks, plain numbers."""
    import altair

    scale = altair.Scale(type="log", nice=False, padding=10)
    return {"scale": scale, "axis": altair.Axis(format=",~g", tickCount=6)}


def step_names(frame: "pandas.DataFrame") -> "pandas.Series[str]":
    """Return the step type of each row, with its source behind it when the rows are of several sources."""
    types: Any = frame["job_type"].fillna(NO_TYPE)
    names: pandas.Series[str] = types if frame["source"].nunique() <= 1 else types + " (" + frame["source"] + ")"
    return names


def layered(
    layers: Sequence["altair.Chart"], size: Mapping[str, Any], title: str, subtitle: str
) -> "altair.LayerChart":
    """Return the layers as one chart of a size, with a title and an explanation below it.

    Title and explanation are also the chart's description, which screen readers speak.
    """
    import altair

    params = altair.TitleParams(
        title, subtitle=subtitle, anchor="start", frame="bounds", subtitleColor=INK, subtitlePadding=4, offset=12
    )
    chart = altair.layer(*layers).properties(**size, title=params, description=f"{title}. {subtitle}")
    return cast("altair.LayerChart", chart)
