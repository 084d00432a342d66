"""Objectives of a linear model with squared errors, whose values are known in closed form."""

import numpy as np
import pytest

from pipeline import ops
from pipeline.engine import Graph, Program, gradient, numpy_backend
from pipeline.engine.random import fill
from pipeline.errors import OptionError, StageError
from pipeline.stages.net import Layout, discover
from pipeline.stages.objective import Objective

X = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])
Y = np.array([1.0, 0.0, -1.0])
WEIGHTS = np.array([0.3, -0.2, 0.1])  # two weights and a bias


def linear(x, net):
    return net.hidden(net.dense(x, 1, name="out"))


def squared(outputs, targets):
    return 0.5 * ops.square(outputs[:, 0] - targets)


class Case:
    """An objective over float64 inputs, and its values."""

    def __init__(self):
        self.graph = Graph("float64")
        x, y = self.graph.input("x", X.shape), self.graph.input("y", Y.shape)
        first = Graph("float64")
        net = discover(first)
        linear(first.input("x", X.shape), net)
        layout = Layout(list(net.declared.values()))
        self.weights = self.graph.input("weights", (layout.size,))
        self.objective = Objective(
            x, y, layout.bind(self.weights), layout.parameters, model=linear, model_node="net", loss=squared
        )

    def values(self, *tensors, step=1):
        program = Program(self.graph, {str(i): tensor for i, tensor in enumerate(tensors)})
        executor = program.bind(1, (), numpy_backend())
        given = {"x": X, "y": Y, "weights": WEIGHTS}
        for name, buffer in executor.inputs.items():
            if name in given:
                buffer[...] = given[name]
        for name, random in program.randoms.items():
            fill(random.kind, executor.inputs[name], 0, "step", step, *random.key)
        executor.run()
        found = [np.array(executor.outputs[str(i)]) for i in range(len(tensors))]
        return found if len(found) > 1 else found[0]

    def gradient(self):
        return self.values(gradient(self.objective.total(), [self.weights])[0])


@pytest.fixture
def case():
    return Case()


@pytest.fixture
def objective(case):
    return case.objective


def residuals(x=X, w=WEIGHTS):
    return x @ w[:2] + w[2] - Y


def mean_loss(x=X, w=WEIGHTS):
    return np.mean(0.5 * residuals(x, w) ** 2)


def test_the_loss_is_the_mean_over_the_minibatch(case, objective):
    np.testing.assert_allclose(case.values(objective.loss), mean_loss(), rtol=1e-12)


def test_l2_decays_weights_and_leaves_biases(case, objective, stages):
    plain = Case().gradient()
    stages.stage("regularizer.l2").function(objective, strength=0.5)
    np.testing.assert_allclose(case.gradient() - plain, 0.5 * WEIGHTS * [1, 1, 0], rtol=1e-12)


def test_penalties_do_not_count_in_the_loss_that_is_reported(case, objective):
    objective.add(100.0)
    np.testing.assert_allclose(
        case.values(objective.loss, objective.total()), [mean_loss(), mean_loss() + 100]
    )


def test_mix_weighs_the_loss_against_another_and_spares_penalties(case, objective):
    objective.add(1.0)
    objective.mix(0.25, 4 * objective.loss)
    np.testing.assert_allclose(case.values(objective.total()), 0.75 * mean_loss() + mean_loss() + 1.0)


def test_the_fast_gradient_sign_method_is_three_lines(case, objective, stages):
    stages.stage("regularizer.fast_gradient_sign").function(objective, epsilon=0.1, weight=0.5)
    moved = X + 0.1 * np.sign(residuals()[:, None] * WEIGHTS[:2])
    np.testing.assert_allclose(
        case.values(objective.total()), (mean_loss() + mean_loss(moved)) / 2, rtol=1e-12
    )


def test_the_gradient_with_respect_to_inputs_parameters_and_hidden_activations(case, objective):
    found = case.values(
        objective.gradient(objective.inputs),
        objective.gradient(objective.parameters["out.bias"]),
        objective.gradient(objective.hidden["hidden0"]),
    )
    slope = residuals() / 3
    np.testing.assert_allclose(found[0], slope[:, None] * WEIGHTS[:2], rtol=1e-12)
    np.testing.assert_allclose(found[1], [slope.sum()], rtol=1e-12)
    np.testing.assert_allclose(found[2], slope[:, None], rtol=1e-12)


def test_the_loss_at_other_weights_keeps_the_biases(case, objective):
    moved = objective.loss_at(weights=[w + 1.0 for w in objective.weights])
    np.testing.assert_allclose(case.values(moved), mean_loss(w=WEIGHTS + np.array([1, 1, 0])), rtol=1e-12)


def test_another_pass_meets_the_same_noise(case, objective):
    objective.on_inputs(lambda x, rng: x + rng.normal(x.shape))
    objective.on_hidden(lambda h, rng: h * rng.bernoulli(0.5, h.shape))
    first, second = case.values(objective.loss, objective.loss_at(inputs=objective.inputs))
    assert first == second
    assert first != mean_loss()


def test_noise_is_drawn_anew_at_each_step(case, objective):
    objective.on_weights(lambda w, rng: w + rng.normal(w.shape))
    assert case.values(objective.loss, step=1) != case.values(objective.loss, step=2)


def test_perturbations_of_one_regularizer_do_not_share_their_draws(case, objective):
    with objective.acting("noise"):
        objective.on_inputs(lambda x, rng: x + rng.normal(x.shape))
        objective.on_inputs(lambda x, rng: x - rng.normal(x.shape))
    assert case.values(objective.loss) != pytest.approx(mean_loss())


@pytest.mark.parametrize("hook", ["on_inputs", "on_hidden", "on_weights"])
@pytest.mark.parametrize("read", ["loss", "hidden", "outputs"])
def test_a_perturbation_after_the_forward_pass_is_refused(objective, hook, read):
    getattr(objective, read)
    with pytest.raises(StageError, match=f"{hook} comes too late"):
        getattr(objective, hook)(lambda tensor, rng: tensor)


def test_reading_weights_does_not_make_the_forward_pass(objective):
    objective.add(sum(ops.sum(w) for w in objective.weights))
    objective.on_hidden(lambda h, rng: h)


def test_a_perturbation_that_changes_a_shape_is_refused(objective):
    objective.on_hidden(lambda h, rng: h[:, :0])
    with pytest.raises(StageError, match=r"changed the shape of 'hidden0' from \(3, 1\) to \(3, 0\)"):
        objective.loss  # noqa: B018


def test_a_penalty_that_is_no_scalar_is_refused(objective):
    with pytest.raises(StageError, match=r"shape \(2, 1\); reduce it with ops\.sum"):
        objective.add(objective.weights[0])


def test_changed_gradients_must_keep_every_parameter(objective):
    objective.on_gradients(lambda gradients: {})
    with pytest.raises(StageError, match="a gradient for each parameter"):
        objective.changed_gradients({"w": objective.weights[0]})


def test_weights_are_changed_before_and_after_a_step_and_biases_stay(case, objective):
    objective.before_step(lambda w: 0.5 * w)
    objective.after_step(lambda w: w + 1.0, only="out.*")
    before, after = objective.before(), objective.after(objective.parameters)
    np.testing.assert_array_equal(case.values(before["out.weights"]).ravel(), 0.5 * WEIGHTS[:2])
    np.testing.assert_array_equal(case.values(after["out.weights"]).ravel(), WEIGHTS[:2] + 1)
    for parameters in (before, after):
        np.testing.assert_array_equal(case.values(parameters["out.bias"]), WEIGHTS[2:])


def test_what_fits_no_name_is_refused_with_the_names_there_are(objective):
    with pytest.raises(OptionError, match=r"'in\.\*', which fits no weight(.|\n)*allowed: out\.weights"):
        objective.after_step(lambda w: w, only="in.*")
