"""What a run gave, for Python: plain records, tables, models that predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError, nearest
from pipeline.running.standing import node_json

if TYPE_CHECKING:
    from pipeline.exhibits import Exhibit
    from pipeline.running.execution import Run
    from pipeline.running.outcomes import Outcome
    from pipeline.stages.predictor import Predictor

SHOWN = 20


class Results:
    """The results of a run.

    `trials` are records {id, label, options, seed, state, metrics}; `nodes` maps names to {state, metrics,
    ...}, where a node of several instances has the means of their metrics.  A trial's metrics are those of
    its own nodes: the train node's, measured on validation; of other nodes, as `node.metric` where the
    name is taken.
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
        """One record for each node that is no part of another, by name."""
        expansion = self._run.plan.expansion
        return {
            node: node_json(place.spec, self._of(node), len(expansion.ids[node]))
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

    def frame(self) -> Any:
        """Return the trials as a pandas DataFrame, one row each, with a column for each option and metric."""
        try:
            import pandas
        except ImportError as error:
            raise UserError("frame() needs pandas\n    pip install 'plait[pandas]'") from error
        return pandas.DataFrame([_flat(trial) for trial in self.trials])

    def leaderboard(self, metric: str | None = None) -> list[dict[str, Any]]:
        """Return one record for each setting, the best first: mean and deviation of each metric over seeds.

        `metric` is what ranks them: by default accuracy, else rmse, else loss.  `simplest` is true of the
        first that the sweep lists within one standard error of the best; else of the best.
        """
        from pipeline.report.standings import chosen_metric, simplest_standing, standings

        known = sorted({name for trial in self.trials for name in trial["metrics"]})
        chosen = metric or chosen_metric(self.trials)
        if metric is not None and metric not in known:
            hint = f"    allowed: {', '.join(known)}\n    {nearest(metric, known)}"
            raise UserError(f"no trial has the metric {metric!r}\n{hint}".rstrip())
        ranked = standings(self.trials, chosen)
        simplest = simplest_standing(ranked, chosen) or ranked[0]
        return [
            {
                "label": standing.label,
                "simplest": standing is simplest,
                "trials": list(standing.trials),
                "failed": standing.failed,
                "metrics": {name: (s.mean, s.deviation) for name, s in standing.metrics.items()},
            }
            for standing in ranked
        ]

    def model(self, node: str | None = None, trial: str | None = None) -> Predictor:
        """Return a trained model: by default the last ensemble, else the best trial of the last train node.

        `trial` is the id or the label of a trial.  `predict_raw(inputs)` of a model prepares inputs as the
        training data was prepared; `predict(inputs)` takes prepared ones.
        """
        from pipeline.running.models import load_model

        plan = self._run.plan
        return load_model(plan.stored.store, self._chosen(node, trial).key, plan.dag.registry)

    def exhibits(self, node: str, trial: str | None = None) -> Mapping[str, Exhibit]:
        """Return what an evaluate node shows beside its metrics, by name; `trial` is a trial's id or label.

        UserError if the node has several instances and `trial` does not say which.
        """
        from pipeline.running.kept import exhibits_of

        outcomes = [outcome for outcome in self._of(self._known(node, "evaluate")) if not outcome.lost]
        if trial is not None:
            wanted = self._instance(node, trial)
            outcomes = [outcome for outcome in outcomes if outcome.instance == wanted]
        if len(outcomes) > 1:
            raise UserError(
                f"{node} measured {len(outcomes)} models\n    say which: exhibits({node!r}, trial=...)"
            )
        return exhibits_of(self._run.plan.stored.store, outcomes[0].key) if outcomes else {}

    def _of(self, node: str) -> list[Outcome]:
        ids = self._run.plan.expansion.ids[node]
        return [self._run.outcomes[i] for i in ids if i in self._run.outcomes]

    def _chosen(self, node: str | None, trial: str | None) -> Outcome:
        """Return the outcome of the instance that is asked for."""
        from pipeline.running.models import best

        name = node or self._last_model()
        found = [outcome for outcome in self._of(self._known(name, "train", "ensemble")) if not outcome.lost]
        if trial is not None:
            wanted = self._instance(name, trial)
            found = [outcome for outcome in found if outcome.instance == wanted]
        if not found:
            raise UserError(
                f"{name} has no trained model{f' of trial {trial}' if trial else ''}: see its state"
            )
        return best(found)

    def _last_model(self) -> str:
        kinds = {node: place.spec.kind for node, place in self._run.plan.expansion.places.items()}
        there = [node for node in kinds if kinds[node] in ("train", "ensemble") and self._of(node)]
        ensembles = [node for node in there if kinds[node] == "ensemble"]
        if not there:
            raise UserError("this run has no trained model")
        return (ensembles or there)[-1]

    def _known(self, node: str, *kinds: str) -> str:
        places = self._run.plan.expansion.places
        known = [name for name, place in places.items() if place.spec.kind in kinds]
        if node not in known:
            hint = f"    allowed: {', '.join(known)}\n    {nearest(node, known)}"
            what = "evaluate node" if "evaluate" in kinds else "model"
            raise UserError(f"there is no {what} {node!r}\n{hint}".rstrip())
        return node

    def _instance(self, node: str, trial: str) -> int:
        expansion = self._run.plan.expansion
        for known in expansion.trials:
            if trial in (known.id, known.label):
                return expansion.at(node, known).id
        last = expansion.trials[-1].id
        raise UserError(
            f"there is no trial {trial!r}\n    allowed: {expansion.trials[0].id} to {last}, or a label"
        )

    def _repr_html_(self) -> str:
        head = f"run {self.run}: {self.state}, {self.seconds:.1f} s, {self.cached} cached"
        return f"<p>{escape(head)}</p>{_table(self._settings())}{_table(self._scores())}"

    def _settings(self) -> Iterator[list[str]]:
        """Yield the rows of a table of settings, the best first."""
        ranked = self.leaderboard()
        names = list(dict.fromkeys(name for record in ranked for name in record["metrics"]))
        yield ["setting", *names]
        for record in ranked[:SHOWN]:
            yield [record["label"], *(_shown(record["metrics"].get(name)) for name in names)]

    def _scores(self) -> Iterator[list[str]]:
        yield ["node", "state", "metrics"]
        for node, record in self.nodes.items():
            metrics = ", ".join(f"{name} {value:.4f}" for name, value in record["metrics"].items())
            yield [node, record["state"], metrics]


def _flat(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial's record with a column for each option and metric."""
    first = {"trial": trial["id"], **trial["options"], "seed": trial["seed"], "state": trial["state"]}
    return {**first, **trial["metrics"]}


def _shown(pair: tuple[float, float] | None) -> str:
    if pair is None:
        return ""
    mean, deviation = pair
    return f"{mean:.4f}" + (f" ± {deviation:.4f}" if deviation == deviation else "")


def _table(rows: Iterator[list[str]]) -> str:
    head, *body = [[escape(cell) for cell in row] for row in rows]
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in body)
    return f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{lines}</table>"
