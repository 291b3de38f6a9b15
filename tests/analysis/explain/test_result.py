"""The result as plain values and in a notebook."""

from math import nan

import msgspec
import pandas
import pytest

from cce_etl.analysis import Explanation, open_published
from cce_etl.analysis.explain.explain import explain
from tests.analysis.explained import steps, write_published


@pytest.fixture(scope="module")
def explanation(tmp_path_factory: pytest.TempPathFactory) -> Explanation:
    path = write_published(
        tmp_path_factory.mktemp("explanation") / "p.duckdb",
        steps=steps([300.0], "2026-06-20", job_type="<b>&"),
        step_cohorts=[
            {"job_type": "<b>&", "dimensions": ["flavor"], "dimension_values": ["<i>"]} | {"ratio_high": nan}
        ],
    )
    with open_published(path) as published:
        return explain(published, "<b>&")


def test_the_plain_form_has_the_documented_keys(explanation: Explanation) -> None:
    plain = explanation.to_dict()
    assert {
        *("step", "window", "baseline", "now", "before", "changes", "findings", "critical_path_share"),
        *("minutes_saved_per_day", "failure_rate", "reasons", "slowest"),
    } <= plain.keys()
    assert plain["now"].keys() >= {"median_seconds", "p95_seconds", "low", "high", "n"}
    assert plain["failure_rate"].keys() >= {"rate", "low", "high", "n"}
    assert plain["findings"][0].keys() >= {"dimensions", "values", "ratio", "low", "high", "q", "n", "since", "measure"}
    assert plain["critical_path_share"] is None
    assert "queries" not in plain


def test_no_number_is_anything_json_does_not_know(explanation: Explanation) -> None:
    plain = explanation.to_dict()
    assert plain["findings"][0]["high"] is None
    assert msgspec.json.decode(msgspec.json.encode(plain)) == plain


def test_lists_become_frames(explanation: Explanation) -> None:
    frame = pandas.DataFrame(explanation.to_dict()["findings"])
    assert frame["ratio"].tolist() == [3.1]


def test_a_notebook_shows_the_sentences_with_names_escaped(explanation: Explanation) -> None:
    html = explanation._repr_html_()
    assert "<h4>&lt;b&gt;&amp;, 2026-06-01 00:00 to" in html
    assert "flavor &lt;i&gt;" in html
    assert "<b>" not in html
