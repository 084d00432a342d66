"""Drawings of a DAG: text for a terminal, SVG for a notebook."""

from __future__ import annotations

from xml.etree import ElementTree

from pipeline.dag.drawing import as_text, layers


def test_a_node_stands_after_all_that_it_takes(digits, read):
    assert layers(read(digits)) == [
        ["digits"],
        ["parts", "rotate", "net", "decay", "adam"],
        ["fit"],
        ["vote"],
        ["score"],
    ]


def test_the_text_has_a_line_for_each_node(digits, read):
    lines = [" ".join(line.split()) for line in as_text(read(digits)).splitlines()]
    assert lines[4:] == [
        "decay regularizer.l2 for each decay.strength",
        "adam optimizer.adam for each adam.lr",
        "fit train.minibatch <- parts, rotate, net, decay, adam for each adam.lr, decay.strength, seed",
        "vote ensemble.average <- fit (all)",
        "score evaluate.classification <- vote, parts",
    ]


def test_the_text_says_how_a_node_gathers(digits, read):
    dag = read(digits.replace("gather: all", "gather: {best: 2, metric: accuracy, group: [adam.lr]}"))
    assert "<- fit (best 2 by accuracy group adam.lr)  for each adam.lr" in str(dag)


def test_the_svg_is_well_formed_and_has_each_node_and_edge(digits, read):
    root = ElementTree.fromstring(read(digits)._repr_html_())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"digits", "fit", "score", "ensemble.average, all"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == 9


def test_what_the_file_says_is_escaped(digits, read):
    html = read(digits.replace("name: digits", "name: '<script>alert(1)</script>'"))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
