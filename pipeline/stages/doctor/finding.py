"""What a check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["good", "bad", "not checked"]


@dataclass(frozen=True)
class Finding:
    """A check's name and outcome: `told` has the numbers, `advice` what to do where it is bad."""

    check: str
    state: State
    told: str
    advice: str = ""

    @classmethod
    def of(cls, check: str, good: bool, told: str, advice: str) -> Finding:
        """Make a finding; the advice is for what is bad."""
        return cls(check, "good" if good else "bad", told, "" if good else advice)

    def to_json(self) -> dict[str, Any]:
        """Return a plain record."""
        return asdict(self)
