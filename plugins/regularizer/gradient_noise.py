"""Noise on the gradient, which dies away."""

from pipeline import ops, regularizer
from pipeline.options import NonNegative


@regularizer
def gradient_noise(objective, *, eta: NonNegative = 0.01, gamma: NonNegative = 0.55):
    """Add Gaussian noise of variance eta / t^gamma to each element of the gradient at step t, from 1.

    Neelakantan et al. 2015 (arXiv:1511.06807), equation 1, whose steps count from 0.
    """
    rng, std = objective.draws("gradients"), ops.sqrt(eta) * objective.t ** (-0.5 * gamma)

    def noisy(gradients):
        return {name: g + std * rng.normal(g.shape, name) for name, g in gradients.items()}

    objective.on_gradients(noisy)
