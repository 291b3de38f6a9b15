"""One job's tree as lines of text: for each node a bar over the root's time, readable without colour."""

from collections.abc import Sequence
from math import ceil
from typing import Final

import msgspec
from rich.cells import cell_len, set_cell_size

from cce_etl.analysis.traces.tree import Span, Trace, TraceNode
from cce_etl.cli.text import one_line, seconds_text

# About four screens; `-o` writes all nodes.
MAX_LINES: Final = 200
_MAX_INDENT: Final = 8
_NUMBER_WIDTH: Final = 10
_GAP_WIDTH: Final = 7
_HEAD: Final = ("step", "phase", " start (s)", " lasts (s)")
_CRITICAL_BAR: Final = "█"
_PLAIN_BAR: Final = "▒"


class Line(msgspec.Struct, frozen=True):
    """The text of one node, and its phase, which decides the colour."""

    text: str
    phase: str | None


class Shown(msgspec.Struct, frozen=True):
    """The lines of a tree, and how many nodes have no line because they are too deep or not among the longest."""

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


def waterfall_lines(trace: Trace, width: int, depth: int | None = None) -> Shown:
    """Return a line for each node, at most `width` cells wide; with `depth`, without the nodes deeper than that.

    Of more than MAX_LINES nodes those asked for, those above them and the longest are shown, in the order of the tree.
    """
    spans = {span.node.path: span for span in trace.spans()}
    near = [node for node in trace.nodes if depth is None or node.depth <= depth]
    nodes = _longest(trace, near, spans)
    layout = _layout(nodes, width, *_window(trace, spans))
    head = f"  {_fitted(_HEAD[0], layout.name_width)} {_fitted(_HEAD[1], layout.phase_width)} {_HEAD[2]} {_HEAD[3]}"
    lines = []
    for node in nodes:
        is_asked_for = node.depth and node.path in trace.asked_paths
        mark = ">" if is_asked_for else "*" if node.is_on_critical_path else " "
        text = f"{mark} {_columns(node, spans.get(node.path), layout)}"
        lines.append(Line(_fitted(text, width).rstrip(), node.phase))
    return Shown(_fitted(head, width).rstrip(), lines, len(trace.nodes) - len(near), len(near) - len(nodes))


def _layout(nodes: Sequence[TraceNode], width: int, start_ns: int, end_ns: int) -> _Layout:
    names = max(cell_len(text) for text in [_HEAD[0], *map(_name, nodes)])
    phases = max(cell_len(text) for text in [_HEAD[1], *map(_phase, nodes)])
    name_width, phase_width = min(names, max(width // 3, 16)), min(phases, 12)
    bar_width = max(width - name_width - phase_width - 2 * _NUMBER_WIDTH - _GAP_WIDTH, 1)
    return _Layout(name_width, phase_width, bar_width, start_ns, end_ns)


def _columns(node: TraceNode, span: Span | None, layout: _Layout) -> str:
    start = "" if node.created_ns is None else seconds_text((node.created_ns - layout.start_ns) / 1e9)
    lasts = "" if span is None else seconds_text((span.end_ns - span.start_ns) / 1e9) + ("+" if node.is_running else "")
    bar = f"({node.no_span_reason})" if span is None else _bar(span, layout)
    texts = f"{_fitted(_name(node), layout.name_width)} {_fitted(_phase(node), layout.phase_width)}"
    return f"{texts} {start:>{_NUMBER_WIDTH}} {lasts:>{_NUMBER_WIDTH}}  {bar}"


def _longest(trace: Trace, near: Sequence[TraceNode], spans: dict[str, Span]) -> list[TraceNode]:
    if len(near) <= MAX_LINES:
        return list(near)
    kept = {""}
    for asked in trace.asked_paths:
        ordinals = asked.split("/")
        kept |= {"/".join(ordinals[:count]) for count in range(1, len(ordinals) + 1)}

    def rank(index: int) -> tuple[bool, bool, int, int]:
        path = near[index].path
        lasts_ns = spans[path].end_ns - spans[path].start_ns if path in spans else -1
        return path not in trace.asked_paths, path not in kept, -lasts_ns, index

    return [near[index] for index in sorted(sorted(range(len(near)), key=rank)[:MAX_LINES])]


def _window(trace: Trace, spans: dict[str, Span]) -> tuple[int, int]:
    """Return the root's start and end; for a root without a span, the first start and the last end of all spans."""
    own = [spans[""]] if "" in spans else list(spans.values())
    if not own:
        moment_ns = trace.root.observed_ns or 0  # no bar will be drawn
        return moment_ns, moment_ns
    return min(span.start_ns for span in own), max(span.end_ns for span in own)


def _name(node: TraceNode) -> str:
    indent = "  " * min(node.depth, _MAX_INDENT)
    deeper = f"{node.depth}: " if node.depth > _MAX_INDENT else ""
    return indent + deeper + one_line(node.name)


def _phase(node: TraceNode) -> str:
    return one_line(node.phase or "no phase")


def _bar(span: Span, layout: _Layout) -> str:
    """Return the bar of a node: an arrow at the edge if it ran outside the window, an arrow at the end if it runs."""
    start_ns, end_ns, width = layout.start_ns, layout.end_ns, layout.bar_width
    if span.end_ns < start_ns:
        return "<"
    if span.start_ns > end_ns:
        return " " * (width - 1) + ">"
    scale = width / max(end_ns - start_ns, 1)
    left = min(int(max(span.start_ns - start_ns, 0) * scale), width - 1)
    right = max(ceil((min(span.end_ns, end_ns) - start_ns) * scale), left + 1)
    bar = (_CRITICAL_BAR if span.node.is_on_critical_path else _PLAIN_BAR) * (right - left)
    return " " * left + (bar[:-1] + ">" if span.node.is_running else bar)


def _fitted(text: str, width: int) -> str:
    """Return text cut or padded to a width in cells; letters of some scripts take two cells."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
