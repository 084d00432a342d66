"""Training steps by torch.func: all gradients by vmap, Adam written out on stacked parameters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import torch
from torch.func import functional_call, grad_and_value, vmap
from torch.nn.functional import cross_entropy

from benchmarks.ours import Problem

Parameters = dict[str, torch.Tensor]


def steppers(problem: Problem) -> dict[str, Callable[[], torch.Tensor]]:
    """Return a step of all nets, for a module and for the net written out; a call returns their losses."""
    return {"functional_call": _stepper(problem, _module(problem)), "written out": _stepper(problem, _net)}


def _stepper(
    problem: Problem, net: Callable[[Parameters, torch.Tensor], torch.Tensor]
) -> Callable[[], torch.Tensor]:
    inputs, labels = torch.from_numpy(problem.inputs), torch.from_numpy(problem.labels)
    batches = cycle(torch.from_numpy(problem.batches))
    parameters = _stacked(problem)
    adam = Adam(parameters, torch.from_numpy(problem.rates))

    def loss_of(one: Parameters, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return cross_entropy(net(one, x), y)

    gradients_and_losses = vmap(grad_and_value(loss_of))

    def step() -> torch.Tensor:
        rows = next(batches)
        gradients, losses = gradients_and_losses(parameters, inputs[rows], labels[rows])
        adam.step(parameters, gradients)
        return losses

    return step


class Adam:
    """Adam on parameters with a member axis, in place: a learning rate and a weight decay for each member."""

    def __init__(self, parameters: Parameters, rates: torch.Tensor, decays: torch.Tensor | None = None):
        self.t = 0
        self.m = {name: torch.zeros_like(p) for name, p in parameters.items()}
        self.v = {name: torch.zeros_like(p) for name, p in parameters.items()}
        self.rates = {name: rates.view(-1, *[1] * (p.ndim - 1)) for name, p in parameters.items()}
        self.decays = (
            decays
            if decays is None
            else {name: decays.view(-1, *[1] * (p.ndim - 1)) for name, p in parameters.items()}
        )

    @torch.no_grad()
    def step(self, parameters: Parameters, gradients: Parameters) -> None:
        self.t += 1
        first, second = 1 - 0.9**self.t, 1 - 0.999**self.t
        for name, p in parameters.items():
            g, m, v = gradients[name], self.m[name], self.v[name]
            if self.decays is not None:
                g = g + self.decays[name] * p
            m.lerp_(g, 0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            p.sub_(self.rates[name] / first * m / ((v / second).sqrt_().add_(1e-8)))


def _stacked(problem: Problem) -> Parameters:
    stacked = {}
    for place, (weights, bias) in enumerate(problem.layers):
        stacked[f"{2 * place}.weight"] = torch.from_numpy(weights).transpose(1, 2).contiguous()
        stacked[f"{2 * place}.bias"] = torch.from_numpy(bias).clone()
    return stacked


def _module(problem: Problem) -> Callable[[Parameters, torch.Tensor], torch.Tensor]:
    layers: list[torch.nn.Module] = []
    for weights, _ in problem.layers:
        layers += [torch.nn.Linear(*weights.shape[1:], device="meta"), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    return lambda parameters, x: functional_call(net, parameters, (x,))


def _net(parameters: Parameters, x: torch.Tensor) -> torch.Tensor:
    layers = len(parameters) // 2
    for place in range(layers):
        x = x @ parameters[f"{2 * place}.weight"].T + parameters[f"{2 * place}.bias"]
        x = x if place == layers - 1 else x.relu()
    return x
