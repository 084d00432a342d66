import pytest

from pipeline.stages.net import Net, bound


@pytest.fixture(scope="session")
def slopes_of(traced):
    """Return a model's outputs and the gradients of Σ sin(outputs) to inputs and parameters by name."""

    def run(model, x, parameters, **options):
        def f(x, **parameters):
            return model(x, Net(bound(parameters)), **options)

        return traced(f, x=x, **parameters)

    return run
