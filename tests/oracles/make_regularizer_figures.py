"""Write what PyTorch makes of a small net under regularizers, for the tests to compare with.

Run it in an environment of its own (pip install torch==2.13.0 numpy); the tests need only
torch_regularizers.npz.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

HERE = Path(__file__).parent
STEPS = 5
Parameters = dict[str, torch.Tensor]
Penalty = Callable[[Parameters, torch.Tensor], torch.Tensor]
EACH = "hidden0.weights", "hidden0.bias", "out.weights", "out.bias"

RNG = np.random.default_rng(11)
X, Y = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))
LABELS = np.arange(6) % 4
START = {
    "hidden0.weights": RNG.standard_normal((4, 5)),
    "hidden0.bias": np.zeros(5),
    "out.weights": RNG.standard_normal((5, 4)),
    "out.bias": np.zeros(4),
}


def fresh() -> Parameters:
    """Return the parameters that every training here starts from."""
    return {name: torch.tensor(value, requires_grad=True) for name, value in START.items()}


def forward(p: Parameters) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the outputs and the hidden activations of a net with one layer of sigmoid units."""
    hidden = torch.sigmoid(torch.tensor(X) @ p["hidden0.weights"] + p["hidden0.bias"])
    return hidden @ p["out.weights"] + p["out.bias"], hidden


def squared(outputs: torch.Tensor) -> torch.Tensor:
    """Return half the squared error, the mean over examples."""
    return 0.5 * (outputs - torch.tensor(Y)).square().sum(dim=1).mean()


def smoothed(outputs: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy with smoothed labels."""
    return functional.cross_entropy(outputs, torch.tensor(LABELS), label_smoothing=0.2)


def nothing(p: Parameters, hidden: torch.Tensor) -> torch.Tensor:
    """Penalise nothing."""
    return torch.zeros(())


def trained(
    make: Callable[[Parameters], torch.optim.Optimizer],
    penalty: Penalty = nothing,
    after: Callable[[Parameters], None] = lambda p: None,
    loss: Callable[[torch.Tensor], torch.Tensor] = squared,
) -> np.ndarray:
    """Return all parameters, flat, after each of five steps on all examples."""
    p = fresh()
    optimizer = make(p)
    path = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        outputs, hidden = forward(p)
        (loss(outputs) + penalty(p, hidden)).backward()
        optimizer.step()
        with torch.no_grad():
            after(p)
        path.append(torch.cat([p[name].detach().reshape(-1) for name in EACH]).numpy())
    return np.array(path)


def groups(p: Parameters, **decay: float) -> list[dict[str, object]]:
    """Return a group of one parameter each, with its own weight decay."""
    return [
        {"params": [tensor], "weight_decay": decay.get(name.replace(".", "_"), 0.0)}
        for name, tensor in p.items()
    ]


def sgd(p: Parameters, **decay: float) -> torch.optim.Optimizer:
    """Return descent with momentum."""
    return torch.optim.SGD(groups(p, **decay), lr=0.1, momentum=0.9)


def adamw(p: Parameters, **decay: float) -> torch.optim.Optimizer:
    """Return AdamW, whose decay is decoupled."""
    return torch.optim.AdamW(groups(p, **decay), lr=0.05)


def limited(p: Parameters) -> None:
    """Limit the norm of each hidden unit's incoming weights to 0.8."""
    p["hidden0.weights"].copy_(torch.renorm(p["hidden0.weights"], 2, 1, 0.8))


def kl(p: Parameters, hidden: torch.Tensor) -> torch.Tensor:
    """Penalise mean activations other than 0.1."""
    rate, mean = torch.tensor(0.1, dtype=torch.float64), hidden.mean(dim=0)
    return 0.5 * (rate * torch.log(rate / mean) + (1 - rate) * torch.log((1 - rate) / (1 - mean))).sum()


TIED = {
    "encode0.weights": RNG.standard_normal((4, 5)),
    "encode1.weights": RNG.standard_normal((5, 3)),
    "encode0.bias": np.zeros(5),
    "encode1.bias": np.zeros(3),
    "decode0.bias": np.zeros(5),
    "decode1.bias": np.zeros(4),
}


def tied() -> np.ndarray:
    """Return all parameters of an autoencoder whose decoder's weights are the encoder's, after five steps."""
    p = {name: torch.tensor(value, requires_grad=True) for name, value in TIED.items()}
    x, optimizer = torch.tensor(X), torch.optim.SGD(list(p.values()), lr=0.02, momentum=0.9)
    for _ in range(STEPS):
        optimizer.zero_grad()
        code = torch.tanh(x @ p["encode0.weights"] + p["encode0.bias"]) @ p["encode1.weights"]
        middle = torch.tanh((code + p["encode1.bias"]) @ p["encode1.weights"].T + p["decode0.bias"])
        outputs = middle @ p["encode0.weights"].T + p["decode1.bias"]
        (0.5 * (outputs - x).square().sum(dim=1).mean()).backward()
        optimizer.step()
    return torch.cat([tensor.detach().reshape(-1) for tensor in p.values()]).numpy()[None]


def main() -> None:
    """Write torch_regularizers.npz beside this file."""
    cases = {
        "l2": trained(lambda p: sgd(p, hidden0_weights=0.3)),
        "l1": trained(sgd, lambda p, h: 0.2 * p["out.weights"].abs().sum()),
        "decay": trained(lambda p: adamw(p, hidden0_weights=0.7, out_weights=0.7)),
        "decay hidden": trained(lambda p: adamw(p, hidden0_weights=0.7)),
        "max norm": trained(sgd, after=limited),
        "sharing": trained(
            sgd, lambda p, h: 0.15 * (p["hidden0.weights"] - p["out.weights"].T).square().sum()
        ),
        "sparsity l1": trained(sgd, lambda p, h: 0.5 * h.abs().sum(dim=1).mean()),
        "sparsity kl": trained(sgd, kl),
        "smoothing": trained(sgd, loss=smoothed),
        "tied": tied(),
    }
    start = np.concatenate([START[name].reshape(-1) for name in EACH])
    tied_start = np.concatenate([value.reshape(-1) for value in TIED.values()])
    np.savez_compressed(
        HERE / "torch_regularizers.npz",
        x=X,
        y=Y,
        labels=LABELS,
        start=start,
        tied_start=tied_start,
        **cases,
    )


if __name__ == "__main__":
    main()
