"""What an evaluate stage returned, checked and told apart: numbers, and exhibits to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.errors import StageError

if TYPE_CHECKING:
    from pipeline.exhibits import Exhibit


@dataclass(frozen=True)
class Measures:
    """Metrics, which are ranked and compared, and exhibits, which are drawn; both by name."""

    metrics: Mapping[str, float]
    exhibits: Mapping[str, Exhibit] = field(default_factory=dict)

    @classmethod
    def checked(cls, value: Any) -> Measures:
        """Read what a stage returned; StageError if something is neither a finite number nor an exhibit."""
        from pipeline.exhibits import Exhibit

        if not isinstance(value, Mapping):
            raise StageError(
                f"returned {type(value).__name__} instead of a mapping of name to number or exhibit"
            )
        named = {str(name): one for name, one in value.items()}
        shown = {name: one for name, one in named.items() if isinstance(one, Exhibit)}
        return cls({name: _number(name, one) for name, one in named.items() if name not in shown}, shown)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the JSON and the arrays that the store keeps."""
        parts = {name: shown.to_parts() for name, shown in self.exhibits.items()}
        arrays = {f"{i}.{name}": a for i, (_, own) in enumerate(parts.values()) for name, a in own.items()}
        return {
            "metrics": dict(self.metrics),
            "exhibits": {name: json for name, (json, _) in parts.items()},
        }, arrays

    @classmethod
    def from_parts(cls, json: Mapping[str, Any], arrays: Mapping[str, Any]) -> Measures:
        """Read what `to_parts` gave."""
        from pipeline.exhibits import from_parts

        shown = {
            name: from_parts(
                own, {key.partition(".")[2]: arrays[key] for key in arrays if key.startswith(f"{i}.")}
            )
            for i, (name, own) in enumerate(json.get("exhibits", {}).items())
        }
        return cls(dict(json["metrics"]), shown)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise StageError(f"returned a metric that is no number: {name}: {error}") from error
    if not math.isfinite(number):
        raise StageError(f"returned {name} = {number}, which no ranking can use")
    return number
