"""The documents are run: their files are written to an empty folder and their commands executed in order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from pipeline.api import load
from pipeline.cli.app import app
from pipeline.dag.schema import json_schema
from pipeline.hooks import KINDS
from pipeline.report.reference import reference
from pipeline.stages.registry import Registry

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\S+\.(?:py|yaml|toml))\n")


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((DOCS / page).read_text())


@pytest.fixture
def follow(tmp_path, monkeypatch, capsys):
    """Do what a page says, in order, in an empty folder; return what each command printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAIT_CLUSTER", "inline")
    monkeypatch.delenv("PLAIT_STORE", raising=False)

    def follow(page):
        printed = {}
        for language, text in blocks(page):
            name = NAME.match(text)
            if name:
                Path(name[1]).write_text(text)
            elif language == "sh":
                for line in text.splitlines():
                    do(*shlex.split(line))
                    printed[line] = capsys.readouterr().out
        return printed

    return follow


def do(program, *arguments):
    if program == "python":
        subprocess.run([sys.executable, *arguments], check=True, timeout=120)
        return
    assert program == "plait"
    with pytest.raises(SystemExit) as exit:
        app(list(arguments), prog_name="plait")
    assert not exit.value.code, arguments


def test_the_tutorial_works_word_by_word(follow):
    printed = follow("tutorial.md")
    assert "vote: average of the best 5" in printed["plait run wine-sweep.yaml"]
    assert "bit for bit" in printed["plait verify last t0001"]
    predictions = printed["plait predict last:vote wine.csv"].splitlines()
    assert predictions[0] == "class,p(class_0),p(class_1),p(class_2)"
    assert len(predictions) == 179


def test_the_stages_of_the_page_on_stages_run_and_conform(follow):
    printed = follow("write-a-stage.md")
    assert "signum.lr=0.001 quiet.strength=0" in printed["plait run signum.yaml"]
    do("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_stages.py")


def test_the_reference_is_what_the_schema_says():
    registry = Registry()
    registry.load_all()
    others = {registry.stage(ref).distribution for ref in registry.names()} - {"plait"}
    schema = json_schema(Registry(blocked=others))
    assert (DOCS / "dag-file.md").read_text() == reference(schema), "run `make docs`"


def test_the_reference_names_every_kind_of_stage():
    text = (DOCS / "dag-file.md").read_text()
    assert [kind for kind in KINDS if f"### {kind}\n" not in text] == []


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *DOCS.glob("*.md")], ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(path):
    text = path.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:docs|dags|plugins|pipeline|tests|benchmarks)/[\w./-]+)`", text)
    missing = [link for link in links if not (path.parent / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def test_contributing_stays_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 40


def test_the_readme_shows_the_demos_output_in_the_shape_that_it_has():
    shown = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    settings = load(ROOT / "dags" / "digits.yaml").sweep.space
    for lr, strength in product(*settings.values()):
        assert f"adam.lr={lr:g} decay.strength={strength:g}" in shown
    accuracy = float(re.search(r"^score +vote +([\d.]+)", shown, re.MULTILINE)[1])
    assert accuracy >= 0.975
    assert re.search(r"^run \S+: 24 trials in [\d.]+ s; results lie in \.plait$", shown, re.MULTILINE)
