"""Where stages may come from, found without importing any of them.

Built-in stages are known by their files, third parties' by entry points of the group `plait`, local ones
by the files that a DAG names.  An entry point called `optimizer.lion` tells its kind; one called `lion`
does not, so the decorators in its source are read, and where that shows nothing the kind stays unknown
until the module is imported.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.hooks import KINDS, PROJECT

_PLUGINS = Path(__file__).parents[2] / "plugins"
LOCAL = "local file"


@dataclass(frozen=True)
class Source:
    """One module that may hold stages: what it claims, and who brings it.

    `claims` are the stages it says it holds; `promised` tells that it must then define them.  `attribute`
    names the one function of the module that an entry point such as `lion:lion` means.
    """

    entry_point: str
    module: str
    distribution: str
    claims: tuple[str, ...] = ()
    promised: bool = False
    attribute: str = ""
    path: Path | None = None
    origin: Any = field(default=None, compare=False, repr=False)

    @property
    def version(self) -> str:
        """The version of the distribution, "" for a local file."""
        return str(self.origin.version) if self.origin is not None else ""

    @property
    def label(self) -> str:
        """The name under which pluggy knows it."""
        return f"{self.distribution}: {self.entry_point}"

    @property
    def provider(self) -> str:
        """The distribution with its version, or the local file: for messages."""
        return f"{self.distribution} {self.version}" if self.distribution != LOCAL else str(self.path)


def find(local: Sequence[Path] = ()) -> list[Source]:
    """List every source: built-in, installed, local."""
    return [*_built_in(), *_installed(), *(_local(path) for path in local)]


def _built_in() -> Iterator[Source]:
    from pipeline import __version__

    own = _Version(__version__)
    for kind in KINDS:
        for path in sorted((_PLUGINS / kind).glob("*.py")):
            if not path.stem.startswith("_"):
                ref = f"{kind}.{path.stem}"
                yield Source(ref, f"plugins.{ref}", PROJECT, (ref,), promised=True, path=path, origin=own)


def _installed() -> Iterator[Source]:
    for point in metadata.entry_points(group=PROJECT):
        kind, _, name = point.name.partition(".")
        promised = kind in KINDS and bool(name)
        claims = (point.name,) if promised else _claims(source_file(point.module), point.attr)
        distribution = point.dist.name if point.dist else point.module
        yield Source(
            point.name, point.module, distribution, claims, promised, point.attr or "", origin=point.dist
        )


def _local(path: Path) -> Source:
    path = path.resolve()
    stem = "".join(letter if letter.isalnum() else "_" for letter in path.stem)
    module = f"plait_local_{stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    return Source(str(path), module, LOCAL, _claims(path), path=path)


@dataclass(frozen=True)
class _Version:
    version: str  # as importlib.metadata.Distribution has it


def source_file(module: str) -> Path | None:
    """Find a module's file without importing its parents."""
    root, *rest = module.split(".")
    try:
        spec = find_spec(root)
    except (ImportError, ValueError):
        return None
    if spec is None or not rest:
        return Path(spec.origin) if spec and spec.origin else None
    for folder in spec.submodule_search_locations or ():
        inner = Path(folder, *rest)
        for candidate in (inner.with_suffix(".py"), inner / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def _claims(path: Path | None, only: str | None = "") -> tuple[str, ...]:
    """Read the stages that a source file decorates; () where that cannot be told."""
    try:
        tree = ast.parse(path.read_bytes()) if path else ast.Module([], [])
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    kinds = _imported_kinds(tree)
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and only in ("", None, node.name):
            found += [f"{kind}.{node.name}" for kind in _decorated(node, kinds)]
    return tuple(found)


def _imported_kinds(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline"
        for alias in node.names
        if alias.name in KINDS
    }


def _decorated(node: ast.FunctionDef, kinds: dict[str, str]) -> Iterator[str]:
    for decorator in node.decorator_list:
        mark = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(mark, ast.Name) and mark.id in kinds:
            yield kinds[mark.id]
        elif isinstance(mark, ast.Attribute) and mark.attr in KINDS and isinstance(mark.value, ast.Name):
            yield mark.attr
