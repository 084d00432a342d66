"""The page of a run in a real browser: drawn without a network, nothing executed, nothing left out."""

import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from pipeline.api import run
from pipeline.cli.app import app

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")

DAG = """
plait: 1
name: page
nodes:
  digits: {stage: data.digits}
  parts: {stage: transform.split, inputs: {data: digits}}
  net: {stage: model.mlp, options: {hidden: [4]}}
  adam: {stage: optimizer.adam}
  fit: {stage: train.minibatch, inputs: {data: parts, model: net, optimizer: adam}, options: {epochs: 2}}
  score: {stage: evaluate.classification, inputs: {model: fit, data: parts}, options: {metrics: [accuracy]}}
sweep: {space: {adam.lr: [1e-3, 1e-2]}}
"""


def in_browser(*arguments, folder):
    """Run Chromium without a window, a network or a profile that stays; return what it printed."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--proxy-server=127.0.0.1:9", "--enable-logging"]
    command = [BROWSER, *flags, "--v=0", f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


class Boxes(HTMLParser):
    """Counts the elements of a page as the browser has them."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run(DAG, store=folder / "store", cluster="inline")
    with pytest.raises(SystemExit) as ended:
        app(["report", "--store", str(folder / "store"), "--out", str(folder / "page.html")])
    assert ended.value.code in (0, None)
    return folder / "page.html"


def test_the_page_is_whole_in_a_browser_and_its_console_is_quiet(page, tmp_path):
    dom, console = in_browser("--dump-dom", page.as_uri(), folder=tmp_path)
    tags = Boxes(dom).tags
    assert console == []
    assert tags.count("svg") >= 2  # the graph, the learning curves
    assert "script" not in tags
    assert all(name in dom for name in ("digits", "fit", "adam.lr=0.01", "accuracy"))


def test_the_page_is_drawn_and_differs_from_an_empty_one(page, tmp_path):
    from matplotlib.image import imread

    in_browser(
        f"--screenshot={tmp_path / 'page.png'}", "--window-size=900,1600", page.as_uri(), folder=tmp_path
    )
    drawn = imread(tmp_path / "page.png")[..., :3]
    assert drawn.shape[:2] == (1600, 900)
    assert (drawn != drawn[0, 0]).any(axis=-1).mean() > 0.01
