"""Settles what a service's documents leave open: `python3 scripts/live_check.py --service NAME --max-points N`.

Asks what costs nothing first; then, within N points, for a model of a prompt and one of a picture, with the product's
own code. Leaves a folder with every request and answer (key, ids, addresses and prompt masked) and a summary, to be
attached to a report. The key comes from the service's environment variable, or is asked for; it is never an argument.
Exit codes: 0 all is as the documents and the stand-in have it, 1 something differs, 2 it could not be checked.
"""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to run the live check; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from neural4d_blender.engine import protocol
from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, ToolError

if TYPE_CHECKING:
    from scripts.simulator.launcher import Simulator

FITS, DIFFERS, IMPOSSIBLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up what is needed and check; returns the exit code."""
    options = _options(arguments)
    try:
        check_key_can_be_had(protocol.declaration(options.service))  # before anything is installed
        if not _has_schemas():
            python = environments.ensure_tool("schemas")
            command = [str(python), __file__, *(sys.argv[1:] if arguments is None else arguments)]
            return subprocess.run(command, cwd=ROOT, check=False).returncode
        return _check(options)
    except ToolError as problem:
        print(problem, file=sys.stderr)
        return IMPOSSIBLE


def _has_schemas() -> bool:
    try:
        import jsonschema
        import requests
    except ImportError:
        return False
    return bool(jsonschema and requests)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [service.id for service in protocol.declarations()]
    parser.add_argument("--service", required=True, choices=names, help="which one")
    parser.add_argument(
        "--max-points", type=_points, required=True, metavar="N", help="spend at most this; 0 for the free part alone"
    )
    parser.add_argument("--any-price", action="store_true", help="order also what no document names a price of")
    parser.add_argument("--url", default="", help="the service's address, where it is not the documented one")
    parser.add_argument(
        "--picture-url", default="", metavar="URL", help="a picture on the web, for a service of addresses"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: out/live-check-NAME-DATE")
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON object")
    return parser.parse_args(arguments)


def _points(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("a whole number of points, 0 or more")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    from scripts.livecheck import check

    service = protocol.declaration(options.service)
    url = options.url or os.environ.get(service.url_env, "").strip() or service.url
    now = dt.datetime.now(dt.UTC)
    out = options.out or ROOT / "out" / f"live-check-{service.id}-{now:%Y-%m-%d-%H%M%S}"
    key = read_key(service)
    stand_in, reason = _stand_in(service.id)
    order = check.Order(
        service=service.id,
        url=url,
        key=key,
        most=options.max_points,
        any_price=options.any_price,
        picture_url=options.picture_url,
        out=out.expanduser().resolve(),
        stand_in=stand_in,
        reason=reason,
    )
    found = check.check(order)
    print((order.out / ("summary.json" if options.json else "summary.md")).read_text(encoding="utf-8"))
    print(f"This, and every exchange, is in {order.out}.", file=sys.stderr)
    return DIFFERS if found.differences else FITS


def check_key_can_be_had(service: protocol.Declaration) -> None:
    """ToolError where there is no key in the environment, and nobody to ask."""
    if not os.environ.get(service.key_env, "").strip() and not sys.stdin.isatty():
        raise ToolError(f"This needs your key for {service.name}: set {service.key_env} in the environment.")


def read_key(service: protocol.Declaration) -> str:
    """The key of the environment, else the one that is typed.

    Raises:
        ToolError: there is none, and nobody to ask.
    """
    check_key_can_be_had(service)
    if key := os.environ.get(service.key_env, "").strip():
        return key
    try:
        key = getpass.getpass(f"Key for {service.name} (not shown): ").strip()
    except (EOFError, KeyboardInterrupt):
        key = ""
    if not key:
        raise ToolError("No key was given, so nothing was asked.")
    return key


def _stand_in(service: str) -> tuple[Callable[[str], Simulator] | None, str]:
    """What starts the stand-in of a generation; None, with a reason, where it cannot be set up."""
    from scripts.simulator.launcher import Simulator

    try:
        python = environments.ensure_tool("simulator")
    except ToolError as error:
        return None, f"the stand-in could not be set up ({str(error).splitlines()[0]})."
    return lambda generation: Simulator(python=python, generation=generation, job_seconds=0.3), ""


if __name__ == "__main__":
    sys.exit(main())
