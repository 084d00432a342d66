"""The checks of ensembles: members' predictions in, one prediction out; and what some learn before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.engine.random import generator
from pipeline.stages.learning import checked
from pipeline.testing.subject import NODE, Array, Subject, close, locked, same_bits

MEMBERS, ROWS = 5, 6


def check_ensemble(subject: Subject) -> None:
    """Check an ensemble on probabilities and on values, as far as it takes them."""
    candidates = [_probabilities(3), _probabilities(2), _values(1), _values(3)]
    if subject.stage.learn is not None:
        for given, learned in subject.accepted("predictions", candidates, lambda p: _learned(subject, p)):
            _check_learning(subject, np.asarray(given), learned)
        return
    for given, combined in subject.accepted("predictions", candidates, lambda p: subject.call(locked(p))):
        _check(subject, np.asarray(given), np.asarray(combined))


def _check(subject: Subject, given: Array, combined: Array) -> None:
    wanted = given.shape[1:]
    subject.require(combined.shape == wanted, f"it must give (rows, outputs) {wanted}: {combined.shape}")
    subject.require(np.isfinite(combined).all(), "it gives NaN or infinity")
    subject.require(
        same_bits(combined, subject.call(locked(given))), "it gives another result the second time"
    )
    turned = subject.call(locked(given[::-1]))
    subject.require(close(combined, turned, 1e-6), "its result depends on the order of the members")
    turned = subject.call(locked(given[:, ::-1]))[::-1]
    subject.require(close(combined, turned, 1e-6), "its result for a row depends on the other rows")
    _check_identical(subject, given)


def _learned(subject: Subject, given: Array) -> dict[str, Array]:
    """Return what an ensemble learns from predictions and targets of the kit's own making."""
    learn = subject.stage.learn
    assert learn is not None
    rng = generator(0, NODE, "targets")
    probable = close(given.sum(axis=-1), np.ones(given.shape[:2]), 1e-9) and given.shape[-1] > 1
    targets = rng.integers(given.shape[-1], size=ROWS) if probable else rng.normal(size=given.shape[1:])
    return checked(learn(locked(given), locked(targets), generator(0, NODE), **subject.options))


def _check_learning(subject: Subject, given: Array, learned: Mapping[str, Array]) -> None:
    again = _learned(subject, given)
    same = learned.keys() == again.keys() and all(same_bits(a, again[name]) for name, a in learned.items())
    subject.require(same, "it learns something else the second time, from the same seed")
    fixed = {name: locked(array) for name, array in learned.items()}
    combined = np.asarray(subject.call(locked(given), fixed))
    wanted = given.shape[1:]
    subject.require(combined.shape == wanted, f"it must give (rows, outputs) {wanted}: {combined.shape}")
    subject.require(np.isfinite(combined).all(), "it gives NaN or infinity")
    turned = subject.call(locked(given[:, ::-1]), fixed)[::-1]
    subject.require(close(combined, turned, 1e-6), "its result for a row depends on the other rows")


def _check_identical(subject: Subject, given: Array) -> None:
    """Members that agree in everything must be followed: in the class, or in the value."""
    one = given[0]
    combined = subject.call(locked(np.stack([one] * MEMBERS)))
    if close(one.sum(axis=-1), np.ones(ROWS), 1e-9) and one.shape[-1] > 1:
        same = np.array_equal(combined.argmax(axis=-1), one.argmax(axis=-1))
        subject.require(same, "members that predict the same class are not followed")
    else:
        subject.require(close(combined, one, 1e-6), "members that predict the same value are not followed")


def _probabilities(classes: int) -> Array:
    scores = generator(0, NODE, "probabilities").random((MEMBERS, ROWS, classes)) + 0.01
    shares: Array = scores / scores.sum(axis=-1, keepdims=True)
    return shares


def _values(columns: int) -> Array:
    return generator(0, NODE, "values").normal(size=(MEMBERS, ROWS, columns))
