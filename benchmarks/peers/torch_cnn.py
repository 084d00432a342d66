"""The convolutional nets of `benchmarks.conv` in torch, in each of its memory formats."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.networks import Problem
from benchmarks.peers.torch_networks import Step, by_optimizer


def steppers(problem: Problem) -> dict[str, dict[str, Step]]:
    """Return the steps of all nets by memory format and optimizer."""
    images = torch.from_numpy(problem.inputs)[:, None]
    found = {}
    for name, form in {"": torch.contiguous_format, ", channels last": torch.channels_last}.items():

        def nets(form: torch.memory_format = form) -> list[torch.nn.Module]:
            return [_net(problem.of(member)).to(memory_format=form) for member in range(len(problem.rates))]

        found[name] = by_optimizer(problem, nets, images.contiguous(memory_format=form))
    return found


def _net(parameters: dict[str, np.ndarray]) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for name in ("conv0", "conv1"):
        kernels = torch.from_numpy(parameters[f"{name}.weights"]).permute(3, 2, 0, 1)
        layer = torch.nn.Conv2d(kernels.shape[1], kernels.shape[0], kernels.shape[2], padding="same")
        _set(layer, kernels, parameters[f"{name}.bias"])
        layers += [layer, torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    channels = layers[-3].out_channels
    weights = parameters["out.weights"]
    last = torch.nn.Linear(*weights.shape)
    # channels lie last in plait's pixels, first in torch's
    by_channel = weights.reshape(-1, channels, weights.shape[1]).swapaxes(0, 1).reshape(weights.shape)
    _set(last, torch.from_numpy(by_channel.T.copy()), parameters["out.bias"])
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), last)


def _set(layer: torch.nn.Module, weights: torch.Tensor, bias: np.ndarray) -> None:
    with torch.no_grad():
        layer.weight.copy_(weights)
        layer.bias.copy_(torch.from_numpy(bias))
