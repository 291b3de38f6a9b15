"""Chrome Trace Event JSON: what the format asks for, and what viewers need to draw a tree as one."""

import json
from decimal import Decimal
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.analysis.traces.chrome import lanes_of, trace_events
from cce_etl.analysis.traces.tree import Trace, TraceNode
from tests.analysis.traced import node, trace


def document(one: Trace) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(trace_events(one), parse_float=Decimal)
    return decoded


def events(one: Trace, ph: str = "X") -> dict[str, dict[str, Any]]:
    return {event["name"]: event for event in document(one)["traceEvents"] if event["ph"] == ph}


def test_a_complete_event_holds_microseconds_exact_to_the_nanosecond() -> None:
    found = events(trace(node("", 0, 60), node("0", 0.000000001, 86_400.123456789)))
    assert (found["T"]["ts"], found["T"]["dur"]) == (Decimal("0.000"), Decimal("60000000.000"))
    assert (found["T0"]["ts"], found["T0"]["dur"]) == (Decimal("0.001"), Decimal("86400123456.788"))


def test_time_runs_from_the_earliest_start_which_is_told() -> None:
    one = trace(node("", 100, 160), node("0", 0.000000001, 10))
    assert events(one)["T"]["ts"] == Decimal("99999999.999")
    other = document(one)["otherData"]
    assert other["time_zero"] == "2026-06-01 00:00:00.000000001 UTC"
    assert other["observed_at"] == "2026-06-01 00:16:40 UTC"


def test_a_parent_comes_before_its_child_of_the_same_time_on_the_same_thread() -> None:
    found = events(trace(node("", 0, 5), node("0", 0, 5), node("0/0", 0, 5)))
    assert list(found) == ["T", "T0", "T0/0"]
    assert {event["tid"] for event in found.values()} == {1}


def test_steps_that_overlap_stand_on_threads_of_their_own_and_take_their_children_along() -> None:
    found = events(
        trace(
            node("", 0, 20),
            *(node("0", 1, 5), node("0/0", 2, 3)),
            *(node("1", 2, 9), node("1/0", 3, 9)),
            node("2", 5, 6),
            node("3", 10, 12),
        )
    )
    assert {name: event["tid"] for name, event in found.items()} == {
        **dict.fromkeys(("T", "T0", "T0/0", "T2", "T3"), 1),
        **dict.fromkeys(("T1", "T1/0"), 2),
    }


def test_a_child_that_outlives_its_parent_or_starts_before_it_is_not_nested_in_it() -> None:
    found = events(trace(node("", 10, 20), node("0", 15, 25), node("1", 5, 12)))
    # The two children do not overlap each other.
    assert {name: event["tid"] for name, event in found.items()} == {"T1": 1, "T": 2, "T0": 1}


def test_a_running_step_runs_to_the_observation_and_says_so() -> None:
    found = events(trace(node("", 0, None, "Running"), node("0", 0, 3)))
    assert (found["T"]["dur"], found["T"]["args"]["is_running"]) == (Decimal("1000000000.000"), True)
    assert "is_running" not in found["T0"]["args"]


def test_what_was_sent_stands_in_the_args_and_what_was_not_does_not() -> None:
    step = node(
        *("0", 0, 1, "Failed"),
        reason="no quota",
        resource_name="n\x1b",
        cluster_id="",
        extend_param={"zone": "b"},
        is_on_critical_path=True,
        critical_self_seconds=0.5,
    )
    event = events(trace(node(""), step))["T0"]
    assert (event["cat"], event["pid"]) == ("Failed", 1)
    assert event["args"] == {
        "job_id": "job 0",
        "parent_job_id": "job ",
        "path": "0",
        "phase": "Failed",
        "reason": "no quota",
        "resource_name": "n\x1b",
        "is_on_critical_path": True,
        "critical_self_seconds": Decimal("0.5"),
        "extend_param": {"zone": "b"},
    }


def test_process_and_threads_have_names_and_an_order() -> None:
    one = trace(node("", 0, 5), node("0", 1, 4), node("1", 1, 4))
    named = [event for event in document(one)["traceEvents"] if event["ph"] == "M"]
    assert [(event["name"], event["tid"], event["args"]) for event in named] == [
        ("process_name", 1, {"name": "T root"}),
        ("thread_name", 1, {"name": "steps"}),
        ("thread_sort_index", 1, {"sort_index": 0}),
        ("thread_name", 2, {"name": "in parallel 1"}),
        ("thread_sort_index", 2, {"sort_index": 1}),
    ]


def test_nodes_without_a_span_are_counted_and_left_out() -> None:
    planned = [node("0", None, None, "Initializing"), node("1", 3, None, "Initializing")]
    one = trace(node("", 0, 5), *planned, node("2", 3, 2), node("3", None, 5))
    assert list(events(one)) == ["T"]
    assert document(one)["otherData"]["left_out"] == {
        "not started": 2,
        "ends before its start": 1,
        "no start sent": 1,
    }


def test_a_tree_without_any_time_is_a_document_without_events() -> None:
    found = document(trace(node("", None, None, "Initializing")))
    assert [event["name"] for event in found["traceEvents"]] == ["process_name"]
    assert found["otherData"]["time_zero"] is None


def test_a_thousand_steps_at_once_take_as_many_threads() -> None:
    many = trace(node("", 0, 5), *(node(str(number), 1, 2) for number in range(1_000)))
    assert {event["tid"] for event in events(many).values()} == set(range(1, 1_001))


@st.composite
def trees(draw: st.DrawFn) -> list[TraceNode]:
    nodes = [node("", 0, draw(st.integers(0, 12)))]
    for _ in range(draw(st.integers(0, 10))):
        above = draw(st.sampled_from(nodes))
        ordinal = sum(each.parent_path == above.path for each in nodes)
        start = draw(st.integers(0, 12))
        path = f"{above.path}/{ordinal}" if above.path else str(ordinal)
        nodes.append(node(path, start, start + draw(st.integers(-1, 8))))
    return sorted(nodes, key=lambda each: each.path)


@given(trees())
@settings(max_examples=60, deadline=None)
def test_on_a_thread_two_events_are_apart_or_one_is_an_ancestor_around_the_other(nodes: list[TraceNode]) -> None:
    spans = sorted(trace(*nodes).spans(), key=lambda span: (span.start_ns, -span.end_ns, span.node.path))
    lanes = lanes_of(spans)
    assert set(lanes) == {span.node.path for span in spans}
    for one, other in combinations(spans, 2):
        if lanes[one.node.path] != lanes[other.node.path] or one.end_ns <= other.start_ns:
            continue
        assert one.start_ns <= other.start_ns <= other.end_ns <= one.end_ns
        assert one.node.path == "" or other.node.path.startswith(f"{one.node.path}/")
