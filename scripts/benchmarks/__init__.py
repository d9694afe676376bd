"""The benchmarks of scripts/bench.py, one module each; the module's name is the benchmark's.

A module has ``arguments(parser)``, which adds its own options, and ``measure(options)``, which returns
the figures by name. Beside them ``EXPLAINED`` says what each figure is, by its name (``a.b`` for a
figure b within a), in the order in which they are printed; ``ENVIRONMENT`` names the environment it
runs in, ``unit`` where there is none. Any Python loads the module for its help: what only that environment
has is imported inside ``measure``.
"""
