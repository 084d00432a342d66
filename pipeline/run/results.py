"""What a run gave, for Python: plain records, tables, models that predict."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.run.standing import node_json

if TYPE_CHECKING:
    from pipeline.run.execution import Run


class Results:
    """The results of a run.

    `trials` are records {id, label, options, seed, state, metrics, errors}; `nodes` maps names to {state,
    metrics, ...}, where a node of several instances has the means of their metrics.
    """

    def __init__(self, run: Run):
        self._run = run
        self.run = run.id
        self.state = run.state
        self.seconds = run.seconds
        self.exit_code = run.exit_code
        self.cached = sum(outcome.state == "cached" for outcome in run.outcomes.values())

    @property
    def store(self) -> str:
        """The store's directory."""
        return str(self._run.plan.stored.store.root)

    @cached_property
    def trials(self) -> list[dict[str, Any]]:
        """One record for each trial, in the order of the sweep."""
        pairs = zip(self._run.plan.expansion.trials, self._run.trials, strict=True)
        return [
            {
                "id": trial.id,
                "label": trial.label,
                "options": dict(trial.settings),
                "seed": trial.seed,
                "state": state,
                "metrics": dict(metrics),
            }
            for trial, (state, metrics) in pairs
        ]

    @cached_property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """One record for each node that has results, by name."""
        expansion = self._run.plan.expansion
        outcomes: dict[str, list[Any]] = {node: [] for node in expansion.places}
        for instance, outcome in sorted(self._run.outcomes.items()):
            outcomes[expansion.instances[instance].node].append(outcome)
        return {
            node: node_json(place.spec, outcomes[node], len(expansion.ids[node]))
            for node, place in expansion.places.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return what `plait run --json` prints."""
        return {
            "run": self.run,
            "state": self.state,
            "seconds": self.seconds,
            "cached": self.cached,
            "store": self.store,
            "trials": self.trials,
            "nodes": self.nodes,
        }
