"""What a worker keeps open: a registry, until the stages that there are may have changed."""

from pipeline.running.opened import opened_registry

NOTHING = {"local": [], "blocked": []}
STAGE = '''
from pipeline import regularizer

@regularizer
def late(objective, *, strength: float = 0.1):
    """Come late."""
'''


def install(site, name="late_plugin"):
    (site / f"{name}.py").write_text(STAGE)
    home = site / f"{name}-1.0.dist-info"
    home.mkdir()
    (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (home / "entry_points.txt").write_text(f"[plait]\nregularizer.late = {name}:late\n")


def test_a_registry_is_opened_once():
    assert opened_registry(NOTHING) is opened_registry(NOTHING)


def test_a_package_that_is_installed_while_a_worker_lives_is_found(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    assert "regularizer.late" not in opened_registry(NOTHING).names()
    install(site)
    assert opened_registry(NOTHING).stage("regularizer.late").name == "late"


def test_a_local_file_that_changed_is_read_again(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(STAGE)
    described = {"local": [str(mine)], "blocked": []}
    assert "regularizer.late" in opened_registry(described).names()
    mine.write_text(STAGE.replace("late", "later"))
    assert "regularizer.later" in opened_registry(described).names()
