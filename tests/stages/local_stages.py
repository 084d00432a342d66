"""Stages that the tests of the training loop load as a local file: examples, and stages that misbehave."""

import numpy as np

from pipeline import Verdict, augment, model, ops, optimizer, regularizer, train


@regularizer
def fast_gradient_sign(objective, *, epsilon: float = 0.1, weight: float = 0.5):
    """Mix in the loss at inputs moved by `epsilon` along the gradient's sign."""
    step = ops.stop_gradient(ops.sign(objective.gradient(objective.inputs)))
    objective.mix(weight, objective.loss_at(inputs=objective.inputs + epsilon * step))


@regularizer
def hidden_noise(objective, *, std: float = 0.1):
    """Add noise to hidden activations, weights and inputs."""
    for register in (objective.on_inputs, objective.on_hidden, objective.on_weights):
        register(lambda h, rng: h + std * rng.normal(h.shape))


@regularizer
def stop_below(objective, *, limit: float = 0.5):
    """Stop once the training loss is below `limit`."""
    objective.after_epoch(_stop_below, limit=limit)


def _stop_below(history, *, limit):
    return Verdict(stop=history[-1]["train_loss"] < limit)


@regularizer
def stop_at(objective, *, epoch: float = 2.0):
    """Stop at an epoch, and keep the weights of the one before."""
    objective.after_epoch(_stop_at, epoch=epoch)


def _stop_at(history, *, epoch):
    assert isinstance(epoch, float)
    return Verdict(stop=len(history) == epoch, best=len(history) == epoch - 1)


@regularizer
def derived_rule(objective, *, limit: float = 0.5):
    """Give a rule an option that was computed with: refused."""
    objective.after_epoch(_stop_below, limit=2 * limit)


@regularizer
def no_verdict(objective):
    """Register a rule that returns nothing."""
    objective.after_epoch(lambda history: None)


@regularizer
def misspelt(objective):
    """Raise."""
    objective.wieghts  # noqa: B018


@optimizer
def layerwise(w, g, state, t, *, lr: float = 0.1):
    """Step by the gradient over its norm in each parameter: not elementwise."""
    return w - lr * g / (ops.norm(g) + 1.0), ()


@optimizer
def rateless(w, g, state, t, *, size: float = 0.1):
    """Step without an option `lr`."""
    return w - size * g, ()


@optimizer
def nested(w, g, state, t, *, lr: float = 0.1):
    """Keep nested state: a running mean, and a count with a number in it."""
    mean, (count,) = state or (0.0, (0.0,))
    mean, count = 0.5 * mean + g, count + 1.0
    return w - lr * mean / count, (mean, (count,))


@optimizer
def by_rank(w, g, state, t, *, lr: float = 0.1):
    """Treat vectors and matrices unlike, which one flat pass would not."""
    return w - (lr if w.ndim == 2 else 2 * lr) * g, ()


@optimizer
def growing(w, g, state, t, *, lr: float = 0.1):
    """Change the structure of the state."""
    return w - lr * g, (g, g) if state else (g,)


@augment
def cropping(x, rng):
    """Change the shape: refused."""
    return x[:, 1:]


@model
def twice(x, net, *, outputs: int):
    """Make two layers of one name: refused."""
    return net.dense(net.dense(x, 3, name="layer"), outputs, name="layer")


@model
def drawing(x, net, *, outputs: int):
    """Draw noise in training only."""
    if net.training:
        x = x + net.rng.normal(x.shape)
    return net.dense(x, outputs, name="out")


@train
def own_rows(fit):
    """Give each member rows of its own."""
    for _ in fit.epochs(2):
        rows = np.arange(8) + np.arange(len(fit.members))[:, None]
        fit.step(rows)


@train
def one_step(fit):
    """Step once, outside of any epoch."""
    fit.step(np.arange(fit.rows))


@train
def no_step(fit):
    """Do nothing."""


@model
def centred(x, net, *, momentum: float = 0.5, width: int = 4, outputs: int):
    """Subtract a running mean of the inputs, of the minibatch itself while training."""
    mean = ops.mean(x, axis=0)
    running = net.buffer("running", mean.shape)
    net.update("running", running * (1 - momentum) + momentum * ops.stop_gradient(mean))
    h = net.hidden(ops.tanh(net.dense(x - (mean if net.training else running), width, name="hidden0")))
    net.head("code", h)
    return net.dense(h, outputs, name="out")


@model
def costly(x, net, *, weight: float = 1.0, outputs: int):
    """A linear model that pays `weight` for each example."""
    y = net.dense(x, outputs, name="out")
    net.cost(weight + 0.0 * ops.sum(y, axis=-1))
    return y


@regularizer
def confident(objective, *, strength: float = 0.1):
    """Add the mean entropy of predictions for as many unlabelled examples as the minibatch has."""
    log_p = ops.log_softmax(objective.outputs_at(objective.unlabelled(6)))
    objective.add(-strength * ops.mean(ops.sum(ops.exp(log_p) * log_p, axis=-1)))


@regularizer
def smoothed(objective, *, amount: float = 0.1):
    """Mix targets with the uniform distribution."""
    objective.on_targets(lambda y, rng: (1 - amount) * y + amount / y.shape[-1])


@regularizer
def coded(objective, *, weight: float = 0.1):
    """Pull the model's code towards the auxiliary targets `code`."""
    objective.add(weight * ops.mean(ops.square(objective.heads["code"] - objective.auxiliary["code"])))


@train
def on_its_own(fit, *, epochs: int = 2):
    """Step on examples made up from what the model says."""
    for _ in fit.epochs(epochs):
        x = np.stack([np.random.default_rng(seed).normal(size=(6, 4)) for seed in fit.seeds])
        said = fit.outputs(x)
        fit.step_on(x, said.argmin(axis=-1))


@regularizer
def fading(objective, *, strength: float = 0.1):
    """Add a penalty that fades from step to step."""
    objective.add(strength / objective.t * sum(ops.sum(w * w) for w in objective.weights))
