"""What plait measures of itself and of its peers: `python -m benchmarks --help`."""

import os

from benchmarks.process import PRESET

for _name in PRESET:
    os.environ.pop(_name, None)  # read by OpenBLAS when NumPy is first imported, by any benchmark
