"""Write what PyTorch computes of hidden units, normalisation, residual blocks and losses: torch_units.npz.

Run it in an environment of its own (pip install torch==2.13.0 numpy); the tests need only the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from make_torch_figures import convolution, differentiated, first, last
from torch.nn import functional

HERE = Path(__file__).parent
Case = dict[str, np.ndarray]


def activations(rng: np.random.Generator) -> dict[str, Case]:
    """Return values and gradients of hidden units."""
    x = 2 * rng.standard_normal((4, 6))
    names = ("elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh")
    cases = {name: differentiated(getattr(functional, name), {"x": x}) for name in names}
    cases["prelu"] = differentiated(functional.prelu, {"x": x, "slope": rng.standard_normal(6)})
    cases["maxout"] = differentiated(lambda a: a.reshape(4, 3, 2).amax(1), {"x": x})
    return cases


def losses(rng: np.random.Generator) -> dict[str, Case]:
    """Return values and gradients of losses of numbers, (4, 2) targets each."""
    x, y = 2 * rng.standard_normal((4, 2)), rng.standard_normal((4, 2))
    counts = rng.integers(0, 5, (4, 2)).astype(float)
    both, mixed = rng.standard_normal((4, 4)), rng.standard_normal((4, 15))
    t, whole = torch.tensor(y), torch.tensor(counts)

    def summed(loss: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda z: loss(z, t, reduction="none").sum(-1)

    def poisson(z: torch.Tensor) -> torch.Tensor:
        return functional.poisson_nll_loss(z, whole, reduction="none").sum(-1)

    def heteroscedastic(z: torch.Tensor) -> torch.Tensor:
        normal = torch.distributions.Normal(z[:, :2], torch.exp(0.5 * z[:, 2:]))
        return -normal.log_prob(t).sum(-1)

    def mixture(z: torch.Tensor) -> torch.Tensor:
        logits, means, logs = z[:, :3], z[:, 3:9].reshape(4, 3, 2), z[:, 9:].reshape(4, 3, 2)
        normal = torch.distributions.Independent(torch.distributions.Normal(means, torch.exp(0.5 * logs)), 1)
        which = torch.distributions.Categorical(logits=logits)
        return -torch.distributions.MixtureSameFamily(which, normal).log_prob(t)

    return {
        "laplace": {**differentiated(summed(functional.l1_loss), {"x": x}), "y": y},
        "huber": {**differentiated(summed(functional.huber_loss), {"x": x}), "y": y},
        "poisson": {**differentiated(poisson, {"x": x}), "y": counts},
        "heteroscedastic": {**differentiated(heteroscedastic, {"x": both}), "y": y},
        "mixture": {**differentiated(mixture, {"x": mixed}), "y": y},
    }


def normalised(rng: np.random.Generator) -> dict[str, Case]:
    """Return batch normalisation in training and in prediction, with the running means after a step."""
    scale, shift = rng.standard_normal(3), rng.standard_normal(3)
    mean, variance = rng.standard_normal(3), rng.random(3) + 0.5
    x = 2 + rng.standard_normal((2, 4, 5, 3))
    after = {"mean": torch.tensor(mean), "variance": torch.tensor(variance)}

    def norm(a: torch.Tensor, s: torch.Tensor, b: torch.Tensor, training: bool) -> torch.Tensor:
        running = after if training else {"mean": torch.tensor(mean), "variance": torch.tensor(variance)}
        return last(
            functional.batch_norm(first(a), running["mean"], running["variance"], s, b, training=training)
        )

    given = {"x": x, "scale": scale, "shift": shift}
    start = {"mean": mean, "variance": variance}
    training = differentiated(norm, given, training=True)
    kept = {f"{name} after": value.numpy() for name, value in after.items()}
    predicting = differentiated(norm, given, training=False)
    return {"batch norm": {**training, **start, **kept}, "batch norm prediction": {**predicting, **start}}


def residual(rng: np.random.Generator) -> dict[str, Case]:
    """Return residual blocks of two 3 x 3 convolutions: as wide as their input, and wider and halved."""

    def normed(a: torch.Tensor) -> torch.Tensor:
        return last(functional.batch_norm(first(a), None, None, training=True))

    def plain(x: torch.Tensor, w0: torch.Tensor, w1: torch.Tensor) -> torch.Tensor:
        h = torch.relu(normed(convolution(x, w0, None, padding=1)))
        return torch.relu(x + normed(convolution(h, w1, None, padding=1)))

    def wider(x: torch.Tensor, w0: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor) -> torch.Tensor:
        framed = functional.pad(x, (0, 0, 0, 1, 0, 1))  # the odd row and column of zeros after the image
        h = torch.relu(normed(convolution(framed, w0, None, stride=2)))
        h = normed(convolution(h, w1, None, padding=1))
        return torch.relu(normed(convolution(x, w2, None, stride=2)) + h)

    x = rng.standard_normal((3, 4, 6, 2))
    w = [rng.standard_normal(shape) for shape in ((3, 3, 2, 2), (3, 3, 2, 2), (3, 3, 2, 3), (3, 3, 3, 3))]
    return {
        "residual": differentiated(plain, {"x": x, "w0": w[0], "w1": w[1]}),
        "residual wider": differentiated(
            wider, {"x": x, "w0": w[2], "w1": w[3], "w2": rng.standard_normal((1, 1, 2, 3))}
        ),
    }


def initial() -> dict[str, Case]:
    """Return the mean squares and largest numbers of PyTorch's initial weights, many drawn."""
    torch.manual_seed(0)
    cases = {}
    for name, shape in {"dense": (300, 400), "conv": (60, 30, 3, 3)}.items():
        w = torch.empty(shape, dtype=torch.float64)
        for which, init in {
            "he": torch.nn.init.kaiming_normal_,
            "glorot": torch.nn.init.xavier_uniform_,
        }.items():
            options = {"nonlinearity": "relu"} if which == "he" else {}
            init(w, **options)
            cases[f"{which} {name}"] = {"square": w.square().mean().numpy(), "most": w.abs().max().numpy()}
    return cases


def main() -> None:
    """Write the file beside this one."""
    rng = np.random.default_rng(11)
    cases = {**activations(rng), **losses(rng), **normalised(rng), **residual(rng), **initial()}
    flat = {f"{case}/{name}": array for case, arrays in cases.items() for name, array in arrays.items()}
    np.savez_compressed(HERE / "torch_units.npz", **flat)


if __name__ == "__main__":
    main()
