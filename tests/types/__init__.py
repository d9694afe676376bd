"""Scripts as callers of the Python API write them, which no test runs: mypy and pyright look at them in the stage
``types``. Each mistake in them is marked, and a mark that is not needed is an error itself."""
