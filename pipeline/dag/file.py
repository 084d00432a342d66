"""Read a DAG file: every check that can be made before anything runs, all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dag import content, overrides, reading, stageuse
from pipeline.dag.build import build
from pipeline.dag.cluster import read_cluster
from pipeline.dag.document import parse
from pipeline.dag.located import Entry, Located, Source
from pipeline.dag.problems import Problems
from pipeline.dag.spec import Dag, StageUse

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry

FORMAT = 1
KEYS = ("plait", "name", "seed", "dtype", "plugins", "nodes", "sweep", "trackers", "cluster")
DTYPES = ("float32", "float64")


def read(path: str | Path, registry: Registry, overrides: Sequence[str] = ()) -> Dag:
    """Read and check the DAG file at `path`, with overrides such as "adam.lr=1e-2" written in.

    `registry` is extended by the local plugins that the file names.  Raise DagError with every problem.
    """
    problems = Problems()
    text = content.load(Path(path), problems)
    problems.raise_if_any()
    return read_text(text, registry, overrides, Path(path))


def read_text(
    text: str, registry: Registry, overrides: Sequence[str] = (), path: Path = Path("dag.yaml")
) -> Dag:
    """Read and check the text of a DAG file; `path` is its name in messages, and where its plugins lie."""
    problems = Problems()
    source = Source(str(path), tuple(text.splitlines()))
    root = parse(text, source, problems)
    if root is None and not problems.found:
        problems.add(Located(None, source), "the file is empty", hint="begin with plait: 1 and nodes:")
    if root is None:
        problems.raise_if_any()
        raise AssertionError("a text without a value has a problem")
    root = _overridden(root, overrides, problems)
    reader = _Reader(root, registry, path, problems)
    return reader.dag(text, tuple(overrides))


def _overridden(root: Located, given: Sequence[str], problems: Problems) -> Located:
    return overrides.apply(root, given, problems) if isinstance(root.value, Mapping) else root


class _Reader:
    """Reads the top of a file, key by key, then the parts of it that depend on each other."""

    def __init__(self, root: Located, registry: Registry, path: Path, problems: Problems):
        self.root, self.path, self.problems = root, path, problems
        self.entries: dict[str, Entry] = reading.entries(root, "the file", problems, KEYS)
        self.seed = self.whole("seed", 0)
        self.plugins = self.local_plugins()
        self.registry = registry.with_local(self.plugins) if self.plugins else registry

    def dag(self, text: str, overrides: tuple[str, ...]) -> Dag:
        """Return the checked DAG; raise DagError with every problem."""
        self.check_format()
        name = self.name()
        dtype = self.choice("dtype", DTYPES)
        trackers = self.trackers()
        cluster = self.cluster()
        nodes, sweep = build(
            self.root, self.get("nodes"), self.get("sweep"), self.seed, self.registry, self.problems
        )
        self.problems.raise_if_any()
        return Dag(
            name, self.seed, dtype, nodes, sweep, self.registry, trackers, cluster, self.plugins, self.path,
            text, overrides,
        )  # fmt: skip

    def get(self, key: str) -> Located | None:
        return self.entries[key].value if key in self.entries else None

    def whole(self, key: str, default: int) -> int:
        at = self.get(key)
        found = reading.whole(at, key, 0, self.problems) if at else default
        return default if found is None else found

    def choice(self, key: str, names: tuple[str, ...]) -> str:
        at = self.get(key)
        return (reading.choice(at, key, names, self.problems) if at else None) or names[0]

    def name(self) -> str:
        at = self.get("name")
        return (reading.text(at, "name", self.problems) if at else None) or self.path.stem

    def check_format(self) -> None:
        at = self.get("plait")
        if at is None and isinstance(self.root.value, Mapping):
            hint = "write plait: 1, the version of the file's format, on top"
            self.problems.add(self.root, "the key 'plait' is missing", allowed=("plait: 1",), hint=hint)
        elif at is not None and (at.value is True or at.value != FORMAT):
            self.problems.add(at, "an unknown version of the file's format", allowed=(FORMAT,))

    def local_plugins(self) -> tuple[Path, ...]:
        at = self.get("plugins")
        found = []
        for item in (reading.names(at, "plugins", self.problems) if at else None) or ():
            file = self.path.parent / str(item.value)
            if file.suffix == ".py" and _is_file(file):
                found.append(file)
            else:
                hint = f"looked for {file}; a plugin is the path of a .py file, from the DAG file's folder"
                self.problems.add(item, f"there is no plugin {item.value!r}", hint=hint)
        return tuple(found)

    def trackers(self) -> tuple[StageUse, ...]:
        at = self.get("trackers")
        items = (list(at) if isinstance(at.value, tuple) else [at]) if at else []
        uses = [stageuse.use(item, "tracker", self.registry, self.problems) for item in items]
        return tuple(use for use in uses if use)

    def cluster(self) -> str | Mapping[str, Any] | None:
        at = self.get("cluster")
        if at is None or isinstance(at.value, str):
            return at.plain() if at else None
        return read_cluster(at, self.problems)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a NUL in it
        return False
