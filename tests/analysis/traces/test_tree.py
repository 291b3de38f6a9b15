"""Trees as something that ran: which one an id stands in, in which order, with which spans."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from cce_etl.analysis import Published, open_published
from cce_etl.analysis.traces.tree import JobLocation, Trace, TraceNode, locate_job, read_trace
from cce_etl.errors import CceEtlError
from tests.analysis.traced import BEGIN, OBSERVED, SECOND, node, trace, write_published

FIRST = "00000000-0000-11f1-8000-000000000001"
ROOT = node("", 0, 60, job_id="root", critical_self_seconds=1.5)
TREE = trace(
    ROOT,
    node("0", 10, 40.000000001, job_id="a", is_on_critical_path=True, critical_self_seconds=30.000000001),
    node("1", None, None, "Initializing", job_id="b"),
    node("2", 5, 9, "Failed", job_id="c", reason="no's", extend_param={"zone": "b", "empty": ""}),
    node("2/0", 6, 9, job_id="d"),
    node("2/1", 5, 7, job_id="e"),
)


def read(path: Path, job_id: str, source: str | None = None) -> Trace:
    with open_published(path) as published:
        return read_trace(published, job_id, source)


def renamed(one: Trace, **places: str) -> Trace:
    return msgspec.structs.replace(one, **places)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("traces") / "p.duckdb", TREE)


def test_children_follow_their_parent_in_order_of_start_and_those_not_started_come_last(written: Path) -> None:
    assert [each.path for each in read(written, "root").nodes] == ["", "2", "2/1", "2/0", "0", "1"]


def test_a_node_is_read_as_it_stands_to_the_nanosecond(written: Path) -> None:
    by_path = {each.path: each for each in read(written, "root").nodes}
    expected = {each.path: each for each in TREE.nodes[1:]}
    # What is not finished with both clocks has no critical path: the root's own part says that it has.
    assert by_path == expected | {"": msgspec.structs.replace(ROOT, is_on_critical_path=True)}
    assert by_path["0"].ended_ns == BEGIN + 40 * SECOND + 1


@pytest.mark.parametrize(("job_id", "paths"), [("root", [""]), ("d", ["2/0"])])
def test_a_root_and_a_step_lead_to_the_same_tree(tmp_path: Path, job_id: str, paths: list[str]) -> None:
    with open_published(write_published(tmp_path / "p.duckdb", TREE)) as published:
        assert locate_job(published, job_id, None) == JobLocation("s", "root", paths)


def test_a_source_that_lacks_the_id_is_named(tmp_path: Path) -> None:
    path = write_published(tmp_path / "p.duckdb", TREE)
    with open_published(path) as published, pytest.raises(CceEtlError, match="No job d of the source u is in"):
        locate_job(published, "d", "u")


def test_a_tree_without_any_time_is_read_and_has_no_span(tmp_path: Path) -> None:
    missing: dict[str, Any] = {"start": None, "end": None, "phase": "Running", "observed_ns": None}
    bare = trace(node("", job_id="root", **missing), node("0", **missing))
    found = read(write_published(tmp_path / "p.duckdb", bare), "root")
    assert (found.spans(), found.no_span_counts(), found.root.observed_ns) == ([], {"no start sent": 2}, None)


def test_a_steps_id_leads_to_its_tree_and_is_where_it_was_asked_for(written: Path) -> None:
    found = read(written, "d")
    assert (found.root_job_id, found.asked_paths, len(found.nodes)) == ("root", ["2/0"], 6)
    assert read(written, "root").asked_paths == [""]


@pytest.mark.parametrize("job_id", ["absent", "it's", "a' OR 'a' = 'a"])
def test_an_id_never_seen_is_said_so(written: Path, job_id: str) -> None:
    with pytest.raises(CceEtlError, match=r"No job .* is in .*p\.duckdb"):
        read(written, job_id)
    with pytest.raises(CceEtlError, match="No job root of the source t is in"):
        read(written, "root", "t")


def test_an_id_in_two_sources_needs_one_named(tmp_path: Path) -> None:
    path = write_published(tmp_path / "p.duckdb", TREE, renamed(TREE, source="t"))
    with pytest.raises(CceEtlError, match="several sources: name one of s, t with --source"):
        read(path, "a")
    assert read(path, "a", "t").source == "t"


def test_a_step_below_two_roots_needs_one_named_but_a_root_is_its_own_tree(tmp_path: Path) -> None:
    other = trace(node("", job_id="other"), node("0", job_id="a"), node("1", job_id="root"))
    path = write_published(tmp_path / "p.duckdb", TREE, renamed(other, root_job_id="other"))
    with pytest.raises(CceEtlError, match=r"a step of several jobs: ask for one of other, root\."):
        read(path, "a")
    assert read(path, "root").root_job_id == "root"


def test_a_file_of_before_there_were_critical_paths_is_one_clear_error(tmp_path: Path) -> None:
    path = write_published(tmp_path / "p.duckdb", TREE)
    with duckdb.connect(path) as connection:
        connection.execute("ALTER TABLE marts.steps DROP critical_self_seconds")
    with pytest.raises(CceEtlError, match=r"The query failed: .*critical_self_seconds"):
        read(path, "root")


def test_the_models_own_tables_are_enough_and_their_critical_path_makes_up_the_root(published: Published) -> None:
    found = read_trace(published, FIRST)
    assert [each.path for each in found.nodes] == ["", "2", "2/1", "2/0", "0", "1"]
    parts = [each.critical_self_seconds for each in found.nodes]
    assert sum(Decimal(str(part)) for part in parts if part is not None) == Decimal(60)
    assert found.root.is_on_critical_path
    assert found.nodes[4].extend_param == {"zone": "b", "cluster.flavor": "large", "phase": "odd"}


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (node("", 0, 0), None),
        (node("", 5, None, "Running"), None),
        (node("", 5, None, "Paused"), None),
        (node("", 5, None, None), None),
        (node("", 5, None, "Initializing"), "not started"),
        (node("", None, 5), "no start sent"),
        (node("", None, None, "Running"), "no start sent"),
        (node("", 5, None), "no end sent"),
        (node("", 5, 4.9), "ends before its start"),
        (node("", 2_000, None, "Running"), "ends before its start"),
    ],
)
def test_a_node_says_what_it_lacks_for_a_span(one: TraceNode, reason: str | None) -> None:
    assert one.no_span_reason == reason
    assert len(trace(one).spans()) == (reason is None)


def test_a_running_nodes_span_ends_when_it_was_last_fetched() -> None:
    (span,) = trace(node("", 5, None, "Running")).spans()
    assert (span.start_ns, span.end_ns) == (BEGIN + 5 * SECOND, OBSERVED)


def test_a_span_hangs_on_the_nearest_ancestor_that_has_one() -> None:
    one = trace(node("", 0, 9), node("0", None, None), node("0/0", None, 4), node("0/0/0", 1, 2), node("0/0/0/0", 1, 2))
    assert {span.node.path: span.parent_path for span in one.spans()} == {"": None, "0/0/0": "", "0/0/0/0": "0/0/0"}
    assert one.no_span_counts() == {"no start sent": 2}
