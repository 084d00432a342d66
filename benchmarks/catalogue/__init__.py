"""The catalogue: a row for each technique, with the figures that show that it works.

`python -m benchmarks.catalogue [ROW ...] [--save]` runs the DAG files at full size and prints the figures;
`--save` keeps them in docs/results.json and writes docs/catalogue.md.  A row is a file in `rows/`.
"""
