"""The command line of the simulation; see scripts/simulate.py."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable
from pprint import pformat

from .. import planning
from ..plan import PARTS, Plan
from . import campaign


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python3 scripts/simulate.py",
        description="Lets the engine live through worlds that seeds decide, and holds what has to hold.",
    )
    parser.add_argument("--seeds", type=int, default=0, metavar="N", help="so many of them, from --from on")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED", help="the first one (%(default)s)")
    parser.add_argument("--hours", type=float, default=0.0, help="go on for so long")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--story", action="store_true", help="with --seed: tell it line by line")
    parser.add_argument("--shrink", action="store_true", help="with --seed: make it short first")
    parser.add_argument("--planted", nargs="*", metavar="NAME", help="find small changes to the engine (all, or these)")
    parser.add_argument("--with", default="", dest="plant", metavar="NAME", help="with --seed: with such a change")
    parser.add_argument("--lives", type=int, default=5000, help="with --planted: lives to find each in (%(default)s)")
    parser.add_argument("--jobs", type=int, help="processes (as many as there are processors)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON line at the end")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 where anything broke, or a planted fault was not found."""
    options = parse(arguments)
    if options.planted is not None:
        from . import planted

        return planted.search(options.planted, options.lives, options.jobs)
    if options.seed is not None:
        return _one(options)
    count = options.seeds or (0 if options.hours else 1000)
    seeds = range(options.first, options.first + count) if count else itertools.count(options.first)
    figures = campaign.report(campaign.many(seeds, options.jobs), hours=options.hours)
    if options.json:
        print(json.dumps(figures))
    return 1 if figures["broke"] else 0


def _one(options: argparse.Namespace) -> int:
    campaign._begin(options.plant)
    plan = planning.plan_of(options.seed)
    outcome = campaign.live(plan)
    if options.shrink and outcome.findings:
        plan = shrunk(plan, outcome.findings[0][0], print)
    told: list[str] = []
    outcome = campaign.live(plan, told.append)
    if options.story:
        describe(plan, print)
        print("\n".join(told))
    for rule, what in outcome.findings:
        print(f"{rule}: {what}")
    print("nothing broke" if not outcome.findings else "")
    return 1 if outcome.findings else 0


def shrunk(plan: Plan, rule: str, say: Callable[[str], None]) -> Plan:
    """The plan made short."""
    from .shrinking import shrink

    return shrink(plan, rule, say)


def describe(plan: Plan, say: Callable[[str], None]) -> None:
    """What is going to happen."""
    say(f"seed {plan.seed}: {plan.hosts} Blender(s), {plan.lasts:.0f} s, journal {plan.journal}")
    say(pformat(plan.settings, width=160, compact=True))
    for part in (part for name in PARTS for part in getattr(plan, name)):
        say(f"  {part}")
    for batch in plan.batches:
        say(f"  {batch}")
