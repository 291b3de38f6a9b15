"""Colours that can be read: the contrast of every pair in use, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from cce_etl.analysis.report.page import style_sheet

TEXTS = (
    *(("ink", "page"), ("ink", "card"), ("ink", "track"), ("ink", "notice"), ("quiet", "page"), ("quiet", "card")),
    *(("link", "page"), ("link", "card"), ("link", "track"), ("success", "card"), ("failed", "card")),
    *(("running", "card"), ("other", "card"), ("card", "failed")),
)
GRAPHICS = (
    *(("blue", "card"), ("orange", "card"), ("quiet", "card"), ("blue", "track"), ("blue", "page"), ("orange", "page")),
    *(("success", "card"), ("failed", "card"), ("running", "card"), ("waiting", "card"), ("other", "card")),
    *(("link", "page"), ("orange", "notice")),
)


def schemes() -> dict[str, dict[str, str]]:
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", style_sheet(), re.DOTALL)
    )
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_greatest_contrast_and_a_colour_on_itself_none() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#0072b2", "#0072b2") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_pictures_stand_out_from_what_is_behind_them(scheme: str) -> None:
    colours = schemes()[scheme]
    weak = [pair for pair in TEXTS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
    weak += [pair for pair in GRAPHICS if contrast(colours[pair[0]], colours[pair[1]]) < 3]
    assert weak == []


def test_the_dark_scheme_changes_every_colour() -> None:
    light, dark = schemes()["light"], schemes()["dark"]
    assert [name for name in light if light[name] == dark[name]] == []


def test_every_variable_in_use_is_defined() -> None:
    assert set(re.findall(r"var\(--([\w-]+)\)", style_sheet())) <= set(schemes()["light"])
