"""What a regularizer asks after each epoch, on the host: its rules."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from pipeline.engine import Graph
from pipeline.stages.verdicts import AfterEpoch, Verdict
from pipeline.testing.subject import NODE, Subject

_HISTORY = [
    {"epoch": epoch, "train_loss": loss, "loss": loss, "accuracy": 1 - loss, "rmse": loss}
    for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.55, 0.5, 0.7], start=1)
]


def check_rules(subject: Subject, rules: Sequence[AfterEpoch], graph: Graph) -> None:
    """Check that each rule gives a verdict after every epoch, the same for the same history."""
    values = {
        id(tensor): subject.options[name.removeprefix(f"{NODE}.")]
        for name, tensor in graph.inputs.items()
        if name.startswith(f"{NODE}.")
    }
    for rule in rules:
        options = {name: values.get(id(value), value) for name, value in rule.options.items()}
        for epochs in range(1, len(_HISTORY) + 1):
            history = copy.deepcopy(_HISTORY[:epochs])
            verdict, again = rule.rule(history, **options), rule.rule(history, **options)
            subject.require(
                isinstance(verdict, Verdict), f"its rule must return a Verdict, and gives {verdict!r}"
            )
            subject.require(verdict == again, "its rule judges the same history in two ways")
            subject.require(history == _HISTORY[:epochs], "its rule changes the history it is given")
