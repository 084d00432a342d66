"""What a stage's code is: the files it consists of, each with a digest that ignores how it is written.

Comments, docstrings and formatting do not count, so that polishing a file does not run everything again.
What counts is the function's module and all modules that it imports, from however deep, out of its own
top-level package; for a local file, out of its own directory.  Imports are read from the source and not
followed where they are computed.  Other packages are covered by their distribution's version.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

_FRAMEWORK = "pipeline"


@dataclass(frozen=True)
class Import:
    """`from <level dots><module> import <name>`, or `import <module>` without a name."""

    level: int
    module: str
    name: str = ""


@dataclass(frozen=True)
class Source:
    """What there is to know of a file: its digest and its imports."""

    digest: str
    imports: tuple[Import, ...] = ()


class CodeDigests:
    """Digests of functions' code; a file is parsed once, and again when it has changed."""

    def __init__(self) -> None:
        self._sources: dict[Path, tuple[tuple[int, int], Source]] = {}

    def of(self, function: Callable[..., Any]) -> dict[str, str]:
        """Return the digest of each file of the function's code, by the file's name in its package.

        A function without a file (made in a notebook) has one entry, for its own text alone.
        """
        function = inspect.unwrap(function)
        home = _home(function)
        if home is None:
            return {f"<{function.__module__}.{function.__qualname__}>": _digest_of_text(function)}
        files = {file for name in self._modules(home) if (file := home.file(name))}
        return {
            str(file.relative_to(home.root).as_posix()): self._source(file).digest for file in sorted(files)
        }

    def _modules(self, home: _Home) -> set[str]:
        """Return the dotted names of the home module and of all that it imports from its own package."""
        found: set[str] = set()
        waiting = [*_with_parents(home.name)]
        while waiting:
            name = waiting.pop()
            file = home.file(name)
            if name in found or file is None or not home.owns(name):
                continue
            found.add(name)
            waiting += _imported(name, file, self._source(file))
        return found

    def _source(self, file: Path) -> Source:
        status = file.stat()
        signature = (status.st_mtime_ns, status.st_size)
        known = self._sources.get(file)
        if known is None or known[0] != signature:
            known = self._sources[file] = (signature, _read(file))
        return known[1]


@dataclass(frozen=True)
class _Home:
    """Where a function's module lives: `root` is the directory from which `name` is imported."""

    root: Path
    name: str
    alone: bool  # whether only the modules of its top-level package are its own

    def owns(self, name: str) -> bool:
        top = name.partition(".")[0]
        return top == self.name.partition(".")[0] or (not self.alone and top != _FRAMEWORK)

    def file(self, name: str) -> Path | None:
        path = self.root.joinpath(*name.split("."))
        candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
        return next((file for file in candidates if file.is_file()), None)


def _home(function: Callable[..., Any]) -> _Home | None:
    try:
        file = Path(inspect.getsourcefile(function) or "").resolve()
    except TypeError:
        return None
    if not file.is_file():
        return None
    module = tuple(function.__module__.split("."))
    path = file.parent.parts if file.name == "__init__.py" else (*file.parent.parts, file.stem)
    if path[-len(module) :] != module:  # loaded from its path, under a name of the registry's
        module = (path[-1],)
    root = Path(*path[: -len(module)])
    return _Home(root, ".".join(module), alone=len(module) > 1 or _holds_strangers(root))


def _holds_strangers(root: Path) -> bool:
    """Say whether a directory is one of the interpreter's, where neighbours are not one's own."""
    paths = sysconfig.get_paths()
    interpreters = {Path(paths[name]).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return root in interpreters or root.name in ("site-packages", "dist-packages")


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: end + 1]) for end in range(len(parts)))


def _imported(name: str, file: Path, source: Source) -> Iterator[str]:
    """Yield the absolute names that a module may import: `from a import b` may mean the module a.b."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for found in source.imports:
        above = package[: len(package) - found.level + 1] if found.level else []
        target = [*above, *found.module.split("."), *found.name.split(".")]
        yield from _with_parents(".".join(part for part in target if part))


def _read(file: Path) -> Source:
    content = file.read_bytes()
    try:
        tree = ast.parse(content)
        return Source(_digest(tree), tuple(_imports(tree)))
    except (SyntaxError, ValueError, RecursionError):
        return Source(hashlib.sha256(content).hexdigest())


def _imports(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(node.level, node.module or "", alias.name) for alias in node.names)


class _Bare(ast.NodeTransformer):
    """Drops the statements that are only a constant: docstrings, and strings used as comments."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node


def _digest(tree: ast.AST) -> str:
    return hashlib.sha256(ast.dump(_Bare().visit(tree)).encode("utf-8", "backslashreplace")).hexdigest()


def _digest_of_text(function: Callable[..., Any]) -> str:
    try:
        return _digest(ast.parse(inspect.cleandoc(inspect.getsource(function))))
    except (OSError, TypeError, SyntaxError):
        return hashlib.sha256(_bytecode(getattr(function, "__code__", None)).encode()).hexdigest()


def _bytecode(code: CodeType | None) -> str:
    """Write out what a function does, without the lines it stands on."""
    if code is None:
        return ""
    constants = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return repr((code.co_code, code.co_names, code.co_varnames, constants))
