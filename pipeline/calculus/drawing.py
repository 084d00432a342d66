"""A traced graph drawn twice: values on the way forward, adjoints on the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.calculus.sweeps import Array, Node, sweeps
from pipeline.errors import DataError
from pipeline.exhibits import Drawing

MOST_NODES = 80  # more cannot be read
_SHOWN, _COLUMNS = 6, 3  # numbers in a box, and in one of its lines
_LETTER, _LINE, _PADDING, _GAP_X, _GAP_Y, _MARGIN, _TITLE = 6.2, 14, 8, 40, 14, 12, 30
_COLOURS = {"input": "#dbeafe", "constant": "#f3f4f6"}
_FORWARD, _REVERSE = "#fde68a", "#ddd6fe"


def draw(
    f: Callable[..., Any],
    *x: npt.ArrayLike,
    names: Sequence[str] = (),
    caption: str = "",
    dtype: npt.DTypeLike = "float64",
) -> Drawing:
    """Draw the graph of a scalar f(x, ...): above with the value of each node, below with its adjoint.

    Arrows go the way of the computation: from operands in the forward sweep, to operands in the reverse
    sweep.  DataError if there are more than 80 nodes, which nobody could read.
    """
    nodes = sweeps(f, *x, names=names, dtype=dtype)
    if len(nodes) > MOST_NODES:
        raise DataError(
            f"the graph has {len(nodes)} nodes, too many to be read\n"
            f"    draw a smaller net: at most {MOST_NODES} nodes"
        )
    forward = _panel(nodes, "Forward sweep: values", [node.value for node in nodes], reverse=False)
    back = _panel(nodes, "Reverse sweep: adjoints", [node.adjoint for node in nodes], reverse=True)
    return Drawing(_svg([forward, back]), caption)


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class _Panel:
    content: str
    width: float
    height: float


def _svg(panels: Sequence[_Panel]) -> str:
    width, height = max(p.width for p in panels), sum(p.height for p in panels)
    tops = np.cumsum([0, *(p.height for p in panels[:-1])])
    moved = "".join(
        f'<g transform="translate(0,{top:g})">{p.content}</g>' for top, p in zip(tops, panels, strict=True)
    )
    heads = "".join(
        f'<marker id="plait-{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
        for name, colour in (("forward", "#b45309"), ("reverse", "#6d28d9"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="monospace" font-size="10" role="img">'
        f'<defs>{heads}</defs><rect width="{width:g}" height="{height:g}" fill="#fff"/>{moved}</svg>'
    )


def _panel(nodes: Sequence[Node], title: str, values: Sequence[Array | None], *, reverse: bool) -> _Panel:
    texts = [_lines(node, value) for node, value in zip(nodes, values, strict=True)]
    boxes = _placed(nodes, texts)
    drawn = "".join(_edges(nodes, values, boxes, reverse=reverse))
    drawn += "".join(
        _box(node, box, text, value, reverse=reverse)
        for node, box, text, value in zip(nodes, boxes, texts, values, strict=True)
    )
    heading = f'<text x="{_MARGIN}" y="20" font-size="13" font-weight="bold">{title}</text>'
    width = max(box.x + box.width for box in boxes) + _MARGIN
    return _Panel(heading + drawn, width, max(box.y + box.height for box in boxes) + _MARGIN)


def _lines(node: Node, value: Array | None) -> list[str]:
    """Return what stands in a node's box: its name or operation with the shape, and its numbers."""
    shape = "x".join(map(str, node.value.shape))
    head = f"{node.name or node.operation} {shape}".strip()
    if value is None:
        return [head]
    numbers = [f"{number:.4g}" for number in value.reshape(-1)[:_SHOWN].tolist()]
    rows = [" ".join(numbers[i : i + _COLUMNS]) for i in range(0, len(numbers), _COLUMNS)]
    return [head, *rows, *(["..."] if value.size > _SHOWN else [])]


def _placed(nodes: Sequence[Node], texts: Sequence[Sequence[str]]) -> list[_Box]:
    """Place nodes in columns: each right of all its operands, one as late as those that take it allow."""
    columns = _columns(nodes)
    boxes: dict[int, _Box] = {}
    x = float(_MARGIN)
    for column in range(max(columns) + 1):
        within = [place for place, own in enumerate(columns) if own == column]
        within.sort(key=lambda place: _height(nodes[place], boxes))
        width = max((_LETTER * len(line) for place in within for line in texts[place]), default=0) + 16
        y = float(_TITLE)
        for place in within:
            height = _LINE * len(texts[place]) + _PADDING
            boxes[place] = _Box(x, y, width, height)
            y += height + _GAP_Y
        x += width + _GAP_X
    return [boxes[place] for place in range(len(nodes))]


def _columns(nodes: Sequence[Node]) -> list[int]:
    depth = [0] * len(nodes)
    for place, node in enumerate(nodes):
        depth[place] = 1 + max((depth[operand] for operand in node.operands), default=-1)
    for place in reversed(range(len(nodes))):  # inputs and constants stand beside what takes them first
        takers = [depth[other] for other, node in enumerate(nodes) if place in node.operands]
        if takers and not nodes[place].operands:
            depth[place] = min(takers) - 1
    return depth


def _height(node: Node, boxes: dict[int, _Box]) -> float:
    """Return how low the operands stand: nodes are sorted by it, so that edges cross less."""
    ys = [boxes[operand].y for operand in node.operands if operand in boxes]
    return sum(ys) / len(ys) if ys else 0.0


def _edges(
    nodes: Sequence[Node], values: Sequence[Array | None], boxes: Sequence[_Box], *, reverse: bool
) -> Iterator[str]:
    colour, name = ("#6d28d9", "reverse") if reverse else ("#b45309", "forward")
    for place, node in enumerate(nodes):
        for operand in dict.fromkeys(node.operands):
            if reverse and (values[operand] is None or values[place] is None):
                continue  # nothing flows back there
            a, b = boxes[operand], boxes[place]
            x1, y1, x2, y2 = a.x + a.width, a.y + a.height / 2, b.x, b.y + b.height / 2
            bend = (x1 + x2) / 2
            ends = (x2, y2, bend, y2, bend, y1, x1, y1) if reverse else (x1, y1, bend, y1, bend, y2, x2, y2)
            path = "M{:g},{:g} C{:g},{:g} {:g},{:g} {:g},{:g}".format(*ends)
            yield f'<path d="{path}" fill="none" stroke="{colour}" marker-end="url(#plait-{name})"/>'


def _box(node: Node, box: _Box, lines: Sequence[str], value: Array | None, *, reverse: bool) -> str:
    colour = _COLOURS.get(node.operation, _REVERSE if reverse else _FORWARD)
    bold = [' font-weight="bold"', *("" for _ in lines[1:])]
    rows = "".join(
        f'<text x="{box.x + 8:g}" y="{box.y + _LINE * (i + 1):g}"{bold[i]}>{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    whole = "" if value is None else np.array2string(value, precision=6, threshold=64)
    return (
        f"<g><title>{escape(f'{lines[0]}: {whole}')}</title>"
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="4" '
        f'fill="{colour}" stroke="#6b7280"/>{rows}</g>'
    )
