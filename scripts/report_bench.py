"""Defects that were planted, and what the checks of the preparer find of them: `python3 scripts/report_bench.py`

Makes some hundreds of models, each kind of defect in several sizes and at several places, and sound ones; has the
preparer work on each, and prints for each check how many of the planted defects it found, and how often it cried wolf.
Then holds *watertight* against trimesh, on these models and on those of others where they lie beside the checkout.
Exits with 1 where less than 99 % are found, more than 1 % are false alarms, or the two disagree for no known reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import shared

if TYPE_CHECKING:
    from scripts.planted_defects.trial import Outcome

_FOUND, _FALSE = 0.99, 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them; returns the exit code."""
    options = _options(arguments)
    if (code := environments.run_in(f"scene({options.blender})", __file__, arguments)) is not None:
        return code
    from scripts.planted_defects import agreement
    from scripts.planted_defects.cases import cases

    chosen = [case for case in cases() if options.only in case.name]
    with tempfile.TemporaryDirectory(prefix="neural4d-report-") as folder:
        figures = _planted(chosen, Path(folder))
        if not options.only:
            figures |= agreement.compared(chosen[:: options.every], options.shared, Path(folder))
    if options.json:
        print(json.dumps(figures))
    wrong = figures["found"] < _FOUND or figures["false_alarms"] > _FALSE or figures.get("unexplained", 0)
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    newest = list(environments.BPY)[-1]
    parser.add_argument("--blender", choices=list(environments.BPY), default=newest, help=f"(default: {newest})")
    parser.add_argument("--only", default="", metavar="TEXT", help="models with this in their name, without trimesh")
    parser.add_argument("--every", type=int, default=1, help="hold each so manieth against trimesh (default: all)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object in the last line")
    parser.add_argument("--shared", type=Path, default=shared(), help="models of others (default: %(default)s)")
    return parser.parse_args(arguments)


def _planted(chosen: Iterable[Any], folder: Path) -> dict[str, Any]:
    from scripts.planted_defects.trial import tried

    outcomes = []
    for case in chosen:
        outcome = tried(case, folder)
        outcomes.append(outcome)
        for what, names in (("missed", outcome.missed), ("false alarm", outcome.false)):
            for name in sorted(names):
                print(f"{what}: {name} ({_value(outcome, name)}): {case.name}", file=sys.stderr, flush=True)
    return _told(outcomes)


def _value(outcome: Outcome, name: str) -> object:
    finding = outcome.report.finding(name)
    return finding and finding.value


def _told(outcomes: list[Outcome]) -> dict[str, Any]:
    """Print the table, and return its sums."""
    found, missed, false, asked = (Counter[str]() for _ in range(4))
    for outcome in outcomes:
        found.update(outcome.found)
        missed.update(outcome.missed)
        false.update(outcome.false)
        asked.update({one.name for one in outcome.report.findings} - outcome.case.expected - outcome.case.allowed)
    print(f"{'check':24}{'planted':>9}{'found':>9}{'missed':>9}{'without':>9}{'false alarms':>14}")
    for finding in outcomes[0].report.findings:
        if finding.threshold is not None:
            name = finding.name
            planted = found[name] + missed[name]
            print(f"{name:24}{planted:9}{found[name]:9}{missed[name]:9}{asked[name]:9}{false[name]:14}")
    planted, clean = found.total() + missed.total(), sum(asked.values())
    figures = {
        "models": len(outcomes),
        "sound": sum(outcome.case.kind == "sound" for outcome in outcomes),
        "planted": planted,
        "found": round(found.total() / planted, 5) if planted else 1.0,
        "false_alarms": round(false.total() / clean, 5),
        "models_with_false_alarms": sum(bool(outcome.false) for outcome in outcomes),
    }
    print(
        f"{figures['models']} models, {figures['sound']} of them sound: {100 * figures['found']:.2f} % of {planted} "
        f"defects found, {100 * figures['false_alarms']:.3f} % of {clean} are false alarms "
        f"(in {figures['models_with_false_alarms']} models)"
    )
    return figures


if __name__ == "__main__":
    sys.exit(main())
