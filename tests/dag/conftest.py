"""A good DAG file, and short ways to read it, changed, and to see what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.dag.cohorts import Cohort
from pipeline.dag.file import read_text
from pipeline.dag.spec import Dag
from pipeline.dag.trials import Expansion, expand
from pipeline.errors import DagError, Problem
from pipeline.stages.registry import Registry

DIGITS = """\
plait: 1
name: digits
seed: 7
nodes:
  digits: {stage: data.digits}
  parts: {stage: transform.split, inputs: {data: digits}, options: {validation: 0.15, test: 0.15}}
  rotate: {stage: augment.rotate, options: {degrees: 12}}
  net: {stage: model.mlp, options: {hidden: [64, 32]}}
  decay: {stage: regularizer.l2, options: {strength: 1e-4}}
  adam: {stage: optimizer.adam}
  fit:
    stage: train.minibatch
    inputs: {data: parts, augment: [rotate], model: net, regularizers: [decay], optimizer: adam}
    options: {epochs: 30, batch_size: 64}
  vote: {stage: ensemble.average, inputs: {models: fit}, gather: all}
  score: {stage: evaluate.classification, inputs: {model: vote, data: parts}}
sweep:
  search: grid
  space: {adam.lr: [1e-3, 3e-3, 1e-2], decay.strength: [0, 1e-4]}
  seeds: 3
"""


@pytest.fixture(scope="session")
def digits() -> str:
    """The text of a good DAG file, 3 x 2 settings and 3 seeds."""
    return DIGITS


@pytest.fixture(scope="session")
def read(registry: Registry) -> Callable[..., Dag]:
    """Read a text, with overrides."""
    return lambda text, *overrides: read_text(text, registry, overrides)


@pytest.fixture(scope="session")
def problems(registry: Registry) -> Callable[..., list[Problem]]:
    """Return the problems of a text, with overrides; fail if there are none."""

    def read_wrong(text: str, *overrides: str) -> list[Problem]:
        with pytest.raises(DagError) as caught:
            read_text(text, registry, overrides)
        return list(caught.value.problems)

    return read_wrong


@pytest.fixture(scope="session")
def problem(problems: Callable[..., list[Problem]]) -> Callable[..., Problem]:
    """Return the only problem of a text, with overrides; fail if there are more."""

    def read_wrong(text: str, *overrides: str) -> Problem:
        (found,) = problems(text, *overrides)
        return found

    return read_wrong


@pytest.fixture(scope="session")
def wrong(digits: str, problem: Callable[..., Problem]) -> Callable[[str, str], Problem]:
    """Return the only problem of the good file after `old` was replaced by `new` in it."""

    def change(old: str, new: str) -> Problem:
        assert digits.count(old) == 1
        return problem(digits.replace(old, new))

    return change


@pytest.fixture(scope="session")
def expanded(digits: str, read: Callable[..., Dag]) -> Callable[..., Expansion]:
    """Expand the good file with another sweep, and with replacements."""

    def expand_with(sweep: str | None = None, *replacements: tuple[str, str]) -> Expansion:
        text = digits if sweep is None else digits.partition("sweep:")[0] + sweep
        for old, new in replacements:
            assert text.count(old) == 1
            text = text.replace(old, new)
        return expand(read(text))

    return expand_with


@pytest.fixture(scope="session")
def widths() -> Callable[[list[Cohort]], list[int]]:
    """Return how wide each cohort is."""
    return lambda found: [len(cohort.members) for cohort in found]
