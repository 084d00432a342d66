"""Training steps by torch, one net after another: a plain module, its optimizer, a loop."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import torch
from torch.nn.functional import cross_entropy

from benchmarks.ours import Problem


def steppers(problem: Problem) -> dict[str, Callable[[], list[torch.Tensor]]]:
    """Return a step of all nets for each way that torch offers to run Adam; a call returns their losses."""
    ways = {"fused": {"fused": True}, "foreach": {"foreach": True}, "for loop": {"foreach": False}}
    return {name: _stepper(problem, options) for name, options in ways.items()}


def _stepper(problem: Problem, options: dict[str, bool]) -> Callable[[], list[torch.Tensor]]:
    inputs, labels = torch.from_numpy(problem.inputs), torch.from_numpy(problem.labels)
    batches = cycle(torch.from_numpy(problem.batches))
    nets = [_net(problem, member) for member in range(problem.members)]
    optimizers = [
        torch.optim.Adam(net.parameters(), lr=float(rate), **options)
        for net, rate in zip(nets, problem.rates, strict=True)
    ]

    def step() -> list[torch.Tensor]:
        losses = []
        for net, optimizer, rows in zip(nets, optimizers, next(batches), strict=True):
            optimizer.zero_grad()
            loss = cross_entropy(net(inputs[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return losses

    return step


def _net(problem: Problem, member: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for weights, bias in problem.layers:
        layer = torch.nn.Linear(*weights.shape[1:])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights[member].T))
            layer.bias.copy_(torch.from_numpy(bias[member]))
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])
