"""The page in a real browser without a network: wide and narrow, light, dark and on paper.

One browser for all tests. Without Chromium they are skipped; with CCE_REQUIRE_CHROMIUM=1 they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Shown:
    """A page in a browser, and what it asked for and complained of since it was opened."""

    page: "Page"
    path: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def look(self, width: int, media: Any, scheme: Any) -> None:
        """Look at the page in a window so wide, on a screen or on paper, in a scheme."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media=media, color_scheme=scheme)

    def hidden_width(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def colour(self, selector: str, name: str) -> str:
        """Return a computed colour, or another property, of the first such element."""
        query = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        return str(self.page.evaluate(query, [selector, name]))

    def picture(self) -> bytes:
        """Return a picture of the window."""
        return self.page.screenshot()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Yield a headless Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "No Chromium is installed (chromium, chromium-browser or google-chrome on the PATH)."
        if os.environ.get("CCE_REQUIRE_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=["rich", "hostile"])
def opened(
    request: pytest.FixtureRequest, browser: "Browser", rich_page: str, hostile_page: str, tmp_path_factory: Any
) -> Iterator[Shown]:
    """Yield the report of a file with plain names, then of one with hostile names, in a window without a network."""
    path: Path = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    path.write_text({"rich": rich_page, "hostile": hostile_page}[request.param], "utf-8")
    context = browser.new_context(offline=True)
    shown = Shown(context.new_page(), path)
    shown.page.on("request", lambda asked: shown.requests.append(asked.url))
    shown.page.on("console", lambda message: shown.complaints.append(message.text))
    shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.page.goto(path.as_uri())
    yield shown
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1_440, "dark")])
def test_the_page_fits_its_window_with_everything_unfolded(opened: Shown, width: int, scheme: Any) -> None:
    opened.look(width, "screen", scheme)
    opened.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert opened.hidden_width() == 0


@pytest.mark.parametrize(
    ("scheme", "background", "line"),
    [("light", "rgb(245, 246, 248)", "rgb(0, 114, 178)"), ("dark", "rgb(17, 21, 27)", "rgb(95, 178, 242)")],
)
def test_the_scheme_decides_the_colours_of_page_and_charts(
    opened: Shown, scheme: Any, background: str, line: str
) -> None:
    opened.look(1_440, "screen", scheme)
    assert opened.colour("body", "backgroundColor") == background
    assert opened.colour(".chart path[stroke='var(--blue)']", "stroke") == line


def test_paper_is_light_shows_folded_jobs_and_cuts_nothing_off(opened: Shown) -> None:
    opened.look(700, "print", "dark")
    opened.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = false })")
    assert opened.colour("body", "color") == "rgb(26, 32, 40)"
    assert opened.hidden_width() == 0
    assert opened.page.locator("details.job:not([open]) table").first.is_visible()
    assert not opened.page.locator("nav").is_visible()
    assert opened.picture().startswith(PNG)


def test_the_keyboard_skips_to_the_content_unfolds_and_scrolls_a_wide_table(opened: Shown) -> None:
    opened.look(390, "screen", "light")
    opened.page.reload()
    keyboard = opened.page.keyboard
    keyboard.press("Tab")
    assert opened.colour("a.skip:focus", "outlineStyle") == "solid"
    keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "content"
    opened.page.locator("details.data > summary").first.focus()
    keyboard.press("Enter")
    keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "scroll"
    box = opened.page.locator("#failures .scroll").first
    box.evaluate("each => { window.moved = new Promise(done => { each.onscroll = () => done(each.scrollLeft) }) }")
    box.focus()
    keyboard.press("ArrowRight")
    assert opened.page.evaluate("window.moved") > 0


def test_until_the_end_nothing_was_asked_for_and_nothing_complained_of(opened: Shown) -> None:
    assert set(opened.requests) == {opened.path.as_uri()}
    assert opened.complaints == []


def test_a_script_that_got_in_would_not_run(opened: Shown) -> None:
    script = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    opened.page.evaluate(script)
    assert opened.page.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in text for text in opened.complaints)
