"""Asking a search stage for settings, and turning what it proposes into points on axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.dag.instances import Axis
from pipeline.dag.labels import shown
from pipeline.dag.spec import Dag
from pipeline.errors import OptionError, StageError, UserError
from pipeline.space import Range, Space

Point = tuple[int, ...]


def propose(dag: Dag, most: int) -> tuple[list[Axis], list[Point]]:
    """Return the axes of the space and the settings to try, as indices into the axes' values, each once.

    Raise UserError for more than `most` settings or none, StageError where the search itself is at fault.
    """
    if not dag.sweep.space:
        return [], [()]
    proposed = _ask(dag)
    if not proposed:
        raise UserError(f"{dag.sweep.search.stage} proposes no setting; there is nothing to run")
    if len(proposed) > most:
        raise UserError(f"{dag.sweep.search.stage} proposes {len(proposed):,} settings; at most {most:,}")
    axes = {key: _GrowingAxis(dag, key) for key in dag.sweep.space}
    _check_keys(dag, proposed, axes.keys())
    points = dict.fromkeys(
        tuple(axis.index(setting[key]) for key, axis in axes.items()) for setting in proposed
    )
    return [axis.axis for axis in axes.values()], list(points)


def _ask(dag: Dag) -> Sequence[Mapping[str, Any]]:
    from pipeline.engine.random import generator

    if dag.sweep.settings:
        return dag.sweep.settings
    use = dag.sweep.search
    search = dag.registry.stage(use.stage).function
    try:
        return list(search(space_of(dag), generator(dag.seed, "search"), **use.options))
    except UserError:
        raise
    except Exception as error:
        raise StageError(f"the search {use.stage} failed: {type(error).__name__}: {error}") from error


def space_of(dag: Dag) -> Space:
    """Return the space as a search sees it, with the rules of the sweep."""
    sweep = dag.sweep
    unused = {rule.key: _first(dag, rule.key) for rule in sweep.when}

    def settled(setting: dict[str, Any]) -> dict[str, Any]:
        idle = {rule.key for rule in sweep.when if not rule.counts(setting)}
        return {key: unused[key] if key in idle else value for key, value in setting.items()}

    return Space(
        sweep.space,
        settled=settled,
        allows=lambda setting: all(rule.holds(setting) for rule in sweep.where),
    )


def _first(dag: Dag, key: str) -> Any:
    values = dag.sweep.space[key]
    return values.low if isinstance(values, Range) else values[0]


def _check_keys(dag: Dag, proposed: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> None:
    expected = set(keys)
    for setting in proposed:
        if not isinstance(setting, Mapping) or set(setting) != expected:
            raise StageError(
                f"the search {dag.sweep.search.stage} proposes {setting!r}; a setting has one value for each "
                f"of {', '.join(sorted(expected))}"
            )


class _GrowingAxis:
    """The values of one key; a search may propose others than the file lists, if the stage takes them."""

    def __init__(self, dag: Dag, key: str):
        self.dag = dag
        given = dag.sweep.space[key]
        self.values = [] if isinstance(given, Range) else list(given)
        self.axis = Axis(key, self.values)
        # By what labels show: 1 and True are equal to Python, and a value need not be hashable.
        self.known = {shown(value): number for number, value in enumerate(self.values)}

    def index(self, value: Any) -> int:
        number = self.known.get(shown(value))
        return self.add(value) if number is None else number

    def add(self, value: Any) -> int:
        checked = self.check(value)
        number = self.known.setdefault(shown(checked), len(self.values))
        if number == len(self.values):
            self.values.append(checked)
        return number

    def check(self, value: Any) -> Any:
        spec, option = self.dag.nodes[self.axis.node], self.axis.option
        stage = self.dag.registry.stage(spec.stage)
        try:
            return stage.check({**spec.options, option: value})[option]
        except OptionError as error:
            raise StageError(
                f"the search {self.dag.sweep.search.stage} proposes {self.axis.name}={shown(value)}: {error}"
            ) from error
