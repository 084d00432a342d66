"""A code digest changes with what code does, and with nothing else."""

import importlib.util
import sys
from importlib import import_module, invalidate_caches

import pytest

from pipeline.running.code import CodeDigests

STAGE = '''
"""A stage."""
import math
from .helper import scale
from . import tables

def stage(x, *, rate: float = 0.1):
    """Multiply."""
    return scale(x) * rate  # slowly
'''

HELPER = """
def scale(x):
    from herbs.deep import factor
    return factor * x
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes a file below the root of a package tree."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]
    invalidate_caches()


@pytest.fixture
def stage(write):
    """A function in a package of six files, of which it uses five."""
    write("herbs/__init__.py", "")
    write("herbs/stages/__init__.py", "'Stages.'")
    write("herbs/stages/mint.py", STAGE)
    write(
        "herbs/stages/helper.py", "def scale(x):\n    from herbs.deep import factor\n    return factor * x\n"
    )
    write("herbs/stages/tables.py", "rows = 3\n")
    write("herbs/deep.py", "factor = 2\n")
    write("herbs/unused.py", "other = 1\n")
    return import_module("herbs.stages.mint").stage


def load(path, name="plait_local_0"):
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def changed(stage, change):
    """Return the files whose digest differs after `change()`."""
    before = CodeDigests().of(stage)
    change()
    after = CodeDigests().of(stage)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def test_the_files_are_the_module_and_all_that_it_imports_of_its_own_package(stage):
    assert sorted(CodeDigests().of(stage)) == [
        "herbs/__init__.py",
        "herbs/deep.py",
        "herbs/stages/__init__.py",
        "herbs/stages/helper.py",
        "herbs/stages/mint.py",
        "herbs/stages/tables.py",
    ]


@pytest.mark.parametrize(
    "text",
    [
        STAGE.replace("# slowly", "# at once, and more\n"),
        STAGE.replace("Multiply.", "Say it in other words."),
        STAGE.replace('"""A stage."""', ""),
        STAGE.replace('"""Multiply."""', "...").replace("scale(x) * rate", "(scale( x )*rate)"),
        STAGE.replace("0.1", "1e-1"),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(stage, write, text):
    assert changed(stage, lambda: write("herbs/stages/mint.py", text)) == []


@pytest.mark.parametrize(
    "text", [STAGE.replace("0.1", "0.2"), STAGE.replace("* rate", "+ rate"), STAGE + "\nother = 'a text'\n"]
)
def test_what_the_module_does_counts(stage, write, text):
    assert changed(stage, lambda: write("herbs/stages/mint.py", text)) == ["herbs/stages/mint.py"]


@pytest.mark.parametrize(
    "name", ["herbs/deep.py", "herbs/stages/helper.py", "herbs/stages/tables.py", "herbs/__init__.py"]
)
def test_a_change_in_a_module_that_it_uses_counts(stage, write, name):
    assert changed(stage, lambda: write(name, "factor = rows = scale = 77\n")) == (
        [name] if "helper" not in name else ["herbs/deep.py", name]
    )


def test_a_module_that_it_does_not_use_does_not_count(stage, write):
    assert changed(stage, lambda: write("herbs/unused.py", "other = 2\n")) == []


def test_a_ring_of_imports_ends(write):
    write("ring/__init__.py", "")
    write("ring/a.py", "import ring.b\ndef stage(): ...\n")
    write("ring/b.py", "from ring import a\n")
    assert sorted(CodeDigests().of(import_module("ring.a").stage)) == [
        "ring/__init__.py",
        "ring/a.py",
        "ring/b.py",
    ]


def test_relative_imports_from_above_and_from_the_package_itself(write):
    write("up/__init__.py", "from .here.tool import use\n")
    write("up/here/__init__.py", "from . import tool\n")
    write("up/here/tool.py", "from ..shared import *\nuse = 1\n")
    write("up/here/stage.py", "from ... import nothing\n")
    write("up/shared.py", "def stage(): ...\n")
    assert sorted(CodeDigests().of(import_module("up.shared").stage)) == [
        "up/__init__.py",
        "up/here/__init__.py",
        "up/here/tool.py",
        "up/shared.py",
    ]


def test_a_namespace_package_needs_no_init_file(write):
    write("spaces/kind/one.py", "from spaces.kind import two\ndef stage(): ...\n")
    write("spaces/kind/two.py", "")
    assert sorted(CodeDigests().of(import_module("spaces.kind.one").stage)) == [
        "spaces/kind/one.py",
        "spaces/kind/two.py",
    ]


def test_a_local_file_counts_with_the_siblings_that_it_imports(write):
    path = write("my_stages.py", "import numpy\nimport my_helper\ndef stage(): ...\n")
    write("my_helper.py", "from my_package import thing\n")
    write("my_package/__init__.py", "")
    write("my_package/thing.py", "")
    write("my_other.py", "")
    names = ["my_helper.py", "my_package/__init__.py", "my_package/thing.py", "my_stages.py"]
    assert sorted(CodeDigests().of(load(path).stage)) == names


def test_the_framework_beside_a_local_file_does_not_count(write):
    path = write("my_stages.py", "def stage(): ...\n")
    function = load(path).stage
    write("pipeline/__init__.py", "")
    write("my_stages.py", "from pipeline import model\ndef stage(): ...\n")
    assert sorted(CodeDigests().of(function)) == ["my_stages.py"]


def test_an_installed_single_module_does_not_count_its_neighbours(write, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    write("site-packages/lion_plugin.py", "import stranger\ndef stage(): ...\n")
    write("site-packages/stranger.py", "")
    assert sorted(CodeDigests().of(import_module("lion_plugin").stage)) == ["lion_plugin.py"]


def test_two_local_directories_give_the_same_names(write):
    first = CodeDigests().of(load(write("one/mine.py", "def stage(): return 1\n"), "plait_local_1").stage)
    second = CodeDigests().of(
        load(write("two/mine.py", "def stage():\n    return 1\n"), "plait_local_2").stage
    )
    assert first == second


def test_a_wrapped_function_counts_as_the_one_inside(write, stage):
    import functools

    @functools.wraps(stage)
    def wrapper(*arguments):
        return stage(*arguments)

    assert CodeDigests().of(wrapper) == CodeDigests().of(stage)


def test_a_function_without_a_file_counts_by_what_it_does():
    def made(text):
        names = {"__name__": "notebook"}
        exec(compile(text, "<cell 3>", "exec"), names)
        return names["stage"]

    one = CodeDigests().of(made("def stage(x): return [x + 1 for x in x]"))
    assert list(one) == ["<notebook.stage>"]
    assert one == CodeDigests().of(made("\n\n\ndef stage(x): return [x + 1 for x in x]"))
    assert one != CodeDigests().of(made("def stage(x): return [x + 2 for x in x]"))


def test_a_builtin_function_counts_by_its_name():
    assert list(CodeDigests().of(len)) == ["<builtins.len>"]


def test_a_file_that_no_longer_parses_counts_by_its_bytes(stage, write):
    assert changed(stage, lambda: write("herbs/deep.py", "factor = = 2\n")) == ["herbs/deep.py"]


def test_digests_follow_a_file_that_changes_under_them(stage, write):
    digests = CodeDigests()
    before = digests.of(stage)
    assert digests.of(stage) == before
    write("herbs/deep.py", "factor = 2000\n")
    assert digests.of(stage)["herbs/deep.py"] != before["herbs/deep.py"]
