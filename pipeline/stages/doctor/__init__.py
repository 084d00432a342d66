"""Looking for bugs in a train node before they cost a training: `examine` makes a few short checks."""

from __future__ import annotations

from pipeline.stages.doctor.examining import examine
from pipeline.stages.doctor.finding import Finding

__all__ = ["Finding", "examine"]
