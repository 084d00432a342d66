"""What training gives: a predictor, which is one trained network, an estimator or a committee of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.stages import links
from pipeline.stages.dataset import DataSet
from pipeline.stages.inspecting import Health
from pipeline.stages.links import Link
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
        self._prepared_alike("use predict_raw")
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
        return head_of(self._alone("raw outputs"), "", np.asarray(inputs))

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

        return sampled(self._alone("samples"), count, seed)

    def perturbed(
        self, inputs: Any, function: Perturb, *, seed: int = 0, on: tuple[str, ...] = ("hidden",)
    ) -> Array:
        """Return predictions from *prepared* inputs with `function(h, rng)` in the place of what `on` names.

        `on` holds "hidden", for each marked hidden activation h (rows, ...), "inputs", or both.  The draws
        depend on the seed, and are the same for every network of a committee.
        """
        self._networks_alone("units to perturb")
        return self.combine(
            {id(n): perturbed(n, np.asarray(inputs), function, seed, on) for n in self.networks}
        )

    def prepared(self, data: DataSet, split: str) -> Array:
        """Return the inputs of a split as the model takes them; `data` is as for `predict_split`."""
        self._prepared_alike("take one alone")
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

        targets = self._targets(data, split)
        return loss_function(self._alone("a loss of its weights"), self.prepared(data, split), targets)

    def example_loss(
        self, data: DataSet, split: str, row: int
    ) -> tuple[Callable[..., Any], dict[str, Array]]:
        """Return the loss of one row of a split as a function of the input and each parameter, and these.

        For `pipeline.calculus.draw(f, *arrays.values(), names=arrays)`.
        """
        from pipeline.stages.landscape import example_loss

        targets, inputs = self._targets(data, split), self.prepared(data, split)
        if not 0 <= row < len(inputs):
            raise DataError(f"split {split!r} has no row {row}\n    allowed: 0 to {len(inputs) - 1}")
        return example_loss(self._alone("a graph"), inputs[row : row + 1], targets[row : row + 1])

    def health(self, data: DataSet, split: str, rows: int = 512) -> tuple[Health, ...]:
        """Look into each network on the first rows of a split: units, and weights and gradients by layer."""
        self._networks_alone("units and gradients")
        targets = self._targets(data, split)
        inputs, _ = data.split(split)
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
        targets = self._targets(data, split)
        predicted = self.predict_split(data, split).astype(np.float64)
        if self.task == "classes":
            likelihood = predicted[np.arange(len(targets)), targets]
            return float(-np.log(np.maximum(likelihood, np.finfo(np.float64).tiny)).mean())
        return float(0.5 * np.square(predicted - targets.reshape(predicted.shape)).sum(axis=-1).mean())

    def _from(self, source: Source) -> Array:
        return self.combine(evaluated(self.leaves, source))

    def _alone(self, what: str) -> Network:
        if len(self.leaves) != 1 or not self.networks:
            raise DataError(
                f"{what}: of one network, and this is none, or a committee\n    take a train node"
            )
        return self.networks[0]

    def _networks_alone(self, what: str) -> None:
        if len(self.networks) != len(self.leaves):
            raise DataError(f"only networks have {what}\n    take a train node that trains a net")

    def _prepared_alike(self, fix: str) -> None:
        if len({leaf.preparation.digest for leaf in self.leaves}) > 1:
            raise DataError(f"the members were trained on data prepared in different ways\n    {fix}")

    def _targets(self, data: DataSet, split: str) -> Array:
        """Return the targets of a split, which are of the kind that the model predicts."""
        _, targets = data.split(split)
        if targets is None or self.task != data.task:
            raise DataError(f"the model predicts {self.task}, but the data holds {data.task}")
        return targets


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
        preparation = Preparation.from_parts(parts["preparation"], under("preparation.", arrays))
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


def _form(name: str) -> Any:
    from pipeline.stages.committee import Committee
    from pipeline.stages.estimated import Estimated

    return {"committee": Committee, "estimator": Estimated}.get(name, Network)


def under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arrays whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
