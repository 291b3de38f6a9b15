"""What is left of a drawing when it becomes a part of the page."""

import re

import altair

from cce_etl.analysis.charts import BLUE
from cce_etl.analysis.report.svg import GRID, svg_element

VALUES = [{"day": f"2026-05-0{day}T00:00:00Z", "value": day} for day in range(1, 6)]


def test_a_picture_has_the_pages_colours_and_nothing_that_a_page_must_not_have() -> None:
    line = altair.Chart(altair.InlineData(VALUES)).mark_line(color=BLUE).encode(x="day:T", y="value:Q")
    svg = svg_element(line.mark_area(color=GRID, line={"color": BLUE}))
    assert svg.startswith("<svg ")
    assert 'aria-hidden="true"' in svg
    assert "var(--blue)" in svg
    assert "var(--line)" in svg
    assert re.findall(r"#[0-9A-Fa-f]{3,6}\b|white", svg) == []
    names = set(re.findall(r" ([\w-]+)=", svg))
    assert not names & {"style", "class", "id", "width", "height", "font-family", "href", "role", "onload"}
    assert "viewBox" in names
