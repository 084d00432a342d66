"""The page of a run: all of it in one file, escaped, and whole without matplotlib."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pipeline import exhibits
from pipeline.report import figures
from pipeline.report.document import document
from pipeline.report.material import Material

EVIL = "<script>alert('x')</script> & \"quoted\""
ALL = {
    "images": exhibits.Images(np.arange(24.0).reshape(2, 3, 4), f"digits {EVIL}", [EVIL, "$b$"]),
    "scatter": exhibits.Scatter(np.eye(2), [EVIL, "other"], "codes"),
    "lines": exhibits.Lines([1, 2], {EVIL: [0.5, 0.4], "_under": [1, 2]}, "loss", "$x", EVIL),
    "table": exhibits.Table([EVIL, "count"], [[EVIL, 3], ["b", None]], "words"),
    "drawing": exhibits.Drawing('<svg xmlns="http://www.w3.org/2000/svg"><title>drawn here</title></svg>'),
}


def history(*losses):
    return [{"epoch": float(i + 1), "train_loss": loss, "loss": 1.1 * loss} for i, loss in enumerate(losses)]


def record(**changes):
    node = {
        "state": "done",
        "metrics": {"accuracy": 0.875},
        "kind": "evaluate",
        "stage": "evaluate.x",
        "options": {},
        "inputs": {},
        "gather": None,
        "instances": 1,
        "states": {"done": 1},
        "errors": [],
        "notes": [],
    }
    failed = {**node, "stage": EVIL, "states": {"failed": 2}, "errors": [EVIL], "metrics": {}, "instances": 2}
    trials = [
        {
            "id": f"t{i}",
            "label": f"lr={i}",
            "options": {"adam.lr": i},
            "seed": 0,
            "state": "done",
            "metrics": {"accuracy": 0.5 + i / 100},
        }
        for i in range(2)
    ]
    given = {
        "run": "20260101-000000-x",
        "name": EVIL,
        "file": "x.yaml",
        "state": "done",
        "started": 0.0,
        "seconds": 1.5,
        "seed": 0,
        "cached": 0,
        "store": "s",
        "overrides": [],
        "version": "0.1.0",
        "machine": {"host": EVIL, "workers": 2},
        "text": f"name: {EVIL}",
        "trials": trials,
        "nodes": {"score": node, "odd": failed},
    }
    return {**given, **changes}


def material(**changes):
    curves = {"fit[a]": history(0.5, 0.25), f"fit[{EVIL}]": history(0.75)}
    given = {"drawing": "<svg><title>the graph</title></svg>", "curves": curves, "exhibits": {"look": ALL}}
    return Material(record(), **{**given, **changes})


class Reader(HTMLParser):
    """What is in a page: the tags, their attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.data = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.data.append(data)


def test_nothing_in_the_page_runs_or_loads_anything():
    read = Reader(document(material()))
    assert not {"script", "link", "iframe", "object"} & set(read.tags)
    names = {name for name, _ in read.attributes}
    assert not [name for name in names if name.startswith("on")]
    targets = [value for name, value in read.attributes if name in ("src", "href", "xlink:href")]
    assert [target for target in targets if not target.startswith(("#", "data:image/png"))] == []
    policy = dict(read.attributes)["content"] if "content" in names else ""
    assert policy
    assert "default-src 'none'" in document(material())


def test_what_people_wrote_is_shown_as_they_wrote_it():
    page = document(material())
    assert "<script" not in page
    assert "".join(Reader(page).data).count(EVIL) >= 8


def test_run_leaderboard_nodes_failures_curves_and_exhibits_are_there():
    page = document(material())
    for heading in (
        "Graph",
        "Leaderboard",
        "Nodes",
        "Failures and notes",
        "Learning curves",
        "Exhibits",
        "File",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert page.index("adam.lr=1") < page.index("adam.lr=0")  # the better one first
    assert "odd: 2 of 2 failed" in page
    assert "the graph</title>" in page
    assert "drawn here</title>" in page
    assert page.count("<svg") == 6  # graph, curves, images, scatter, lines, drawing


def test_light_and_dark_are_told_to_the_browser():
    page = document(material())
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "prefers-color-scheme: dark" in page


def test_without_matplotlib_there_are_tables_and_how_to_get_the_rest(monkeypatch):
    monkeypatch.setattr(figures, "available", lambda: False)
    page = document(material())
    assert page.count("<svg") == 2
    assert "pip install &#x27;plait[report]&#x27;" in page
    assert "words</figcaption>" in page
    assert "after the last epoch" in page


def test_of_many_trainings_the_best_are_drawn_and_the_rest_counted():
    curves = {f"fit[{i:02d}]": history(1.0 + i) for i in range(20)}
    page = document(material(curves=curves, exhibits={}))
    assert "fit[07]" in page
    assert "fit[08]" not in page
    assert "and 12 more trainings" in page


def test_what_is_missing_is_said_and_empty_sections_are_left_out():
    page = document(Material(record(), notes=("fit[a]: gone",)))
    assert "fit[a]: gone" in page
    assert "<h2>Exhibits</h2>" not in page
    assert "<h2>Graph</h2>" not in page


def test_the_same_run_gives_the_same_page():
    assert document(material()) == document(material())


@pytest.mark.parametrize("name", ["scatter", "lines"])
def test_what_two_figures_refer_to_differs(name):
    one, other = (figures.svg_of(ALL[name], salt) for salt in "ab")
    referred = [set(re.findall(r'(?:url\(|href=")#(\w+)', svg)) for svg in (one, other)]
    assert all(referred)
    assert not referred[0] & referred[1]


def test_a_thousand_points_and_hundreds_of_images_stay_small():
    many = exhibits.Scatter(np.random.default_rng(0).normal(size=(5000, 2)))
    assert len(figures.svg_of(many, "x")) < 100_000
    images = exhibits.Images(np.zeros((500, 2, 2)), labels=["a"] * 500)
    assert figures.svg_of(images, "x").count(">a<") == figures.MOST_IMAGES
