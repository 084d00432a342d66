"""The conformance kit: one call checks any stage of any kind, built in, installed or of one's own.

from pipeline.testing import check_stage
from lion_plugin import lion

def test_lion():
    check_stage(lion)
"""

from __future__ import annotations

from pipeline.testing.check import check_stage

__all__ = ["check_stage"]
