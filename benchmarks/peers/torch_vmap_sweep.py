"""The reference sweep by torch.func: all nets of a seed stepped together, by vmap over their settings."""

from __future__ import annotations

import sys
from itertools import product

import torch
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.functional import cross_entropy

from benchmarks.peers.torch_vmap import Adam
from benchmarks.reference import BATCH, DECAYS, EPOCHS, HIDDEN, RATES, SEEDS, TRAIN, Setting, data, tell


def main(path: str) -> None:
    """Train the 64 nets, 32 for each seed, and tell the best accuracy."""
    inputs, labels = map(torch.from_numpy, data(path))
    tell(pair for seed in SEEDS for pair in _trained(inputs, labels, seed))


def _trained(inputs: torch.Tensor, labels: torch.Tensor, seed: int) -> list[tuple[Setting, float]]:
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(784, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    settings = list(product(RATES, DECAYS))
    parameters = {name: p.detach() for name, p in stack_module_state([net] * len(settings))[0].items()}
    rates, decays = torch.tensor(settings).T
    adam = Adam(parameters, rates, decays)

    def loss(one: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return cross_entropy(functional_call(net, one, (x,)), y)

    gradients = vmap(grad(loss), in_dims=(0, None, None))
    for _ in range(EPOCHS):
        for rows in torch.randperm(TRAIN).split(BATCH):
            adam.step(parameters, gradients(parameters, inputs[rows], labels[rows]))
    with torch.no_grad():
        outputs = vmap(lambda one, x: functional_call(net, one, (x,)), in_dims=(0, None))
        right = outputs(parameters, inputs[TRAIN:]).argmax(-1) == labels[TRAIN:]
    return list(zip(settings, right.float().mean(1).tolist(), strict=True))


if __name__ == "__main__":
    main(sys.argv[1])
