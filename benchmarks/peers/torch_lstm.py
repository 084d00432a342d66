"""The LSTMs of `benchmarks.rnn` in torch."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.networks import Problem
from benchmarks.peers.torch_networks import Step, by_optimizer


class Reader(torch.nn.Module):
    """An LSTM over the rows of images, and the classes of its last state."""

    def __init__(self, parameters: dict[str, np.ndarray]):
        super().__init__()
        features, units = parameters["lstm.input"].shape[0], parameters["lstm.recurrent"].shape[0]
        self.lstm = torch.nn.LSTM(features, units, batch_first=True)
        self.out = torch.nn.Linear(*parameters["out.weights"].shape)
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(_gates(parameters["lstm.input"]))
            self.lstm.weight_hh_l0.copy_(_gates(parameters["lstm.recurrent"]))
            self.lstm.bias_ih_l0.copy_(_gates(parameters["lstm.bias"]))
            self.lstm.bias_hh_l0.zero_().requires_grad_(False)  # plait has one bias: two would learn twice
            self.out.weight.copy_(torch.from_numpy(parameters["out.weights"].T))
            self.out.bias.copy_(torch.from_numpy(parameters["out.bias"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, (h, _) = self.lstm(x)
        return self.out(h[0])


def steppers(problem: Problem) -> dict[str, dict[str, Step]]:
    """Return the steps of all nets by optimizer."""

    def nets() -> list[torch.nn.Module]:
        return [Reader(problem.of(member)) for member in range(len(problem.rates))]

    return {"": by_optimizer(problem, nets, torch.from_numpy(problem.inputs))}


def _gates(matrix: np.ndarray) -> torch.Tensor:
    """Bring the gates from plait's order i, f, o, g to torch's i, f, g, o, and outputs to the front."""
    i, f, o, g = np.split(matrix, 4, axis=-1)
    return torch.from_numpy(np.concatenate([i, f, g, o], axis=-1).T.copy())
