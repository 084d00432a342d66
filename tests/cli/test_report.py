import pytest

LOOK = '''
from pipeline import evaluate, exhibits

@evaluate
def look(model, data):
    """Look at the classes."""
    return {"classes": len(data.classes), "names": exhibits.Table(["class"], [[c] for c in data.classes])}
'''


@pytest.fixture
def looked(plait, small, tmp_path):
    """A run whose evaluation shows a table, in the store `s`."""
    (tmp_path / "looking.py").write_text(LOOK)
    node = "  seen: {stage: evaluate.look, inputs: {model: vote, data: scaled}}\nsweep:"
    text = small.read_text().replace("sweep:", node)
    small.write_text(f"{text}plugins: [looking.py]\n")
    return plait("run", small, "--store", "s", "--json").json


def test_a_run_becomes_one_file(plait, looked, tmp_path):
    ended = plait("report", "last", "--store", "s", "--out", "page.html")
    assert (ended.code, ended.out) == (0, "page.html\n")
    page = (tmp_path / "page.html").read_text()
    assert looked["run"] in page
    assert "malignant" in page
    assert page.startswith("<!doctype html>")


def test_a_file_is_named_after_its_run_where_none_is_named(plait, looked, tmp_path):
    assert plait("report", "--store", "s").out == f"{looked['run']}.html\n"
    assert (tmp_path / f"{looked['run']}.html").exists()


def test_machines_get_the_same_as_json(plait, looked, tmp_path):
    found = plait("report", "last", "--store", "s", "--json").json
    assert found["exhibits"]["seen"]["names"]["rows"] == [["malignant"], ["benign"]]
    assert found["nodes"]["seen"]["metrics"] == {"classes": 2.0}
    assert len(found["curves"]) == 4
    assert all(len(history) == 2 and "train_loss" in history[0] for history in found["curves"].values())
    assert found["missing"] == []
    assert not list(tmp_path.glob("*.html"))


def test_results_that_are_gone_are_said(plait, looked, tmp_path):
    for path in (tmp_path / "s" / "objects").glob("*/*/object.json"):
        path.unlink()
    found = plait("report", "last", "--store", "s", "--json").json
    assert found["exhibits"] == found["curves"] == {}
    assert any(note.startswith("seen: the stored result") for note in found["missing"])
    assert plait("report", "last", "--store", "s").code == 0


def test_a_plugin_that_is_gone_costs_the_drawing_alone(plait, looked, tmp_path):
    (tmp_path / "looking.py").unlink()
    ended = plait("report", "last", "--store", "s", "--out", "page.html")
    assert ended.code == 0
    assert "the graph cannot be drawn" in (tmp_path / "page.html").read_text()


def test_a_file_that_cannot_be_written_is_the_users_mistake(plait, looked):
    ended = plait("report", "last", "--store", "s", "--out", "nowhere/page.html")
    assert ended.code == 2
    assert "cannot write nowhere/page.html: No such file or directory\n    name another file" in ended.err


def test_a_run_that_is_not_there_is_told(plait, looked):
    assert "there is no run 'other'" in plait("report", "other", "--store", "s").err
