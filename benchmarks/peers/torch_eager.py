"""Training steps of multilayer perceptrons by torch, one net after another."""

from __future__ import annotations

import torch

from benchmarks.ours import Problem
from benchmarks.peers.torch_networks import Step, by_optimizer


def steppers(problem: Problem) -> dict[str, Step]:
    """Return a step of all nets for each way that torch offers to run Adam."""
    inputs = torch.from_numpy(problem.inputs)
    return by_optimizer(problem, lambda: [_net(problem, i) for i in range(problem.members)], inputs)


def _net(problem: Problem, member: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for weights, bias in problem.layers:
        layer = torch.nn.Linear(*weights.shape[1:])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights[member].T))
            layer.bias.copy_(torch.from_numpy(bias[member]))
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])
