"""Training steps by torch, one net after another: plain modules, their optimizers, a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import torch
from torch.nn.functional import cross_entropy

from benchmarks.networks import Problem

Step = Callable[[], list[torch.Tensor]]
OPTIMIZERS = {"fused": {"fused": True}, "foreach": {"foreach": True}, "for loop": {"foreach": False}}


def by_optimizer(
    problem: Problem, nets: Callable[[], Sequence[torch.nn.Module]], inputs: torch.Tensor
) -> dict[str, Step]:
    """Return a step of nets for each way that torch offers to run Adam; a call returns their losses."""
    return {name: _stepper(problem, nets(), inputs, options) for name, options in OPTIMIZERS.items()}


def _stepper(
    problem: Problem, nets: Sequence[torch.nn.Module], inputs: torch.Tensor, options: dict[str, bool]
) -> Step:
    labels, batches = torch.from_numpy(problem.labels), cycle(torch.from_numpy(problem.batches))
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
