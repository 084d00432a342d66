"""Arrays handed over from Python."""

from pipeline import DataError, DataSet, data


@data
def arrays(*, path: str = "") -> DataSet:
    """Load what `pipeline.run(..., data={node: (inputs, targets)})` handed over for this node.

    The arrays are written to a file (`DataSet.save`) before the run, and `path` is set to it, so that
    workers read them and their content is part of the node's key.
    """
    if not path:
        raise DataError(
            "no arrays were handed over for this node\n"
            "    run it from Python: pipeline.run(..., data={'<this node>': (inputs, targets)})"
        )
    return DataSet.load(path)
