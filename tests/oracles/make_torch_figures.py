"""Write what PyTorch computes, for the tests to compare with: torch_steps.json and torch_blocks.npz.

Run it in an environment of its own (pip install torch==2.13.0 numpy); the tests need only the two files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

HERE = Path(__file__).parent
KEPT = (1, 2, 3, 10, 25, 50)
START = (1.0, -2.0, 0.5, 0.0)

# name of the case: stage, its options, the class in torch and the options there
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": ("sgd", {"lr": 0.1}, torch.optim.SGD, {}),
    "sgd momentum": ("sgd", {"lr": 0.05, "momentum": 0.9}, torch.optim.SGD, {}),
    "sgd nesterov": ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, torch.optim.SGD, {}),
    "adam": ("adam", {"lr": 0.05}, torch.optim.Adam, {}),
    "adam betas": (
        "adam",
        {"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3},
        torch.optim.Adam,
        {"betas": (0.5, 0.9)},
    ),
    "adamw": ("adamw", {"lr": 0.05}, torch.optim.AdamW, {}),
    "adamw decay": ("adamw", {"lr": 0.05, "weight_decay": 0.3, "eps": 1e-3}, torch.optim.AdamW, {}),
    "rmsprop": ("rmsprop", {"lr": 0.02}, torch.optim.RMSprop, {}),
    "rmsprop all": (
        "rmsprop",
        {"lr": 0.02, "decay": 0.9, "momentum": 0.8, "weight_decay": 0.1, "centered": True, "eps": 1e-3},
        torch.optim.RMSprop,
        {"alpha": 0.9},
    ),
    "adagrad": ("adagrad", {"lr": 0.2}, torch.optim.Adagrad, {}),
    "adagrad all": (
        "adagrad",
        {"lr": 0.2, "lr_decay": 0.05, "weight_decay": 0.1, "initial": 0.3, "eps": 1e-3},
        torch.optim.Adagrad,
        {"initial_accumulator_value": 0.3},
    ),
}
RENAMED = {"beta1", "beta2", "decay", "initial"}


def slope(w: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the bumpy function that every optimizer here descends."""
    return w + torch.sin(3 * w) + 0.25


def trajectory(make: type[torch.optim.Optimizer], options: dict[str, Any]) -> list[list[float]]:
    """Return the weights after each step in KEPT."""
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([w], **options)
    path = []
    for _ in range(max(KEPT)):
        w.grad = slope(w.detach())
        optimizer.step()
        path.append(w.detach().tolist())
    return [path[step - 1] for step in KEPT]


def optimizers() -> dict[str, Any]:
    """Return each optimizer's options and trajectory."""
    cases = {}
    for name, (stage, options, make, special) in OPTIMIZERS.items():
        shared = {key: value for key, value in options.items() if key not in RENAMED}
        cases[name] = {"stage": stage, "options": options, "path": trajectory(make, {**shared, **special})}
    return cases


def factors(make: Callable[[torch.optim.Optimizer], Any], steps: int) -> list[float]:
    """Return the learning rate of each step where it begins at 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def schedules() -> dict[str, list[float]]:
    """Return the factors of a cosine and of a step schedule over 12 steps."""
    lr_scheduler = torch.optim.lr_scheduler
    return {
        "cosine": factors(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=12, eta_min=0.2), 12),
        "step": factors(lambda o: lr_scheduler.StepLR(o, step_size=5, gamma=0.5), 12),
    }


def differentiated(
    f: Callable[..., torch.Tensor], arrays: dict[str, np.ndarray], **fixed: Any
) -> dict[str, np.ndarray]:
    """Return f's value, and the gradient of Σ sin(value) with respect to each array."""
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    value = f(*tensors.values(), **fixed)
    torch.sin(value).sum().backward()
    gradients = {f"d{name}": tensor.grad.numpy() for name, tensor in tensors.items()}
    return {**arrays, "value": value.detach().numpy(), **gradients}


def last(x: torch.Tensor) -> torch.Tensor:
    """Move channels from their place in torch to the last axis."""
    return x.permute(0, 2, 3, 1)


def first(x: torch.Tensor) -> torch.Tensor:
    """Move channels from the last axis to their place in torch."""
    return x.permute(0, 3, 1, 2)


def convolution(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, **options: Any) -> torch.Tensor:
    """Correlate (batch, height, width, channels) with kernels (height, width, in, out)."""
    return last(functional.conv2d(first(x), w.permute(3, 2, 0, 1), b, **options))


def blocks() -> dict[str, np.ndarray]:
    """Return inputs, values and gradients of the blocks of pipeline.nn, and of losses, by case/name."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 5, 6, 2))
    kernels = {3: rng.standard_normal((3, 3, 2, 3)), 2: rng.standard_normal((2, 2, 2, 3))}
    bias, logits = rng.standard_normal(3), 3 * rng.standard_normal((4, 3))
    labels = torch.tensor([0, 2, 1, 2])
    probabilities = rng.random((4, 3))
    y = torch.tensor(probabilities)

    def bernoulli(z: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(-1)

    def gaussian(z: torch.Tensor) -> torch.Tensor:
        return functional.gaussian_nll_loss(z, y, torch.ones_like(z), reduction="none").sum(-1)

    cases = {
        "conv same": differentiated(convolution, {"x": x, "w": kernels[3], "b": bias}, padding="same"),
        "conv even": differentiated(convolution, {"x": x, "w": kernels[2], "b": bias}, padding="same"),
        "conv valid": differentiated(convolution, {"x": x, "w": kernels[3], "b": bias}),
        "conv stride": differentiated(convolution, {"x": x, "w": kernels[3], "b": bias}, stride=2),
        "max pool": differentiated(lambda a: last(functional.max_pool2d(first(a), 2)), {"x": x}),
        "max pool stride": differentiated(lambda a: last(functional.max_pool2d(first(a), 3, 1)), {"x": x}),
        "avg pool": differentiated(lambda a: last(functional.avg_pool2d(first(a), 2)), {"x": x}),
        "layer norm": differentiated(
            lambda a, s, b: functional.layer_norm(a, (3,), s, b),
            {"x": logits, "scale": rng.standard_normal(3), "shift": bias},
        ),
        "embedding": differentiated(
            lambda table: functional.embedding(labels, table), {"table": rng.standard_normal((3, 2))}
        ),
        "softmax": differentiated(
            lambda z: functional.cross_entropy(z, labels, reduction="none"), {"x": logits}
        ),
        "bernoulli": {**differentiated(bernoulli, {"x": logits}), "y": probabilities},
        "gaussian": {**differentiated(gaussian, {"x": logits}), "y": probabilities},
    }
    return {f"{case}/{name}": array for case, arrays in cases.items() for name, array in arrays.items()}


def gates(kind: str, torch_order: np.ndarray) -> np.ndarray:
    """Bring the gates of torch's (gates·units, ...) to pipeline.nn's order, along the last axis."""
    order = {"rnn": [0], "lstm": [0, 1, 3, 2], "gru": [0, 1, 2]}[kind]
    parts = np.split(torch_order, len(order))
    return np.ascontiguousarray(np.concatenate([parts[place] for place in order]).T)


def recurrent(kind: str, make: type[torch.nn.RNNBase], **options: Any) -> dict[str, np.ndarray]:
    """Return a layer's states at all steps of a small batch, and gradients of Σ sin(states)."""
    torch.manual_seed(7)
    layer = make(3, 4, batch_first=True, dtype=torch.float64, **options)
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():  # torch has two biases that are added; only where they are not is the second kept
        layer.bias_hh_l0[: 8 if kind == "gru" else None] = 0.0
    states, _ = layer(x)
    torch.sin(states).sum().backward()
    found = {"x": x.detach().numpy(), "dx": x.grad.numpy(), "value": states.detach().numpy()}
    names = {"input": layer.weight_ih_l0, "recurrent": layer.weight_hh_l0, "bias": layer.bias_ih_l0}
    for name, parameter in names.items():
        found[name] = gates(kind, parameter.detach().numpy())
        found[f"d{name}"] = gates(kind, parameter.grad.numpy())
    if kind == "gru":
        found["inside"] = layer.bias_hh_l0.detach().numpy()[8:]
        found["dinside"] = layer.bias_hh_l0.grad.numpy()[8:]
    return found


def layers() -> dict[str, np.ndarray]:
    """Return the figures of recurrent layers, by case/name."""
    cases = {
        "rnn": recurrent("rnn", torch.nn.RNN),
        "rnn relu": recurrent("rnn", torch.nn.RNN, nonlinearity="relu"),
        "lstm": recurrent("lstm", torch.nn.LSTM),
        "gru": recurrent("gru", torch.nn.GRU),
    }
    return {f"{case}/{name}": array for case, arrays in cases.items() for name, array in arrays.items()}


def clipped() -> dict[str, list[list[float]]]:
    """Return two gradients and what they become when clipped to a norm of 1 and to values of 1."""
    start = [[3.0, -0.5, 0.25], [2.0, 1.5]]
    by: dict[str, Callable[..., Any]] = {
        "norm": torch.nn.utils.clip_grad_norm_,
        "value": torch.nn.utils.clip_grad_value_,
    }
    result = {"start": start}
    for name, clip in by.items():
        weights = [torch.zeros(len(g), dtype=torch.float64, requires_grad=True) for g in start]
        for w, g in zip(weights, start, strict=True):
            w.grad = torch.tensor(g, dtype=torch.float64)
        clip(weights, 1.0)
        result[name] = [w.grad.tolist() for w in weights]
    return result


def main() -> None:
    """Write both files beside this one."""
    steps = {
        "torch": torch.__version__,
        "start": START,
        "kept": KEPT,
        "optimizers": optimizers(),
        "schedules": schedules(),
        "clip": clipped(),
    }
    (HERE / "torch_steps.json").write_text(json.dumps(steps) + "\n")
    np.savez_compressed(HERE / "torch_blocks.npz", **blocks(), **layers())


if __name__ == "__main__":
    main()
