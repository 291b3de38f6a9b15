"""Charts as static SVG elements in the page's own colours and fonts."""

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from cce_etl.analysis.charts import BLUE, INK, ORANGE

if TYPE_CHECKING:
    import altair

GRID: Final = "#dddddd"
# The values of the variables depend on the reader's colour scheme, light or dark.
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


def svg_element(chart: "altair.TopLevelMixin") -> str:
    """Return a chart as an SVG element that fills its box, without scripts, styles and ids, in the page's colours."""
    import vl_convert

    # Validation takes longer than drawing; the tests check what the charts hold.
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(validate=False) | {"config": _CONFIG})
    root = ElementTree.fromstring(svg)  # noqa: S314  made one line above, from figures only
    for element in root.iter():
        for child in list(element):
            # Vega leaves the backgrounds of its groups, and labels that would overlap others, in the SVG.
            is_hidden = child.get("opacity") == "0" or child.get("display") == "none"
            if is_hidden or child.get("class") in ("background", "foreground"):
                element.remove(child)
        element.tag = element.tag.removeprefix(_NAMESPACE)
        kept = {name: _VARIABLES.get(value, value) for name, value in element.items() if name in _KEPT}
        element.attrib.clear()
        element.attrib.update(kept)
    root.set("aria-hidden", "true")
    return ElementTree.tostring(root, encoding="unicode")
