"""Installed packages are made by hand here, as a folder on the import path with its metadata beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.hooks import optimizer
from pipeline.stages import discovery
from pipeline.stages.options import RegistrationError
from pipeline.stages.registry import (
    BlockedStage,
    BrokenStage,
    Registry,
    StageConflict,
    UnknownStage,
)
from pipeline.stages.stage import Stage

LYNX = '''
from pipeline import optimizer
from pipeline.options import Positive

@optimizer
def lynx(w, g, state, t, *, lr: Positive = 0.1, steps: int = 3):
    """Step against the gradient."""
    return w - lr * g, ()
'''


class Site:
    """A folder of installed packages."""

    def __init__(self, folder: Path):
        self.folder = folder

    def install(
        self, name: str, entry_points: Mapping[str, str], modules: Mapping[str, str], version: str = "1.0"
    ) -> None:
        """Write `modules` (name -> source) and metadata that declare the `entry_points` of plait."""
        for module, source in modules.items():
            path = self.folder.joinpath(*module.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"{point} = {target}" for point, target in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[plait]", *lines]))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    known = set(sys.modules)
    yield Site(folder)
    for name in set(sys.modules) - known:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(folder: Path, source: str, name: str = "my_stages.py") -> Path:
    path = folder / name
    path.write_text(source)
    return path


def test_an_entry_point_that_names_its_kind_is_listed_and_loaded(site):
    site.install("lynx", {"optimizer.lynx": "lynx_stages"}, {"lynx_stages": LYNX}, "2.1")
    registry = Registry()
    assert "optimizer.lynx" in registry.names("optimizer")
    assert "lynx_stages" not in sys.modules
    stage = registry.stage("optimizer.lynx")
    assert (stage.distribution, stage.version, stage.module) == ("lynx", "2.1", "lynx_stages")
    assert (stage.ref, stage.summary) == ("optimizer.lynx", "Step against the gradient.")


def test_an_entry_point_that_names_no_kind_is_listed_by_reading_its_source(site):
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": LYNX})
    registry = Registry()
    assert "optimizer.lynx" in registry.names()
    assert "lynx_stages" not in sys.modules
    assert registry.stage("optimizer.lynx").function.__name__ == "lynx"


@pytest.mark.parametrize(
    "source",
    [
        LYNX.replace("import optimizer", "import optimizer as step").replace("@optimizer", "@step"),
        LYNX.replace("from pipeline import optimizer", "import pipeline").replace("@opt", "@pipeline.opt"),
    ],
)
def test_a_decorator_is_recognised_under_another_name(site, source):
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": source})
    registry = Registry()
    assert "optimizer.lynx" in registry.names()
    registry.stage("optimizer.lynx")


def test_a_package_deep_inside_another_is_read_without_importing_its_parents(site):
    site.install(
        "zoo",
        {"lynx": "zoo.cats.lynx"},
        {"zoo.__init__": "raise OSError", "zoo.cats.__init__": "", "zoo.cats.lynx": LYNX},
    )
    assert "optimizer.lynx" in Registry().names()
    assert "zoo" not in sys.modules


def test_an_unknown_name_is_looked_for_in_the_plugins_whose_kinds_are_unknown(site):
    site.install(
        "lynx", {"lynx": "lynx_pkg"}, {"lynx_pkg.__init__": "from .core import lynx", "lynx_pkg.core": LYNX}
    )
    registry = Registry()
    assert "optimizer.lynx" not in registry.names()
    assert registry.stage("optimizer.lynx").module == "lynx_pkg.core"
    assert "optimizer.lynx" in registry.names()


@pytest.mark.parametrize("name", ["lynx", "tiger"])
def test_of_the_plugins_whose_kinds_are_unknown_the_namesake_is_loaded_first(site, name):
    for cat in ("lynx", "tiger"):
        core = LYNX.replace("lynx", cat)
        site.install(cat, {cat: cat}, {f"{cat}.__init__": f"from .core import {cat}", f"{cat}.core": core})
    registry = Registry()
    registry.stage(f"optimizer.{name}")
    assert [label for label, _ in registry.manager.list_name_plugin()] == [f"{name}: {name}"]


def test_what_reading_a_source_suggests_and_its_import_does_not_confirm_is_dropped(site):
    gone = LYNX + "\ndel lynx\n" + LYNX.replace("lynx", "tiger")
    site.install("cats", {"cats": "cats_stages"}, {"cats_stages": gone})
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": LYNX})
    assert len(Registry().sources("optimizer.lynx")) == 2
    assert Registry().stage("optimizer.lynx").distribution == "lynx"


def test_a_built_in_file_that_begins_with_an_underscore_is_no_stage(tmp_path, monkeypatch):
    (tmp_path / "optimizer").mkdir()
    for name in ("adam", "_draft"):
        write(tmp_path / "optimizer", LYNX, f"{name}.py")
    monkeypatch.setattr(discovery, "_PLUGINS", tmp_path)
    assert Registry().names() == ["optimizer.adam"]


def test_a_package_that_hides_the_built_in_stages_is_told(tmp_path, monkeypatch):
    (tmp_path / "optimizer").mkdir()
    write(tmp_path / "optimizer", LYNX, "adam.py")
    monkeypatch.setattr(discovery, "_PLUGINS", tmp_path)
    with pytest.raises(BrokenStage, match="another package called 'plugins' stands before plait's own"):
        Registry().stage("optimizer.adam")


def test_load_all_completes_the_names(site):
    site.install(
        "lynx", {"lynx": "lynx_pkg"}, {"lynx_pkg.__init__": "from .core import lynx", "lynx_pkg.core": LYNX}
    )
    registry = Registry()
    registry.load_all()
    assert "optimizer.lynx" in registry.names()


def test_only_what_is_named_is_imported(site):
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": LYNX})
    site.install("tiger", {"optimizer.tiger": "tiger_stages"}, {"tiger_stages": "raise OSError"})
    registry = Registry()
    registry.stage("optimizer.lynx")
    assert "tiger_stages" not in sys.modules
    assert registry.broken == []


def test_names_import_neither_plugins_nor_numpy():
    code = (
        "import sys; from pipeline.stages.registry import Registry; Registry().names(); "
        "print([m for m in sys.modules if m.startswith(('plugins.', 'numpy', 'sklearn', 'dask'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_entry_point_may_name_one_function_of_a_module(site):
    two = LYNX + LYNX.split("\n\n", 1)[1].replace("def lynx", "def tiger")
    site.install("cats", {"lynx": "cats_stages:lynx"}, {"cats_stages": two})
    registry = Registry()
    assert "optimizer.tiger" not in registry.names()
    registry.stage("optimizer.lynx")
    with pytest.raises(UnknownStage):
        registry.stage("optimizer.tiger")


@pytest.mark.parametrize("target", ["cats_stages", "cats_stages:{}"])
@pytest.mark.parametrize("point", ["{}", "optimizer.{}"])
def test_two_entry_points_may_share_a_module(site, point, target):
    two = LYNX + LYNX.split("\n\n", 1)[1].replace("def lynx", "def tiger")
    points = {point.format(name): target.format(name) for name in ("lynx", "tiger")}
    site.install("cats", points, {"cats_stages": two})
    registry = Registry()
    assert registry.stage("optimizer.tiger").name == "tiger"
    assert registry.stage("optimizer.lynx").name == "lynx"


def test_a_stage_that_another_plugin_imports_is_registered_once(site):
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": LYNX})
    other = "from lynx_stages import lynx\n" + LYNX.replace("def lynx", "def tiger") + "\nagain = tiger\n"
    site.install("tiger", {"tiger": "tiger_stages"}, {"tiger_stages": other})
    registry = Registry()
    registry.stage("optimizer.tiger")
    assert registry.stage("optimizer.lynx").distribution == "lynx"
    names = [
        implementation.function.__name__ for implementation in registry.manager.hook.optimizer.get_hookimpls()
    ]
    assert sorted(names) == ["lynx", "tiger"]


def test_an_unknown_stage_is_told_with_the_nearest_and_the_names_of_its_kind(tmp_path):
    registry = Registry([write(tmp_path, LYNX)])
    with pytest.raises(
        UnknownStage, match=r"no stage 'optimizer.lyon'; did you mean 'optimizer.lynx'\?"
    ) as caught:
        registry.stage("optimizer.lyon")
    assert "optimizer.lynx" in caught.value.allowed


def test_a_stage_of_another_kind_with_the_same_name_is_suggested(tmp_path):
    with pytest.raises(UnknownStage, match=r"did you mean 'optimizer\.lynx'"):
        Registry([write(tmp_path, LYNX)]).stage("regularizer.lynx")


def test_an_unknown_kind_is_told_with_the_kinds():
    with pytest.raises(UnknownStage) as caught:
        Registry().stage("optimiser.lynx")
    assert caught.value.allowed.startswith("data, transform, augment")


@pytest.mark.parametrize(
    ("source", "line", "error"),
    [
        ("import json\nimport nowhere_at_all\n", 2, "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def broken(:\n", 1, "SyntaxError: invalid syntax"),
        ("\n\nraise SystemExit(3)\n", 3, "SystemExit: 3"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
        ("1 / 0\n", 1, "ZeroDivisionError: division by zero"),
        (LYNX.replace("g, state", "state, g"), 5, r"its data arguments are \(w, state, g, t\)"),
        (LYNX.replace("w, g, state, t", "w, g, state"), 5, r"it takes exactly \(w, g, state, t\)"),
        (LYNX.replace("*, lr", "lr"), 5, "'lr' is no data argument; options stand after a bare *"),
        (LYNX.replace("t, *", "t, lead, *"), 5, "'lead' is no data argument"),
        (LYNX.replace("steps: int = 3", "**more"), 5, r"\*\*more has no place in a stage"),
        (LYNX.replace("steps: int", "steps"), 5, "option 'steps' of lynx has no annotation"),
        (LYNX.replace("t, *", "t=1, *"), 5, "data argument 't' may not have a default"),
        ("x = 1\n", 0, "defines no optimizer.lynx; decorate a function"),
    ],
)
def test_a_broken_plugin_is_set_aside_with_the_line_that_failed(site, source, line, error):
    site.install("bad-lynx", {"optimizer.lynx": "bad_lynx"}, {"bad_lynx": source}, "0.3")
    registry = Registry()
    with pytest.raises(BrokenStage, match=error):
        registry.stage("optimizer.lynx")
    (broken,) = registry.broken
    assert (broken.distribution, broken.version, broken.entry_point) == ("bad-lynx", "0.3", "optimizer.lynx")
    assert broken.line == line
    assert not line or broken.file == str(site.folder / "bad_lynx.py")


def test_a_plugin_whose_module_is_not_there_is_broken(site):
    site.install("lynx", {"optimizer.lynx": "lynx_stages"}, {})
    with pytest.raises(BrokenStage, match=r"lynx 1.0 \(entry point optimizer.lynx\): ModuleNotFoundError"):
        Registry().stage("optimizer.lynx")


def test_one_broken_plugin_leaves_the_others_alone(site, tmp_path):
    site.install("bad", {"bad": "bad_stages"}, {"bad_stages": "raise SystemExit"})
    registry = Registry([write(tmp_path, LYNX)])
    registry.load_all()
    assert [plugin.distribution for plugin in registry.broken] == ["bad"]
    assert registry.stage("optimizer.lynx").name == "lynx"


def test_an_unlisted_stage_of_a_broken_plugin_is_told_as_broken(site):
    site.install("lynx", {"lynx": "lynx_stages"}, {"lynx_stages": "raise OSError('no disk')"})
    with pytest.raises(BrokenStage, match="OSError: no disk"):
        Registry().stage("optimizer.lynx")


def test_an_unknown_stage_mentions_the_broken_plugins_that_might_have_it(site):
    site.install("cats", {"cats": "cats_stages"}, {"cats_stages": "raise OSError('no disk')"})
    with pytest.raises(UnknownStage, match=r"might have it could not be loaded: cats 1.0 .*OSError: no disk"):
        Registry().stage("optimizer.lynx")


def test_a_keyboard_interrupt_at_import_is_no_broken_plugin(site):
    site.install("lynx", {"optimizer.lynx": "lynx_stages"}, {"lynx_stages": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        Registry().stage("optimizer.lynx")


@pytest.mark.parametrize("point", ["lynx", "optimizer.lynx"])
def test_two_distributions_that_claim_one_name_are_both_told_with_versions(site, point):
    site.install("lynx", {point: "lynx_one"}, {"lynx_one": LYNX}, "1.0")
    site.install("king", {point: "lynx_two"}, {"lynx_two": LYNX}, "2.0")
    registry = Registry()
    with pytest.raises(StageConflict, match=r"'optimizer\.lynx' is claimed by") as caught:
        registry.stage("optimizer.lynx")
    assert "lynx 1.0" in str(caught.value)
    assert "king 2.0" in str(caught.value)
    assert len(registry.sources("optimizer.lynx")) == 2


def test_a_conflict_ends_when_one_distribution_is_blocked(site):
    site.install("Lynx_One", {"lynx": "lynx_one"}, {"lynx_one": LYNX})
    site.install("king", {"lynx": "lynx_two"}, {"lynx_two": LYNX})
    assert Registry(blocked=["lynx-one"]).stage("optimizer.lynx").distribution == "king"


def test_a_local_file_and_a_package_that_claim_one_name_conflict(site, tmp_path):
    site.install("lynx", {"lynx": "lynx_one"}, {"lynx_one": LYNX})
    path = write(tmp_path, LYNX)
    with pytest.raises(StageConflict) as caught:
        Registry([path]).stage("optimizer.lynx")
    assert f"lynx 1.0 and by {path}" in str(caught.value)


def test_a_blocked_stage_is_neither_listed_nor_loaded(tmp_path):
    registry = Registry([write(tmp_path, LYNX)], blocked=["optimizer.lynx"])
    assert "optimizer.lynx" not in registry.names()
    with pytest.raises(BlockedStage, match=r"'optimizer\.lynx' is blocked"):
        registry.stage("optimizer.lynx")


def test_the_environment_blocks_stages_and_distributions(site, tmp_path, monkeypatch):
    site.install("tiger", {"optimizer.tiger": "tiger_stages"}, {"tiger_stages": "raise OSError"})
    monkeypatch.setenv("PLAIT_BLOCK", "optimizer.lynx, tiger")
    names = Registry([write(tmp_path, LYNX)]).names()
    assert "optimizer.lynx" not in names
    assert "optimizer.tiger" not in names


def test_a_local_file_is_found_by_its_path_and_needs_no_import_path(tmp_path):
    stage = Registry([write(tmp_path, LYNX)]).stage("optimizer.lynx")
    assert stage.distribution == "local file"
    assert stage.module.startswith("plait_local_my_stages_")
    assert not (tmp_path / "__pycache__").exists()


def test_local_files_of_one_name_in_two_folders_do_not_meet(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = write(tmp_path / "a", LYNX)
    two = write(tmp_path / "b", LYNX.replace("def lynx", "def tiger"))
    registry = Registry([one, two])
    assert registry.stage("optimizer.lynx").module != registry.stage("optimizer.tiger").module


def test_a_local_file_that_was_edited_is_loaded_anew(tmp_path):
    first = Registry([write(tmp_path, LYNX)]).stage("optimizer.lynx")
    second = Registry([write(tmp_path, LYNX.replace("0.1", "0.2"))]).stage("optimizer.lynx")
    assert (first.check({})["lr"], second.check({})["lr"]) == (0.1, 0.2)


def test_a_local_file_that_is_not_there_is_broken(tmp_path):
    registry = Registry([tmp_path / "nothing.py"])
    with pytest.raises(UserError, match=r"nothing\.py.*FileNotFoundError"):
        registry.stage("optimizer.lynx")


def test_a_registry_with_more_local_files_keeps_what_it_had(tmp_path):
    tiger = write(tmp_path, LYNX.replace("def lynx", "def tiger"), "tiger.py")
    registry = Registry([write(tmp_path, LYNX)], blocked=["model.mlp"]).with_local([tiger])
    assert {"optimizer.lynx", "optimizer.tiger"} <= set(registry.names())
    assert registry.description()["blocked"] == ["model.mlp"]


def test_another_process_rebuilds_the_registry_from_its_description(tmp_path):
    registry = Registry([write(tmp_path, LYNX)], blocked=["model.mlp"])
    code = (
        "import json, sys; from pipeline.stages.registry import Registry; "
        "registry = Registry.from_description(json.loads(sys.argv[1])); "
        "print(json.dumps([registry.stage('optimizer.lynx').check({}), registry.description()]))"
    )
    description = json.dumps(registry.description())
    done = subprocess.run(
        [sys.executable, "-c", code, description], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [{"lr": 0.1, "steps": 3}, registry.description()]


def test_floats_of_a_traced_kind_vary_inside_a_cohort_and_ints_do_not(tmp_path):
    stage = Registry([write(tmp_path, LYNX)]).stage("optimizer.lynx")
    assert stage.varying == {"lr"}


def test_floats_of_other_kinds_are_structure(tmp_path):
    source = "from pipeline import transform\n@transform\ndef scale(data, rng, *, by: float): ...\n"
    stage = Registry([write(tmp_path, source)]).stage("transform.scale")
    assert stage.varying == frozenset()
    assert stage.required == {"by"}


def test_a_model_may_leave_its_outputs_open(tmp_path):
    source = "from pipeline import model\n@model\ndef net(x, net, *, width: int, outputs: int): ...\n"
    stage = Registry([write(tmp_path, source)]).stage("model.net")
    assert stage.required == {"width"}
    assert stage.check({"width": 3}) == {"width": 3}


def test_a_loss_tells_its_link(tmp_path):
    source = "from pipeline import loss\n@loss(link='softmax')\ndef surprise(outputs, targets): ...\n"
    assert Registry([write(tmp_path, source)]).stage("loss.surprise").link == "softmax"


def test_a_function_that_is_no_stage_is_told_the_kinds():
    with pytest.raises(
        RegistrationError, match="plain is not a stage; decorate it with one of data, transform"
    ):
        Stage.of(plain)


def plain(x: Any) -> Any:
    return x


@optimizer
def still(w, g, state, t):
    """Stay."""
    return w, ()


def test_a_stage_is_made_of_a_function_and_the_function_stays_itself():
    stage = Stage.of(still)
    assert (stage.ref, stage.function, stage.check({})) == ("optimizer.still", still, {})
    assert still(1, 2, None, 1) == (1, ())
