"""The checks of ensembles: members' predictions in, one prediction out."""

from __future__ import annotations

import numpy as np

from pipeline.engine.random import generator
from pipeline.testing.subject import NODE, Array, Subject, close, locked, same_bits

MEMBERS, ROWS = 5, 6


def check_ensemble(subject: Subject) -> None:
    """Check an ensemble on probabilities and on values, as far as it takes them."""
    candidates = [_probabilities(3), _probabilities(2), _values(1), _values(3)]
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
