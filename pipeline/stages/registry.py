"""The registry: which stages there are, loaded one by one when they are named.

A pluggy manager inside an instance, nothing global.  Names come from metadata; only a module that is named
is imported.  A plugin that fails is set aside with the line that failed, and everything else goes on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from pipeline.errors import UserError, nearest
from pipeline.hooks import KINDS, PROJECT, Specs
from pipeline.stages.discovery import LOCAL, Source, find
from pipeline.stages.loading import BrokenPlugin, Failure, load
from pipeline.stages.options import InvalidOptions, OptionProblem, RegistrationError
from pipeline.stages.stage import Stage, check_signature, kind_of

BLOCK = "PLAIT_BLOCK"


class UnknownStage(UserError):
    """No plugin has a stage of this name; `hint` holds the nearest name, `allowed` the names of its kind."""

    def __init__(self, ref: str, names: Sequence[str], broken: Sequence[BrokenPlugin] = ()):
        kind = ref.partition(".")[0]
        of_kind = [name for name in names if name.startswith(f"{kind}.")]
        self.ref = ref
        self.allowed = ", ".join(of_kind if kind in KINDS else KINDS)
        self.hint = _same_name(ref, names) or nearest(ref, names)
        message = [f"there is no stage {ref!r}", self.hint]
        message += [f"a plugin that might have it could not be loaded: {plugin}" for plugin in broken]
        super().__init__("; ".join(part for part in message if part))


class BrokenStage(UserError):
    """The plugin that has this stage could not be loaded; `plugin` tells where it failed."""

    def __init__(self, ref: str, plugin: BrokenPlugin):
        self.ref = ref
        self.plugin = plugin
        super().__init__(f"the stage {ref!r} cannot be used: {plugin}")


class BlockedStage(UserError):
    """The stage, or the distribution that brings it, is blocked."""


class StageConflict(UserError):
    """Several plugins claim one name."""

    def __init__(self, ref: str, sources: Sequence[Source]):
        providers = " and by ".join(source.provider for source in sources)
        others = [source.distribution for source in sources if source.distribution not in (PROJECT, LOCAL)]
        advice = f"uninstall or block one of them: {BLOCK}={others[-1]}" if others else "rename one of them"
        self.ref = ref
        super().__init__(f"the stage {ref!r} is claimed by {providers}; {advice}")


class _Manager(pluggy.PluginManager):
    """Takes a function as a hook only from the module that defines it, and under its own name.

    pluggy looks at every attribute of a module, so that a stage which another plugin imports, or a second
    name for it, would be registered twice.  pluggy also allows fewer arguments than a specification has;
    stages are called directly, so here all must be there.
    """

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        found = getattr(plugin, name, None)
        home = getattr(found, "__module__", None) or ""
        inside = home == plugin.__name__ or home.startswith(f"{plugin.__name__}.")
        if not inside or getattr(found, "__name__", "") != name:
            return None
        marks = super().parse_hookimpl_opts(plugin, name)
        kind = kind_of(found)
        if marks is not None and found is not None and kind is not None:
            check_signature(found, kind)
        return marks


class Registry:
    """Knows the stages that are built in, installed, and in the files of `local`.

    `blocked` holds names of distributions or stages that must not be used; the environment variable
    PLAIT_BLOCK adds to them, separated by commas.
    """

    def __init__(self, local: Sequence[str | Path] = (), blocked: Collection[str] = ()):
        self._local = tuple(Path(path).resolve() for path in local)
        extra = os.environ.get(BLOCK, "").split(",")
        self._blocked = frozenset(name.strip() for name in (*blocked, *extra) if name.strip())
        self._manager = _Manager(PROJECT)
        self._manager.add_hookspecs(Specs)
        self._sources: list[Source] = []
        self._claims: dict[str, list[Source]] = {}
        self._stages: dict[tuple[str, Source], Stage] = {}
        self._tried: set[Source] = set()
        self._failed: dict[Source, BrokenPlugin] = {}
        for source in find(self._local):
            self._admit(source)

    def stage(self, ref: str) -> Stage:
        """Return the stage called `ref` ("optimizer.adam"), importing only the module that has it.

        Raise UnknownStage, BrokenStage, StageConflict or BlockedStage.
        """
        if ref in self._blocked:
            raise BlockedStage(f"the stage {ref!r} is blocked (by {BLOCK}, or by an argument)")
        for source in self.sources(ref):
            self._load(source)
        if ref not in self._claims:
            self._search(ref)
        sources = self._claims.get(ref, [])
        if len(sources) > 1:
            raise StageConflict(ref, sources)
        if not sources:
            raise self._unknown(ref)
        if sources[0] in self._failed:
            raise BrokenStage(ref, self._failed[sources[0]])
        return self._stages[ref, sources[0]]

    def names(self, kind: str | None = None) -> list[str]:
        """List the stages, of one kind or of all, as metadata tell; nothing is imported."""
        return sorted(ref for ref in self._claims if kind in (None, ref.partition(".")[0]))

    def sources(self, ref: str) -> list[Source]:
        """List who claims `ref`: one source, or several in a conflict; nothing is imported."""
        return list(self._claims.get(ref, ()))

    def load_all(self) -> None:
        """Import every plugin, so that `names` and `broken` are complete."""
        for source in self._sources:
            self._load(source)

    @property
    def broken(self) -> list[BrokenPlugin]:
        """The plugins that failed among those tried so far."""
        return list(self._failed.values())

    @property
    def manager(self) -> pluggy.PluginManager:
        """The pluggy manager, with the plugins that were loaded so far."""
        return self._manager

    def with_local(self, local: Sequence[str | Path]) -> Registry:
        """Return another registry that knows the files of `local` too."""
        return Registry((*self._local, *local), self._blocked)

    def description(self) -> dict[str, Any]:
        """Return what another process needs to make the same registry, as JSON."""
        return {"local": [str(path) for path in self._local], "blocked": sorted(self._blocked)}

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Registry:
        """Make the registry that `description` tells of."""
        return cls([Path(path) for path in description["local"]], description["blocked"])

    def _admit(self, source: Source) -> None:
        if _canonical(source.distribution) in {_canonical(name) for name in self._blocked}:
            self._manager.set_blocked(source.label)
            return
        self._sources.append(source)
        for ref in source.claims:
            self._claim(ref, source)

    def _claim(self, ref: str, source: Source) -> None:
        # A module that two entry points of one distribution name is no conflict with itself.
        known = {(other.module, other.distribution) for other in self._claims.get(ref, ())}
        if ref not in self._blocked and (source.module, source.distribution) not in known:
            self._claims.setdefault(ref, []).append(source)

    def _load(self, source: Source) -> None:
        if source in self._tried:
            return
        self._tried.add(source)
        try:
            stages = load(source, self._register)
        except Failure as failure:
            self._failed[source] = failure.plugin
            return
        found = {stage.ref: stage for stage in stages}
        for ref in set(source.claims) - set(found):
            self._withdraw(ref, source)
        for ref, stage in found.items():
            self._claim(ref, source)
            self._stages[ref, source] = stage

    def _withdraw(self, ref: str, source: Source) -> None:
        """Drop what a source's text suggested and its import did not confirm."""
        self._claims[ref] = [other for other in self._claims.get(ref, ()) if other != source]
        if not self._claims[ref]:
            del self._claims[ref]

    def _register(self, module: ModuleType, label: str) -> list[Any]:
        """Register a module with pluggy; return the functions that it took as hooks."""
        if not self._manager.is_registered(module):
            self._manager.register(module, name=label)
        callers = self._manager.get_hookcallers(module) or []
        return [
            implementation.function
            for caller in callers
            for implementation in caller.get_hookimpls()
            if implementation.plugin is module
        ]

    def _search(self, ref: str) -> None:
        """Import the sources whose stages are unknown, those called like `ref` first, until one has it."""
        name = ref.partition(".")[2]
        unknown = [source for source in self._sources if not source.promised and source not in self._tried]
        for source in sorted(unknown, key=lambda source: source.entry_point != name):
            self._load(source)
            if ref in self._claims:
                return

    def _unknown(self, ref: str) -> UserError:
        name = ref.partition(".")[2]
        suspects = [source for source in self._failed if not source.claims]
        for source in suspects:
            if source.entry_point == name:
                return BrokenStage(ref, self._failed[source])
        return UnknownStage(ref, self.names(), [self._failed[source] for source in suspects])


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _same_name(ref: str, names: Sequence[str]) -> str:
    """Suggest the stage of another kind that has the same name."""
    name = ref.rpartition(".")[2]
    matches = [other for other in names if other.partition(".")[2] == name]
    return f"did you mean {matches[0]!r}?" if matches else ""


__all__ = [
    "LOCAL",
    "BlockedStage",
    "BrokenPlugin",
    "BrokenStage",
    "InvalidOptions",
    "OptionProblem",
    "RegistrationError",
    "Registry",
    "Source",
    "Stage",
    "StageConflict",
    "UnknownStage",
]
