"""One file a row, named after its id: `ROW`, and `figures(runs)` that measures it."""
