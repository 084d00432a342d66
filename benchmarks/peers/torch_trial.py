"""One trial of the reference sweep by torch: a plain training loop."""

from __future__ import annotations

import torch

from benchmarks.reference import BATCH, EPOCHS, HIDDEN, TRAIN, data


def accuracy(inputs: torch.Tensor, labels: torch.Tensor, rate: float, decay: float, seed: int) -> float:
    """Train one net and return its accuracy on the rows held out."""
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(784, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, weight_decay=decay, fused=True)
    for _ in range(EPOCHS):
        for rows in torch.randperm(TRAIN).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[rows]), labels[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return (net(inputs[TRAIN:]).argmax(1) == labels[TRAIN:]).float().mean().item()


def tensors(path: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read the data, for a process that has one thread."""
    torch.set_num_threads(1)
    inputs, labels = data(path)
    return torch.from_numpy(inputs), torch.from_numpy(labels)
