"""A DAG drawn: as text for a terminal, as SVG for a notebook.

Both show nodes in layers: a node stands after everything that it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from pipeline.dag.axes import NodeAxes, node_axes
from pipeline.dag.gather import Gather
from pipeline.dag.labels import shown
from pipeline.dag.spec import Dag, NodeSpec

_BOX_HEIGHT, _GAP_X, _GAP_Y, _MARGIN, _LETTER = 38, 56, 16, 8, 7
_COLOURS = {
    "data": "#dbeafe",
    "transform": "#dbeafe",
    "train": "#fde68a",
    "ensemble": "#ddd6fe",
    "evaluate": "#bbf7d0",
}
_PLAIN = "#f3f4f6"


def as_text(dag: Dag) -> str:
    """Return one line a node: its name, stage and inputs, and along which axes there are copies of it."""
    nodes = [dag.nodes[name] for layer in layers(dag) for name in layer]
    axes = node_axes(dag.nodes, dag.sweep)
    rows = [(spec.name, spec.stage, _taken(spec), _copies(axes[spec.name])) for spec in nodes]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def as_html(dag: Dag) -> str:
    """Return an SVG drawing of the graph; everything that the file says is escaped."""
    boxes = _layout(dag)
    width = max(box.x + box.width for box in boxes.values()) + _MARGIN
    height = max(box.y for box in boxes.values()) + _BOX_HEIGHT + _MARGIN
    edges = "".join(_edge(boxes[source], boxes[target]) for source, target in dag.graph.edges)
    drawn = "".join(_node(dag.nodes[name], box) for name, box in boxes.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>{escape(dag.name)}</title>{edges}{drawn}</svg>"
    )


def layers(dag: Dag) -> list[list[str]]:
    """Return the nodes in layers, each node as late as what takes it allows, so that edges stay short."""
    import networkx as nx

    depth: dict[str, int] = {}
    for name in reversed(list(nx.topological_sort(dag.graph))):
        depth[name] = 1 + max((depth[target] for target in dag.graph.successors(name)), default=-1)
    deepest = max(depth.values(), default=-1)
    return [[name for name in dag.graph if depth[name] == level] for level in range(deepest, -1, -1)]


def gather_text(gather: Gather) -> str:
    """Write a gather as the file does: "all", "best 5 by accuracy", "over seed"."""
    words = [f"best {gather.best} by {gather.metric}"] if gather.best is not None else []
    words += [f"group {', '.join(gather.group)}"] if gather.group is not None else []
    words += [f"over {', '.join(gather.over)}"] if gather.over is not None else []
    return " ".join(words) or "all"


def _taken(spec: NodeSpec) -> str:
    taken = ", ".join(source for sources in spec.inputs.values() for source in sources)
    gather = f" ({gather_text(spec.gather)})" if spec.gather else ""
    return f"<- {taken}{gather}" if taken else ""


def _copies(axes: NodeAxes) -> str:
    return f"for each {', '.join(axes.axes)}" if axes.axes else ""


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int


def _layout(dag: Dag) -> Mapping[str, _Box]:
    boxes: dict[str, _Box] = {}
    x = _MARGIN
    for layer in layers(dag):
        widths = [_width(dag.nodes[name]) for name in layer]
        for row, name in enumerate(layer):
            boxes[name] = _Box(x, _MARGIN + row * (_BOX_HEIGHT + _GAP_Y), max(widths))
        x += max(widths) + _GAP_X
    return boxes


def _width(spec: NodeSpec) -> int:
    return 16 + _LETTER * max(len(line) for line in (spec.name, *_lines(spec)))


def _lines(spec: NodeSpec) -> Iterator[str]:
    yield f"{spec.stage}, {gather_text(spec.gather)}" if spec.gather else spec.stage


def _edge(source: _Box, target: _Box) -> str:
    x1, y1 = source.x + source.width, source.y + _BOX_HEIGHT // 2
    x2, y2 = target.x, target.y + _BOX_HEIGHT // 2
    bend = (x1 + x2) // 2
    path = f"M{x1},{y1} C{bend},{y1} {bend},{y2} {x2},{y2}"
    return f'<path d="{path}" fill="none" stroke="#9ca3af"/>'


def _node(spec: NodeSpec, box: _Box) -> str:
    options = ", ".join(f"{name}={shown(value)}" for name, value in spec.options.items())
    at = f'x="{box.x + box.width // 2}" text-anchor="middle"'
    (below,) = _lines(spec)
    return (
        f"<g><title>{escape(f'{spec.stage}: {options}')}</title>"
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{_BOX_HEIGHT}" rx="5" '
        f'fill="{_COLOURS.get(spec.kind, _PLAIN)}" stroke="#6b7280"/>'
        f'<text {at} y="{box.y + 16}" font-weight="bold">{escape(spec.name)}</text>'
        f'<text {at} y="{box.y + 31}">{escape(below)}</text></g>'
    )
