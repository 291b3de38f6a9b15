"""The page as text: its policy, its structure, what each section says, and names from data."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cce_etl.analysis.report import report_page
from cce_etl.analysis.report.contents import Contents
from cce_etl.analysis.report.page import render, style_sheet

SECTIONS = (
    *("durations", "changes", "cohorts", "failures", "blame", "running", "waterfalls", "targets", "quality"),
    "coverage",
)


@dataclass
class Seen(HTMLParser):
    """What a parser of HTML meets in a page."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute on any tag."""
        return [value for _, own, value in self.attributes if own == name]


def seen(rich_page: str) -> Seen:
    parser = Seen()
    parser.feed(rich_page)
    parser.close()
    return parser


def words(page: str, section: str) -> str:
    """Return the words of a section, tags and doubled spaces gone."""
    body = page[page.index(f'<section id="{section}"') :]
    text = unescape(re.sub(r"<[^>]+>", " ", body[: body.index("</section>")]))
    return re.sub(r" (?=[.,;:])", "", re.sub(r"\s+", " ", text))


def test_the_policy_lets_in_the_one_style_and_nothing_else(rich_page: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", rich_page, re.DOTALL)
    assert style == style_sheet()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = [value for value in seen(rich_page).values("content") if "default-src" in value]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "http" not in style.replace("http-equiv", "")
    assert "url(" not in style


def test_the_page_is_one_file_without_scripts_or_inline_styles(rich_page: str) -> None:
    found = seen(rich_page)
    assert not {"script", "link", "img", "iframe", "object", "use", "image", "base"} & set(found.tags)
    assert found.values("style") == []
    assert [name for _, name, _ in found.attributes if name.startswith("on")] == []
    assert [value for value in found.values("href") if not value.startswith("#")] == []


def test_every_anchor_leads_somewhere_and_every_id_is_there_once(rich_page: str) -> None:
    found = seen(rich_page)
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {value.removeprefix("#") for value in found.values("href")} <= set(ids)
    assert set(found.values("aria-labelledby")) <= set(ids)
    assert set(SECTIONS) <= {value.removeprefix("#") for value in found.values("href")}


def test_headings_never_skip_a_level_and_there_is_one_title(rich_page: str) -> None:
    levels = [int(tag[1]) for tag in seen(rich_page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))


def test_pictures_are_named_and_tables_can_be_scrolled_with_the_keyboard(rich_page: str) -> None:
    found = seen(rich_page)
    boxes = re.findall(r'<div class="scroll" role="region" aria-label="[^"]+" tabindex="0">', rich_page)
    assert len(boxes) == found.tags.count("table")
    assert len(re.findall(r'role="img" aria-label="InstallMaster: median', rich_page)) == 1
    svgs = re.findall(r"<svg [^>]*>", rich_page)
    assert svgs
    assert all('aria-hidden="true"' in svg or 'class="key"' in svg for svg in svgs)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("durations", "1 m 15 s median (95 % interval from one value a job: 1 m 10 s to 1 m 22 s), p95 2 m 10 s"),
        (
            "durations",
            "n = 348 steps in 120 jobs. With failed steps and 4 that still ran (Kaplan-Meier): median 1 m 16 s",
        ),
        (
            "changes",
            "1 finding among 2 candidate dates. A finding is confirmed by a permutation test on one",
        ),
        ("changes", "(q < 0.01), and changed the duration by a factor of 1.05 or more."),
        ("changes", "a slowdown that comes with a new shape is not found here."),
        ("cohorts", "by a factor of 1.2 or more, with a false discovery rate below 1 % (q < 0.01)"),
        ("cohorts", "compared only among jobs of the same shape (tree of steps)"),
        ("changes", "InstallMaster has taken 3 times as long since 2026-05-15 06:00 UTC: median 1 m before, 3 m after"),
        ("changes", "(n = 60 and 58 jobs; q < 0.0001)"),
        ("changes", "First seen around that time: cluster.flavor=InstallMaster"),
        ("cohorts", "where cluster.flavor = InstallMaster and az = eu-1 has taken 3.02 times as long since 2026-05-15"),
        ("cohorts", "95 % interval of the ratio 2.81 to 3.33, q < 0.0001"),
        ("cohorts", "where az = none fails and no other step does: 25.0 % (10 failed; n = 40 jobs) against 0.0 %"),
        ("cohorts", "no interval of the ratio, q = 0.004"),
        ("failures", "InstallMaster 9 2.5 % 1.3 % to 4.7 % 12 360 3.3 % 1.9 % to 5.7 %"),
        ("failures", "75.0 % (3 of 4) 15 m 2026-05-02 2026-05-29"),
        ("failures", "no reason sent no type sent 1 no later job \u2013"),
        ("blame", "62.5 % 12 m 30 s 18 1 m 15 s 2 m 10 s 360 120 30"),
        ("running", "2 root jobs and 2 steps were running when last fetched. Stuck: 1 root job and 1 step. A root job"),
        (
            "running",
            "InstallMaster on InstallMaster Stuck 1 h 11 m 40 s 15 m 118 0 eu-root-4 2026-05-31 11:30 UTC no type",
        ),
        ("running", "no type sent Running 1 h 30 m \u2013 \u2013 0 2 eu-root-3"),
        ("running", "Stuck 1 h 30 m 100.0 % < 0.1 % 2.0 % 360"),
        ("waterfalls", "Job eu-root-1 on InstallMaster; n = 4 jobs in its tree"),
        ("waterfalls", "CreateCluster 10 m Success InstallMaster 8 m 20 s Success critical no type sent 1 m"),
        ("targets", "93.3 % (84) 95.0 % 90 \u221233.3 % 1.33 2026-05-03"),
        ("quality", "2 findings in 2 of 3 root jobs"),
        ("coverage", "Of 125 known job ids, 120 (96.0 %) were answered at least once"),
        (
            "coverage",
            "at least 2 are open. One is counted for each job, and one for each source with answers that",
        ),
    ],
)
def test_each_section_says_how_many_and_how_sure(rich_page: str, section: str, sentence: str) -> None:
    assert sentence in words(rich_page, section)


def test_the_tiles_count_findings_among_candidates_and_what_is_stuck(rich_page: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rich_page))
    assert "Changes found 1 of 2 candidate dates" in text
    assert "Stuck 1 of 2 running root jobs 1 of 2 running steps" in text


def test_empty_sections_say_so_in_a_sentence(empty_contents: Contents) -> None:
    page = render(empty_contents)
    assert "No root job has been loaded yet." in page
    assert "0 <small>no candidate date</small>" in page
    for section in SECTIONS:
        assert re.search(r"None: no|No evidence|None: nothing", words(page, section)), section


def test_letters_are_told_also_when_no_job_id_is_known(empty_contents: Contents) -> None:
    def coverage(failed_count: int) -> str:
        manifest = empty_contents.manifest._replace(ids_failed=failed_count)
        return words(render(replace(empty_contents, manifest=manifest)), "coverage")

    assert "no job id is known, and every answer could be used." in coverage(0)
    assert "and some answers could not be used. Answers" in coverage(1)
    assert "at least 1 is open. One is counted" in coverage(1)


def with_overview(contents: Contents, **figures: Any) -> Contents:
    """Return contents with other figures in the overview."""
    return replace(contents, overview=contents.overview._replace(**figures))


def test_a_candidate_that_is_no_finding_is_no_evidence(rich_contents: Contents) -> None:
    page = render(replace(with_overview(rich_contents, candidate_count=1, change_count=0), changes=()))
    assert "No evidence of a change: no finding among 1 candidate date." in words(page, "changes")
    assert "by a factor of 1.05 or more" in words(page, "changes")


def test_one_thing_is_not_many_and_no_step_has_no_types(rich_contents: Contents) -> None:
    ones = {"root_count": 1, "step_count": 1, "type_count": 1, "finding_count": 1, "finding_root_count": 1}
    one = render(with_overview(rich_contents, **ones, running_job_count=1, running_step_count=1, failed_count=1))
    assert "1 root job with 1 step of 1 type, started" in re.sub(r"\s+", " ", one)
    assert "1 root job and 1 step were running when last fetched" in words(one, "running")
    assert "1 finding in 1 of 1 root job." in words(one, "quality")
    assert "The one failed root job counts once" in words(one, "failures")
    none = render(with_overview(rich_contents, step_count=0, type_count=0))
    assert "3 root jobs without a step, started" in re.sub(r"\s+", " ", none)


@pytest.mark.parametrize(("source", "is_said"), [("demo", True), ("eu", False)])
def test_a_synthetic_fleet_is_called_one(rich_contents: Contents, source: str, is_said: bool) -> None:
    page = render(with_overview(rich_contents, sources=[source]))
    assert ("Synthetic fleet." in page) is is_said


def test_names_from_data_are_text_and_never_longer_than_a_line_or_two(hostile_page: str) -> None:
    page, found = hostile_page, seen(hostile_page)
    assert "script" not in found.tags
    assert any("<script>alert('x')</script>\"'&amp;" in text for text in found.text)
    assert [char for char in page if not char.isprintable() and char not in "\n\u00a0"] == []
    assert "bell\\x07 escape\\x1b[31m right-to-left\\x202e null\\x01" in page
    assert "L" * 161 not in page
    assert "… (10,000 characters)" in page
    assert len(page) < 200_000
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for _, name, _ in found.attributes)


def test_several_sources_are_told_apart(hostile_page: str) -> None:
    assert "<small>(de)</small>" in hostile_page


def test_two_reports_of_one_file_are_the_same(rich: Path, rich_page: str) -> None:
    assert report_page(rich) == rich_page


def test_a_file_published_the_whole_way_becomes_a_page(path: Path) -> None:
    page = report_page(path)
    assert "3 root jobs with 9 steps of 4 types" in re.sub(r"\s+", " ", page)
    assert "InstallMaster 40 s median (too few jobs for an interval)" in words(page, "durations")
