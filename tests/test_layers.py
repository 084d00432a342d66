"""The arrows of docs/design.md: imports only go down, also those that stand inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline

ROOT = Path(__file__).parents[1]

# From the bottom up.  A module belongs to the layer with the longest prefix of its name.
LAYERS = [
    ("errors", ["pipeline.errors"]),
    ("exhibits", ["pipeline.exhibits", "pipeline.svg"]),
    ("engine", ["pipeline.engine"]),
    ("calculus", ["pipeline.calculus"]),
    (
        "stages",
        [
            "pipeline.capacity",
            "pipeline.hooks",
            "pipeline.measures",
            "pipeline.options",
            "pipeline.space",
            "pipeline.stages",
            "pipeline.nn",
            "pipeline.testing",
        ],
    ),
    ("dag", ["pipeline.dag"]),
    ("run", ["pipeline.running"]),
    ("report", ["pipeline.report", "pipeline.results", "pipeline.api"]),
    ("cli", ["pipeline.cli", "pipeline.__main__"]),
]
RANK = {prefix: rank for rank, (_, prefixes) in enumerate(LAYERS) for prefix in prefixes}

# What a plugin may import of plait: the public names, and these modules.
PUBLIC_MODULES = {
    "pipeline.calculus",
    "pipeline.capacity",
    "pipeline.options",
    "pipeline.nn",
    "pipeline.ops",
    "pipeline.testing",
    "pipeline.exhibits",
    "pipeline.space",
}

FRAMEWORK = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pipeline").rglob("*.py"))
PLUGINS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "plugins").rglob("*.py"))


def imports(source: str, package: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name ("" for a whole module) of each import outside TYPE_CHECKING."""
    tree = ast.parse(source)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from ((node.lineno, str(name), "") for name in names[:1])


def rank(module: str) -> int | None:
    """Return the layer's place, counted from below; None for what belongs to no layer."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in RANK:
            return RANK[".".join(parts[:length])]
    return None


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def targets(module: str, name: str) -> list[str]:
    """Name what an import reaches: a submodule, or the home of a name that `pipeline` exports lazily."""
    if module != "pipeline" or not name:
        return [f"{module}.{name}" if name and rank(f"{module}.{name}") is not None else module]
    return [pipeline._MODULES.get(name) or pipeline._MODULE_OF.get(name) or f"pipeline.{name}"]


def violations(source: str, path: str) -> list[str]:
    """List the imports of a file of the framework that go up, or reach what only another may use."""
    own, found = module_name(path), []
    package = own if path.endswith("__init__.py") else own.rpartition(".")[0]
    for line, module, name in imports(source, package):
        root = module.split(".")[0]
        for target in targets(module, name):
            above, here = rank(target), rank(own)
            if above is not None and here is not None and above > here:
                found.append(f"{path}:{line}: {LAYERS[here][0]} imports {target} of {LAYERS[above][0]}")
        if root in ("dask", "distributed") and not own.startswith("pipeline.running"):
            found.append(f"{path}:{line}: {root} belongs to pipeline/running")
        if root == "plugins":
            found.append(f"{path}:{line}: only the registry may load plugins")
    return found


def plugin_violations(source: str, path: str) -> list[str]:
    """List the imports of a plugin that reach another plugin or what is not public in pipeline."""
    package, found = module_name(path).rpartition(".")[0], []
    for line, module, name in imports(source, package):
        root = module.split(".")[0]
        if root == "plugins":
            found.append(f"{path}:{line}: a plugin imports another")
        if root == "pipeline" and module not in PUBLIC_MODULES:
            public = name in pipeline.__all__ if module == "pipeline" and name else module == "pipeline"
            if not public:
                found.append(f"{path}:{line}: {module}{'.' if name else ''}{name} is not public")
    return found


@pytest.mark.parametrize("path", FRAMEWORK)
def test_imports_only_go_down(path):
    assert violations((ROOT / path).read_text(), path) == []


@pytest.mark.parametrize("path", PLUGINS)
def test_plugins_import_only_what_is_public(path):
    assert plugin_violations((ROOT / path).read_text(), path) == []


@pytest.mark.parametrize("path", FRAMEWORK)
def test_every_file_has_a_layer(path):
    assert path == "pipeline/__init__.py" or rank(module_name(path)) is not None


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pipeline/engine/x.py", "from pipeline.stages import dataset"),
        ("pipeline/engine/x.py", "def f():\n    import pipeline.hooks"),
        ("pipeline/engine/x.py", "from pipeline import DataSet"),
        ("pipeline/engine/x.py", "from ..stages import dataset"),
        ("pipeline/errors.py", "from pipeline.engine import ops"),
        ("pipeline/stages/x.py", "from pipeline.dag import file"),
        ("pipeline/stages/x.py", "import_module('pipeline.running.store')"),
        ("pipeline/dag/x.py", "import dask"),
        ("pipeline/cli/x.py", "def f():\n    from distributed import Client"),
        ("pipeline/running/x.py", "from pipeline import load"),
        ("pipeline/stages/x.py", "from plugins.optimizer.adam import adam"),
    ],
)
def test_an_import_that_goes_up_is_noticed(path, source):
    assert len(violations(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pipeline/running/x.py", "import dask\nfrom pipeline.dag import file"),
        ("pipeline/stages/x.py", "if TYPE_CHECKING:\n    from pipeline.running import store"),
        ("pipeline/stages/x.py", "from pipeline import DataSet, __version__, ops"),
        ("pipeline/cli/x.py", "from pipeline.report import standings\nfrom pipeline import run"),
    ],
)
def test_an_import_that_goes_down_passes(path, source):
    assert violations(source, path) == []


@pytest.mark.parametrize(
    "source",
    [
        "from plugins.optimizer.adam import adam",
        "from .adam import adam",
        "from pipeline.hooks import optimizer",
        "from pipeline import hooks",
        "import pipeline.stages.registry",
        "def f():\n    from pipeline.engine import graph",
    ],
)
def test_a_plugin_that_reaches_inside_is_noticed(source):
    assert len(plugin_violations(source, "plugins/optimizer/x.py")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from pipeline import optimizer, ops, DataError\nimport pipeline",
        "from pipeline.options import Positive\nfrom pipeline.nn import conv2d\nimport sklearn.datasets",
        "if TYPE_CHECKING:\n    from pipeline.engine import Tensor",
    ],
)
def test_a_plugin_that_uses_public_names_passes(source):
    assert plugin_violations(source, "plugins/optimizer/x.py") == []
