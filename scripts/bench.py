"""Measures what the extension costs: `python3 scripts/bench.py NAME [--json]`; `--help` names them.

Every figure is taken in one run beside the thing it is compared with, because machines are shared and
noisy; no test asserts a time. Runs against the simulator, on this machine only. Each benchmark is a
module of scripts/benchmarks; where its ``wrong`` finds figures that may not be as they are, the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts import benchmarks
from scripts.toolbox import environments


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a benchmark; returns the exit code."""
    there_are = {name: importlib.import_module(f"scripts.benchmarks.{name}") for name in names()}
    options = _parser(there_are).parse_args(arguments)
    module = there_are[options.what]
    if (code := environments.run_in(getattr(module, "ENVIRONMENT", "unit"), __file__, arguments)) is not None:
        return code
    figures = module.measure(options)
    for name, meaning in module.EXPLAINED.items():
        if (value := _figure(figures, name)) is not None:
            print(f"{_shown(value):>12} {name:28} {meaning}")
    if options.json:
        print(json.dumps(figures))
    wrong: list[str] = module.wrong(figures) if hasattr(module, "wrong") else []
    for what in wrong:
        print(what, file=sys.stderr)
    return 1 if wrong else 0


def names() -> list[str]:
    """The benchmarks there are; what begins with an underscore is shared by several."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def _parser(there_are: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choices = parser.add_subparsers(dest="what", metavar="NAME", required=True)
    for name, module in there_are.items():
        about = (module.__doc__ or "").strip().splitlines()[0]
        choice = choices.add_parser(name, help=about, description=about)
        choice.add_argument("--json", action="store_true", help="print the figures as one JSON object in the last line")
        module.arguments(choice)
    return parser


def _figure(figures: dict[str, Any], name: str) -> Any:
    """A figure by its name, ``a.b`` for one within another; None where it, or the other, was not to be taken."""
    value: Any = figures
    for part in name.split("."):
        value = None if value is None else value.get(part)
    return value


def _shown(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
