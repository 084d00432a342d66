import json
from pathlib import Path

import pytest

FIGURES = Path(__file__).parents[2] / "oracles" / "torch_steps.json"


@pytest.fixture(scope="session")
def torch_factors():
    """PyTorch's factors over 12 steps, by schedule."""
    return json.loads(FIGURES.read_text())["schedules"]
