"""What is being checked: a stage, the options and examples to check it with, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import PlaitError
from pipeline.hooks import KINDS
from pipeline.stages.parts import Placed
from pipeline.stages.stage import Stage

Array = npt.NDArray[Any]
Result = TypeVar("Result")
NODE = "stage"
OUTPUTS = 3  # of a model whose option `outputs` is left open


@dataclass(frozen=True)
class Subject:
    """A stage under check, with complete options; `examples` are data arguments by name."""

    stage: Stage
    options: Mapping[str, Any]
    examples: Mapping[str, Any]

    @classmethod
    def of(
        cls, stage: Stage | Callable[..., Any], options: Mapping[str, Any], examples: Mapping[str, Any]
    ) -> Subject:
        """Make the subject; a function that is no stage, or options that do not fit, fail the check."""
        name = getattr(stage, "ref", getattr(stage, "__name__", repr(stage)))
        with _failing(name, "it cannot be a stage"):
            made = stage if isinstance(stage, Stage) else Stage.of(stage)
        further = {"data"} if made.kind == "train" or made.estimator else {"x", "y"}
        strange = examples.keys() - set(KINDS[made.kind].arguments) - further
        if strange:
            raise AssertionError(
                f"{made.ref} has no data argument {sorted(strange)[0]!r} to give an example of; options go "
                f"into options={{...}}"
            )
        with _failing(made.ref, "its options do not fit; give the required ones in options={...}"):
            complete = made.check(options)
        if made.kind == "model" and "outputs" in made.options.model_fields:
            complete.setdefault("outputs", OUTPUTS)
        return cls(made, complete, examples)

    @property
    def placed(self) -> Placed:
        """The stage in a node."""
        return Placed(NODE, self.stage, self.options)

    def call(self, *arguments: Any, **changed: Any) -> Any:
        """Call the stage's function directly, with its options."""
        return self.stage.function(*arguments, **{**self.options, **changed})

    def require(self, condition: Any, sentence: str) -> None:
        """Fail with `sentence` unless `condition` holds."""
        if not condition:
            self.fail(sentence)

    def fail(self, sentence: str) -> NoReturn:
        """Fail with `sentence`."""
        raise AssertionError(f"{self.stage.ref}: {sentence}")

    @contextmanager
    def when(self, doing: str) -> Iterator[None]:
        """Turn whatever the stage raises in the block into a failure that says what was being done."""
        with _failing(self.stage.ref, f"it fails when {doing}"):
            yield

    def accepted(
        self, argument: str, candidates: Sequence[Any], attempt: Callable[[Any], Result]
    ) -> list[tuple[Any, Result]]:
        """Return the candidates that the stage takes, each with what `attempt` made of it.

        An example that was given is the only candidate, and must be taken.
        """
        if argument in self.examples:
            with self.when(f"it is given the example {argument!r}"):
                return [(self.examples[argument], attempt(self.examples[argument]))]
        taken, reasons = [], []
        for candidate in candidates:
            try:
                taken.append((candidate, attempt(candidate)))
            except Exception as error:  # a stage may refuse data that it is not for, in any way
                reasons.append(f"{type(error).__name__}: {error}")
        if not taken:
            tried = "\n  ".join(dict.fromkeys(reasons))
            self.fail(f"it takes none of the kit's examples; give one, {argument}=...\n  {tried}")
        return taken


@contextmanager
def _failing(name: str, sentence: str) -> Iterator[None]:
    try:
        yield
    except AssertionError:
        raise
    except PlaitError as error:
        raise AssertionError(f"{name}: {sentence}: {error}") from error
    except Exception as error:
        raise AssertionError(f"{name}: {sentence}: {type(error).__name__}: {error}") from error


def locked(array: Any) -> Array:
    """Return a copy that cannot be written to."""
    copy = np.array(array)
    copy.setflags(write=False)
    return copy


def same_bits(a: Any, b: Any) -> bool:
    """Return whether two arrays are equal in dtype, shape and every bit."""
    a, b = np.asarray(a), np.asarray(b)
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Return whether two arrays are equal within `tolerance` of their largest value, at least 1."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return False
    finite = np.isfinite(a)
    a, b = a[finite], b[finite]
    scale = max(1.0, float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0)))
    return bool(np.abs(a - b).max(initial=0) <= tolerance * scale)
