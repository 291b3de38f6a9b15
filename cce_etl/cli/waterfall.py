"""One job's tree as lines of text: a bar a node over the root's time, understood without any colour.

Lives here: columns, bars, which nodes are shown when there are too many. Does not: reading the tree
(`analysis/traces`), printing (`tracing`).
"""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final

import msgspec

from cce_etl.cli.text import one_line, seconds_text

if TYPE_CHECKING:
    from cce_etl.analysis.traces.tree import Span, Trace, TraceNode

# About four screens. What is left out is said, and `-o` writes all.
MOST_LINES: Final = 200
_DEEPEST_INDENT: Final = 8
_NUMBER: Final = 10
_GAPS: Final = 7
_HEAD: Final = ("step", "phase", " start (s)", " lasts (s)")
_CRITICAL: Final = "█"
_ELSE: Final = "▒"


class Line(msgspec.Struct, frozen=True):
    """Hold the text of one node, and the phase that may colour it."""

    text: str
    phase: str | None


class Shown(msgspec.Struct, frozen=True):
    """Hold the lines of a tree, and how many nodes have none: too deep, or not among the longest."""

    head: str
    lines: list[Line]
    too_deep_count: int
    left_out_count: int


class _Layout(msgspec.Struct, frozen=True):
    name_width: int
    phase_width: int
    bar_width: int
    start_ns: int
    end_ns: int


def waterfall_lines(trace: "Trace", width: int, depth: int | None = None) -> Shown:
    """Return a line a node, at most `width` wide; with `depth`, none of nodes deeper than that.

    Of more than MOST_LINES nodes the asked ones, those above them and the longest are shown, in the order of the tree.
    """
    spans = {span.node.path: span for span in trace.spans()}
    near = [node for node in trace.nodes if depth is None or node.depth <= depth]
    nodes = _longest(trace, near, spans)
    layout = _layout(nodes, width, *_window(trace, spans))
    head = f"  {_fitted(_HEAD[0], layout.name_width)} {_fitted(_HEAD[1], layout.phase_width)} {_HEAD[2]} {_HEAD[3]}"
    lines = []
    for node in nodes:
        text = f"{_mark(node, trace)} {_columns(node, spans.get(node.path), layout)}"
        lines.append(Line(_fitted(text, width).rstrip(), node.phase))
    return Shown(_fitted(head, width).rstrip(), lines, len(trace.nodes) - len(near), len(near) - len(nodes))


def _layout(nodes: "Sequence[TraceNode]", width: int, start_ns: int, end_ns: int) -> _Layout:
    names = max(_cells(text) for text in [_HEAD[0], *map(_name, nodes)])
    phases = max(_cells(text) for text in [_HEAD[1], *map(_phase, nodes)])
    name_width, phase_width = min(names, max(width // 3, 16)), min(phases, 12)
    bar_width = max(width - name_width - phase_width - 2 * _NUMBER - _GAPS, 1)
    return _Layout(name_width, phase_width, bar_width, start_ns, end_ns)


def _mark(node: "TraceNode", trace: "Trace") -> str:
    if node.depth and node.path in trace.asked_paths:
        return ">"
    return "*" if node.is_on_critical_path else " "


def _columns(node: "TraceNode", span: "Span | None", layout: _Layout) -> str:
    start = "" if node.created_ns is None else seconds_text((node.created_ns - layout.start_ns) / 1e9)
    lasts = "" if span is None else seconds_text((span.end_ns - span.start_ns) / 1e9) + ("+" if node.is_running else "")
    bar = f"({node.lack})" if span is None else _bar(span, layout)
    texts = f"{_fitted(_name(node), layout.name_width)} {_fitted(_phase(node), layout.phase_width)}"
    return f"{texts} {start:>{_NUMBER}} {lasts:>{_NUMBER}}  {bar}"


def _longest(trace: "Trace", near: "Sequence[TraceNode]", spans: "dict[str, Span]") -> "list[TraceNode]":
    if len(near) <= MOST_LINES:
        return list(near)
    kept = {path for asked in trace.asked_paths for path in _above(asked)}

    def rank(place: int) -> tuple[bool, bool, int, int]:
        path = near[place].path
        lasts_ns = spans[path].end_ns - spans[path].start_ns if path in spans else -1
        return path not in trace.asked_paths, path not in kept, -lasts_ns, place

    return [near[place] for place in sorted(sorted(range(len(near)), key=rank)[:MOST_LINES])]


def _above(path: str) -> list[str]:
    ordinals = path.split("/") if path else []
    return ["/".join(ordinals[:count]) for count in range(len(ordinals) + 1)]


def _window(trace: "Trace", spans: "dict[str, Span]") -> tuple[int, int]:
    """Return the root's own time; of a root without one, from the first start to the last end."""
    own = [spans[""]] if "" in spans else list(spans.values())
    if not own:
        moment_ns = trace.root.observed_ns or 0  # no bar is drawn
        return moment_ns, moment_ns
    return min(span.start_ns for span in own), max(span.end_ns for span in own)


def _name(node: "TraceNode") -> str:
    indent = "  " * min(node.depth, _DEEPEST_INDENT)
    deeper = f"{node.depth}: " if node.depth > _DEEPEST_INDENT else ""
    return indent + deeper + one_line(node.job_type or "no type sent")


def _phase(node: "TraceNode") -> str:
    return one_line(node.phase or "no phase")


def _bar(span: "Span", layout: _Layout) -> str:
    """Draw when a node ran; outside the window an arrow at its edge, and an arrow after the end of a running one."""
    start_ns, end_ns, width = layout.start_ns, layout.end_ns, layout.bar_width
    if span.end_ns < start_ns:
        return "<"
    if span.start_ns > end_ns:
        return " " * (width - 1) + ">"
    scale = width / max(end_ns - start_ns, 1)
    left = min(int(max(span.start_ns - start_ns, 0) * scale), width - 1)
    right = max(ceil((min(span.end_ns, end_ns) - start_ns) * scale), left + 1)
    bar = (_CRITICAL if span.node.is_on_critical_path else _ELSE) * (right - left)
    return " " * left + (bar[:-1] + ">" if span.node.is_running else bar)


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _fitted(text: str, width: int) -> str:
    """Return text cut or filled to a width in cells; a letter of some scripts takes two."""
    from rich.cells import set_cell_size

    return text + " " * (width - _cells(text)) if _cells(text) <= width else set_cell_size(text, width - 1) + "…"
