"""What training gives: a predictor, which is one trained network or a committee of predictors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError, StageError
from pipeline.stages import links
from pipeline.stages.dataset import DataSet
from pipeline.stages.inspecting import Health
from pipeline.stages.links import Link
from pipeline.stages.parts import at
from pipeline.stages.predicting import Leaf, Source, batched, evaluated, fitting, head_of
from pipeline.stages.preparation import Preparation
from pipeline.stages.probing import Perturb, hidden_of, perturbed, weights_of
from pipeline.stages.slopes import InputGradient, Measure

if TYPE_CHECKING:
    from pipeline.calculus.function import Function
    from pipeline.stages.registry import Registry
    from pipeline.stages.stage import Stage

Array = NDArray[Any]


class Predictor(ABC):
    """Predicts from inputs; `task` and `classes` are those of the data set that it was trained on."""

    task: str
    classes: tuple[str, ...]

    @property
    @abstractmethod
    def leaves(self) -> tuple[Leaf, ...]:
        """Every trained model inside, in order: networks and estimators."""

    @property
    def networks(self) -> tuple[Network, ...]:
        """Every network inside, in order."""
        return tuple(leaf for leaf in self.leaves if isinstance(leaf, Network))

    @abstractmethod
    def combine(self, outputs: Mapping[int, Array]) -> Array:
        """Combine the leaves' predictions (rows, outputs), keyed by `id(leaf)`, into one."""

    @abstractmethod
    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the JSON and the arrays that the store keeps."""

    @classmethod
    def from_parts(
        cls, parts: Mapping[str, Any], arrays: Mapping[str, Array], registry: Registry | None = None
    ) -> Predictor:
        """Read what `to_parts` gave; stages are found in `registry`, by default the installed ones."""
        if registry is None:
            from pipeline.stages.registry import Registry

            registry = Registry()
        return _form(parts["form"])._read(parts, arrays, registry)  # type: ignore[no-any-return]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the raw inputs' columns, () where they have none."""
        return self.leaves[0].preparation.features

    def predict(self, inputs: Any) -> Array:
        """Return probabilities (rows, classes) or values (rows, columns) from *prepared* inputs."""
        if len({leaf.preparation.digest for leaf in self.leaves}) > 1:
            raise DataError(
                "the members were trained on data prepared in different ways\n    use predict_raw"
            )
        prepared = np.asarray(inputs)
        return self._from(lambda preparation: prepared)

    def predict_raw(self, inputs: Any) -> Array:
        """Prepare raw inputs (rows, *features) as the training data was prepared, then predict."""
        return self._from(lambda preparation: preparation.apply(inputs))

    def predict_split(self, data: DataSet, split: str) -> Array:
        """Predict for the rows of a split of `data`, which is raw, or prepared as the training data was."""
        if self.task == data.task == "classes" and self.classes != data.classes:
            raise DataError(
                f"the model knows {', '.join(self.classes)}, but the data has {', '.join(data.classes)}\n"
                "    use data with the classes of training, in the same order"
            )
        inputs, _ = data.split(split)
        return self._from(lambda preparation: fitting(inputs, data.preparation, preparation))

    def outputs(self, inputs: Any) -> Array:
        """Return a network's raw outputs (rows, outputs), before its link, from *prepared* inputs.

        Those of loss.heteroscedastic, say, are means and logarithms of variances.
        """
        if len(self.networks) != 1:
            raise DataError("raw outputs are those of one network\n    take the train node, not an ensemble")
        return head_of(self.networks[0], "", np.asarray(inputs))

    def head(self, name: str, inputs: Any) -> Array:
        """Return a further output that the model marked, raw (rows, ...), from *prepared* inputs.

        Of a committee, the mean of its networks' heads.
        """
        prepared = np.asarray(inputs)
        found: Array = np.mean([head_of(network, name, prepared) for network in self.networks], axis=0)
        return found

    def sample(self, count: int, seed: int = 0) -> Array:
        """Draw `count` prepared inputs (count, *features) from a model that says how, by `net.sampler`."""
        from pipeline.stages.sampling import sampled

        if len(self.networks) != 1:
            raise DataError("samples are drawn from one network\n    take the train node, not an ensemble")
        return sampled(self.networks[0], count, seed)

    def perturbed(
        self, inputs: Any, function: Perturb, *, seed: int = 0, on: tuple[str, ...] = ("hidden",)
    ) -> Array:
        """Return predictions from *prepared* inputs with `function(h, rng)` in the place of what `on` names.

        `on` holds "hidden", for each marked hidden activation h (rows, ...), "inputs", or both.  The draws
        depend on the seed, and are the same for every network of a committee.
        """
        if len(self.networks) != len(self.leaves):
            raise DataError("only networks have units to perturb\n    take a train node that trains a net")
        return self.combine(
            {id(n): perturbed(n, np.asarray(inputs), function, seed, on) for n in self.networks}
        )

    def prepared(self, data: DataSet, split: str) -> Array:
        """Return the inputs of a split as the model takes them; `data` is as for `predict_split`."""
        if len({leaf.preparation.digest for leaf in self.leaves}) > 1:
            raise DataError("the members were trained on data prepared in different ways\n    take one alone")
        inputs, _ = data.split(split)
        return fitting(inputs, data.preparation, self.leaves[0].preparation)

    def input_gradient(self, measure: Measure | None = None) -> InputGradient:
        """Return `f(inputs, targets)`, the gradient (rows, *features) at *prepared* inputs of the loss there.

        `measure(outputs, targets)`, traced and one number a row, is what to differentiate in place of the
        loss; outputs are raw.  Of a committee it is the mean of its networks' gradients.
        """
        return InputGradient(self.networks, measure)

    @property
    def weights(self) -> Array:
        """The trained parameters of one network, flat (size,)."""
        from pipeline.stages.landscape import weights_of

        return weights_of(self._alone("weights"))

    def loss_function(self, data: DataSet, split: str) -> Function:
        """Return the mean loss on a split as a function of `weights`: for `pipeline.calculus`."""
        from pipeline.stages.landscape import loss_function

        _, targets = data.split(split)
        if targets is None or self.task != data.task:
            raise DataError(f"the model predicts {self.task}, but the data holds {data.task}")
        return loss_function(self._alone("a loss of its weights"), self.prepared(data, split), targets)

    def example_loss(
        self, data: DataSet, split: str, row: int
    ) -> tuple[Callable[..., Any], dict[str, Array]]:
        """Return the loss of one row of a split as a function of the input and each parameter, and these.

        For `pipeline.calculus.draw(f, *arrays.values(), names=arrays)`.
        """
        from pipeline.stages.landscape import example_loss

        inputs, targets = self.prepared(data, split), data.split(split)[1]
        if targets is None or self.task != data.task:
            raise DataError(f"the model predicts {self.task}, but the data holds {data.task}")
        if not 0 <= row < len(inputs):
            raise DataError(f"split {split!r} has no row {row}\n    allowed: 0 to {len(inputs) - 1}")
        return example_loss(self._alone("a graph"), inputs[row : row + 1], targets[row : row + 1])

    def _alone(self, what: str) -> Network:
        if len(self.leaves) != 1 or not self.networks:
            raise DataError(
                f"{what}: of one network, and this is none, or a committee\n    take a train node"
            )
        return self.networks[0]

    def health(self, data: DataSet, split: str, rows: int = 512) -> tuple[Health, ...]:
        """Look into each network on the first rows of a split: units, and weights and gradients by layer."""
        if len(self.networks) != len(self.leaves):
            raise DataError("only networks have units and gradients\n    take a train node that trains a net")
        inputs, targets = data.split(split)
        if targets is None or self.task != data.task:
            raise DataError(f"the model predicts {self.task}, but the data holds {data.task}")
        return tuple(
            Health.of(n, fitting(inputs[:rows], data.preparation, n.preparation), targets[:rows])
            for n in self.networks
        )

    def classify(self, inputs: Any) -> Array:
        """Return the name of the likeliest class for each row of *raw* inputs."""
        if self.task != "classes":
            raise DataError("the model predicts numbers, not classes\n    use predict_raw")
        names: Array = np.array(self.classes)
        return names[self.predict_raw(inputs).argmax(axis=1)]  # type: ignore[no-any-return]

    def loss(self, data: DataSet, split: str) -> float:
        """Return the mean negative log-likelihood in nats, or half the mean squared error of numbers."""
        _, targets = data.split(split)
        if targets is None or self.task != data.task:
            raise DataError(f"the model predicts {self.task}, but the data holds {data.task}")
        predicted = self.predict_split(data, split).astype(np.float64)
        if self.task == "classes":
            likelihood = predicted[np.arange(len(targets)), targets]
            return float(-np.log(np.maximum(likelihood, np.finfo(np.float64).tiny)).mean())
        return float(0.5 * np.square(predicted - targets.reshape(predicted.shape)).sum(axis=-1).mean())

    def _from(self, source: Source) -> Array:
        return self.combine(evaluated(self.leaves, source))


@dataclass(frozen=True, eq=False)
class Network(Predictor):
    """A trained model: its stage and options, its parameters by name, and what it needs of inputs.

    `link` is the loss's: its name, or a function of its own.  `shape` is that of one row of prepared inputs.
    """

    stage: Stage
    options: Mapping[str, Any]
    link: Link
    task: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    parameters: Mapping[str, Array]
    preparation: Preparation

    @classmethod
    def of(
        cls,
        stage: Stage,
        options: Mapping[str, Any],
        link: Link,
        data: DataSet,
        parameters: Mapping[str, Array],
    ) -> Network:
        """Make the network of a model that was trained on `data`, with complete options."""
        shape = data.inputs.shape[1:]
        kept = MappingProxyType(dict(parameters))
        return cls(stage, dict(options), link, data.task, data.classes, shape, kept, data.preparation)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return (self,)

    @classmethod
    def together(cls, group: Sequence[Network], inputs: Array) -> list[Array]:
        """Return what each of `group`, networks of one structure, predicts: (rows, outputs)."""
        return list(batched(group, inputs))

    def combine(self, outputs: Mapping[int, Array]) -> Array:
        return outputs[id(self)]

    @property
    def named_weights(self) -> dict[str, Array]:
        """The parameters that are no biases, by name."""
        return weights_of(self)

    def hidden(self, inputs: Any) -> dict[str, Array]:
        """Return the hidden activations that the model marks, by name, from *prepared* inputs."""
        return hidden_of(self, np.asarray(inputs))

    @property
    def structure(self) -> tuple[Any, ...]:
        """What must be equal for networks to be evaluated in one batched call."""
        options = sorted(
            (name, value) for name, value in self.options.items() if name not in self.stage.varying
        )
        parameters = [(name, a.shape, str(a.dtype)) for name, a in self.parameters.items()]
        return (
            self.stage.ref,
            self.stage.module,
            repr(options),
            self.link,
            self.task,
            self.shape,
            repr(parameters),
        )

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        prepared, fitted = self.preparation.to_parts()
        parts = {
            "form": "network",
            "stage": self.stage.ref,
            "options": dict(self.options),
            "link": links.to_json(self.link),
            "task": self.task,
            "classes": list(self.classes),
            "shape": list(self.shape),
            "parameters": list(self.parameters),
            "preparation": prepared,
        }
        arrays = {f"parameters.{name}": array for name, array in self.parameters.items()}
        return parts, {**arrays, **{f"preparation.{name}": array for name, array in fitted.items()}}

    @classmethod
    def _read(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array], registry: Registry) -> Network:
        stage = registry.stage(parts["stage"])
        preparation = Preparation.from_parts(parts["preparation"], _under("preparation.", arrays))
        return cls(
            stage,
            stage.check(parts["options"]),
            links.from_json(parts["link"], registry),
            parts["task"],
            tuple(parts["classes"]),
            tuple(parts["shape"]),
            {name: arrays[f"parameters.{name}"] for name in parts["parameters"]},
            preparation.found_in(registry),
        )


@dataclass(frozen=True, eq=False)
class Committee(Predictor):
    """Predictors whose predictions an ensemble stage combines; members may be committees themselves.

    `learned` are the arrays that an ensemble which learns combines by.
    """

    stage: Stage
    options: Mapping[str, Any]
    members: tuple[Predictor, ...]
    learned: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stage: Stage,
        options: Mapping[str, Any],
        members: Sequence[Predictor],
        learned: Mapping[str, Array] = MappingProxyType({}),
    ) -> Committee:
        """Make a committee; DataError if it is empty or its members predict different things."""
        if not members:
            raise DataError("a committee needs at least one model")
        first = members[0]
        for member in members:
            if (member.task, member.classes) != (first.task, first.classes):
                raise DataError(
                    f"the models predict different things: {_what(first)}, and {_what(member)}\n"
                    "    train them on data of the same classes"
                )
        return cls(stage, dict(options), tuple(members), MappingProxyType(dict(learned)))

    @property
    def task(self) -> str:  # type: ignore[override]
        """The members' task."""
        return self.members[0].task

    @property
    def classes(self) -> tuple[str, ...]:  # type: ignore[override]
        """The members' classes."""
        return self.members[0].classes

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(leaf for member in self.members for leaf in member.leaves)

    def combine(self, outputs: Mapping[int, Array]) -> Array:
        members = np.stack([member.combine(outputs) for member in self.members])
        with at("ensemble", self.stage.ref):
            given = (members,) if self.stage.learn is None else (members, self.learned)
            combined: Array = np.asarray(self.stage.function(*given, **self.options))
            if combined.shape != members.shape[1:]:
                raise StageError(
                    f"gave shape {combined.shape} instead of (rows, outputs) = {members.shape[1:]}"
                )
        return combined

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        kept = [member.to_parts() for member in self.members]
        parts = {
            "form": "committee",
            "stage": self.stage.ref,
            "options": dict(self.options),
            "members": [member for member, _ in kept],
            "learned": list(self.learned),
        }
        arrays = {f"{i}.{name}": a for i, (_, arrays) in enumerate(kept) for name, a in arrays.items()}
        return parts, {**arrays, **{f"learned.{name}": array for name, array in self.learned.items()}}

    @classmethod
    def _read(cls, parts: Mapping[str, Any], arrays: Mapping[str, Array], registry: Registry) -> Committee:
        stage = registry.stage(parts["stage"])
        members = tuple(
            Predictor.from_parts(member, _under(f"{i}.", arrays), registry)
            for i, member in enumerate(parts["members"])
        )
        learned = {name: arrays[f"learned.{name}"] for name in parts["learned"]}
        return cls(stage, stage.check(parts["options"]), members, MappingProxyType(learned))


def _form(name: str) -> Any:
    from pipeline.stages.estimated import Estimated

    return {"committee": Committee, "estimator": Estimated}.get(name, Network)


def _under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _what(predictor: Predictor) -> str:
    return f"classes {', '.join(predictor.classes)}" if predictor.task == "classes" else "numbers"
