"""The computational graph of a small net."""

from pipeline import calculus, evaluate
from pipeline.options import Natural


@evaluate
def graph(model, data, *, split: str = "train", row: Natural = 0):
    """Draw the graph of the loss on one row of a split: the forward sweep's values, the reverse's adjoints.

    The input and each parameter are nodes of it.  For small nets: more than 80 nodes cannot be read and are
    refused.  Measured are the loss and the length of its gradient to all parameters.
    """
    loss, arrays = model.example_loss(data, split, row)
    nodes = calculus.sweeps(loss, *arrays.values(), names=arrays)
    squares = [float((node.adjoint**2).sum()) for node in nodes if node.name in arrays and node.name != "x"]
    caption = f"The loss on row {row} of the {split} split, forward and back"
    return {
        "loss": float(nodes[-1].value),
        "gradient_norm": sum(squares) ** 0.5,
        "graph": calculus.draw(loss, *arrays.values(), names=arrays, caption=caption),
    }
