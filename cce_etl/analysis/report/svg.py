"""A drawing as a part of the page: static SVG in the page's own colours and fonts.

Lives here: what is kept of the SVG that Vega makes. Does not: drawing (`panels`).
"""

from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from cce_etl.analysis.charts import BLUE, INK, ORANGE

if TYPE_CHECKING:
    import altair

GRID: Final = "#dddddd"
# The reader's scheme, light or dark, decides what a variable of the page's style means.
_VARIABLES: Final = {BLUE: "var(--blue)", ORANGE: "var(--orange)", INK: "var(--quiet)", GRID: "var(--line)"}
_AXIS: Final = {
    "domain": False,
    "ticks": False,
    "gridColor": GRID,
    "labelColor": INK,
    "titleColor": INK,
    "labelFontSize": 11,
    "labelPadding": 6,
}
_CONFIG: Final = {"background": None, "view": {"stroke": None}, "axis": _AXIS}
_KEPT: Final = frozenset(
    (
        *("d", "x", "y", "x2", "y2", "viewBox", "transform", "fill", "stroke", "stroke-width", "stroke-dasharray"),
        *("stroke-linecap", "stroke-linejoin", "text-anchor", "font-size"),
    )
)
_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"


def picture(chart: "altair.TopLevelMixin") -> str:
    """Return a chart as an SVG element without scripts, styles and ids, in the page's colours, as wide as its box."""
    import vl_convert

    # Without validation, which takes longer than the drawing; what the charts hold is checked by their tests.
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(validate=False) | {"config": _CONFIG})
    root = ElementTree.fromstring(svg)  # noqa: S314  drawn just now, from figures alone
    for element in root.iter():
        _clean(element)
    root.set("aria-hidden", "true")
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: "ElementTree.Element[str]") -> None:
    for child in list(element):
        if _is_invisible(child):
            element.remove(child)
    element.tag = element.tag.removeprefix(_NAMESPACE)
    kept: dict[str, Any] = {name: value for name, value in element.items() if name in _KEPT}
    element.attrib.clear()
    element.attrib.update({name: _VARIABLES.get(value, value) for name, value in kept.items()})


def _is_invisible(element: "ElementTree.Element[str]") -> bool:
    # Vega leaves behind the backgrounds of its groups, and the labels that would overlap others.
    has_outline_only = element.get("class") in ("background", "foreground")
    return has_outline_only or element.get("opacity") == "0" or element.get("display") == "none"
