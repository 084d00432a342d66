"""The `nodes` of a DAG file: names, stages, options, and by port the names of what each takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.dag import reading, stageuse
from pipeline.dag.labels import article
from pipeline.dag.located import Entry, Located
from pipeline.dag.problems import Problems
from pipeline.dag.spec import SEED
from pipeline.errors import nearest
from pipeline.hooks import KINDS, Kind

if TYPE_CHECKING:
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

KEYS = ("stage", "inputs", "options", "gather")
RESERVED = (SEED, "sweep", "cluster")
NODE_KINDS = tuple(kind.name for kind in KINDS.values() if kind.is_node)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass
class Draft:
    """A node while it is being read: `at` is its name in the file, `stage` None where that is unknown.

    `sound` turns False when something is wrong that leaves unknown what the node receives or gives, and
    `wants` holds what it lacks.
    """

    name: str
    at: Located
    stage: Stage | None = None
    given: Located | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: dict[str, tuple[Located, ...]] = field(default_factory=dict)
    named_ports: set[str] = field(default_factory=set)
    gather: Located | None = None
    sound: bool = True
    wants: set[str] = field(default_factory=set)

    @property
    def takes(self) -> set[str]:
        """The names of the nodes that it takes."""
        return {str(source.value) for sources in self.inputs.values() for source in sources}

    @property
    def kind(self) -> Kind | None:
        """The kind of its stage, if that is known."""
        return KINDS[self.stage.kind] if self.stage else None


def read(at: Located, registry: Registry, problems: Problems) -> dict[str, Draft]:
    """Read all nodes, in the order of the file; options are not checked yet, inputs not looked up."""
    drafts = {}
    for name, entry in reading.entries(at, "nodes", problems).items():
        if _check_name(name, entry.key, problems):
            drafts[name] = _node(name, entry, registry, problems)
    if isinstance(at.value, Mapping) and not at.value:
        problems.add(at, "nodes is empty; a DAG has one node or more")
    return drafts


def _check_name(name: str, at: Located, problems: Problems) -> bool:
    if name in RESERVED:
        problems.add(at, f"a node may not be called {name!r}; the word has a meaning of its own")
        return False
    if not _NAME.fullmatch(name):
        allowed = ("letters, digits, _ and -, beginning with a letter, at most 64",)
        problems.add(at, f"{name[:80]!r} cannot be a node's name", allowed=allowed)
        return False
    return True


def _node(name: str, entry: Entry, registry: Registry, problems: Problems) -> Draft:
    draft = Draft(name, entry.key)
    if isinstance(entry.value.value, str):
        hint = f"write {name}: {{stage: {entry.value.value}}}"
        problems.add(entry.value, f"node {name!r} is a text; it has to be a mapping", hint=hint)
        return draft
    found = reading.entries(entry.value, f"node {name!r}", problems, KEYS)
    if "stage" in found:
        draft.stage = _stage(name, found["stage"].value, registry, problems)
    elif isinstance(entry.value.value, Mapping):
        problems.add(entry.key, f"node {name!r} has no stage", allowed=[f"{kind}.…" for kind in NODE_KINDS])
    draft.sound = draft.stage is not None
    draft.given = found["options"].value if "options" in found else None
    draft.gather = found["gather"].value if "gather" in found else None
    if "inputs" in found:
        draft.inputs = _inputs(draft, found["inputs"].value, problems)
    return draft


def _stage(name: str, at: Located, registry: Registry, problems: Problems) -> Stage | None:
    ref = reading.text(at, f"the stage of {name!r}", problems)
    return stageuse.find(at, ref, NODE_KINDS, registry, problems) if ref else None


def _inputs(draft: Draft, at: Located, problems: Problems) -> dict[str, tuple[Located, ...]]:
    """Read the ports; note those that the node's kind lacks and lists where one node belongs."""
    inputs = {}
    for port, entry in reading.entries(at, f"the inputs of {draft.name!r}", problems).items():
        if draft.kind and port not in draft.kind.ports:
            _note_superfluous(draft.kind, entry.key, port, problems)
            continue
        draft.named_ports.add(port)
        many = draft.kind is None or draft.kind.ports[port].many
        if isinstance(entry.value.value, tuple) and not many:
            problems.add(entry.value, f"the input {port!r} of {draft.name!r} takes one node, not a list")
            draft.sound = False
            continue
        optional = draft.kind is not None and not draft.kind.ports[port].required
        if optional and entry.value.value == ():
            continue
        found = reading.names(entry.value, f"the input {port!r} of {draft.name!r}", problems)
        if found:
            inputs[port] = tuple(found)
        else:
            draft.sound = False
    return inputs


def _note_superfluous(kind: Kind, at: Located, port: str, problems: Problems) -> None:
    allowed = kind.ports or (f"none, {article(kind.name)} node takes no inputs",)
    problems.add(
        at,
        f"{article(kind.name)} node has no input {port!r}",
        allowed=allowed,
        hint=nearest(port, kind.ports),
    )


def check_options(
    drafts: Mapping[str, Draft], swept: Mapping[str, Mapping[str, Any]], problems: Problems
) -> None:
    """Check every node's options; `swept` has, by node, one value for each option that the sweep sets."""
    for draft in drafts.values():
        if draft.stage:
            values = swept.get(draft.name, {})
            draft.options = stageuse.check_options(draft.stage, draft.at, draft.given, values, problems)
