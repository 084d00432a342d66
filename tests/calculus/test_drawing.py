from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline import exhibits, ops
from pipeline.calculus import draw, sweeps
from pipeline.errors import DataError

SVG = "{http://www.w3.org/2000/svg}"


def loss(x, w):
    return ops.sum(ops.square(x @ w))


X, W = np.array([[1.5, -2.0]]), np.array([[3.0], [0.25]])


def texts(drawing):
    root = ElementTree.fromstring(drawing.svg)
    return [text.text for text in root.iter(f"{SVG}text")]


def panels(drawing):
    return [child for child in ElementTree.fromstring(drawing.svg) if child.tag == f"{SVG}g"]


def test_both_sweeps_are_drawn_with_their_numbers():
    drawing = draw(loss, X, W, names=("x", "w"), caption="a product")
    assert isinstance(drawing, exhibits.Drawing)
    assert drawing.caption == "a product"
    shown = texts(drawing)
    assert shown.index("Forward sweep: values") < shown.index("Reverse sweep: adjoints")
    assert {"x 1x2", "w 2x1", "matmul 1x1"} <= set(shown)
    assert "4" in shown  # x w
    assert "12 -16" in shown  # 2 (x w) x, the adjoint of w


def test_each_panel_has_a_box_for_every_node_and_an_arrow_for_every_operand():
    nodes = sweeps(loss, X, W)
    for panel in panels(draw(loss, X, W)):
        assert len(list(panel.iter(f"{SVG}rect"))) == len(nodes)
        arrows = [path for path in panel.iter(f"{SVG}path") if path.get("marker-end")]
        assert len(arrows) == sum(len(set(node.operands)) for node in nodes)


def test_boxes_do_not_overlap_and_arrows_run_to_the_right_and_back():
    forward, back = panels(draw(loss, X, W))
    boxes = [
        [float(rect.get(name)) for name in ("x", "y", "width", "height")]
        for rect in forward.iter(f"{SVG}rect")
    ]
    for i, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, *_ in boxes[i + 1 :]:
            assert not (x <= other_x < x + width and y <= other_y < y + height)
    for panel, sign in ((forward, 1), (back, -1)):
        for path in panel.iter(f"{SVG}path"):
            numbers = [
                float(n.split(",")[0]) for n in path.get("d").replace("M", "").replace("C", "").split()
            ]
            assert sign * (numbers[-1] - numbers[0]) > 0


def test_long_arrays_are_cut_and_names_escaped():
    drawing = draw(lambda x: ops.sum(x), np.arange(50.0), names=("<x>",))
    assert "<x> 50" in texts(drawing)
    assert "..." in texts(drawing)


def test_a_graph_that_nobody_could_read_is_refused():
    def deep(x):
        for _ in range(100):
            x = ops.tanh(x)
        return ops.sum(x)

    with pytest.raises(DataError, match=r"the graph has \d+ nodes(.|\n)*at most 80"):
        draw(deep, np.ones(2))
