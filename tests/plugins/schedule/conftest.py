import json
from pathlib import Path

import pytest

ORACLES = Path(__file__).parents[2] / "oracles"


@pytest.fixture(scope="session")
def torch_factors():
    """PyTorch's factors over 12 steps, by schedule."""
    both = [json.loads((ORACLES / name).read_text()) for name in ("torch_steps.json", "torch_training.json")]
    return {name: factors for figures in both for name, factors in figures["schedules"].items()}
