"""The conformance kit: one call checks any stage of any kind, built in, installed or of one's own.

from pipeline.testing import check_stage
from signum_plugin import signum

def test_signum():
    check_stage(signum)
"""

from __future__ import annotations

from pipeline.testing.check import check_stage

__all__ = ["check_stage"]
