"""What a long past costs: pages, searches and totals of 10,000 jobs, and drawing the History panel, beside 100 jobs."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FEW = 100
EXPLAINED = {
    "list_ms": "the newest page, in the engine: median",
    "last_page_ms": "the oldest page",
    "filter_ms": "the newest page of those that fit words, a service and a state",
    "word_ms": "of those with one word of a sixth of them",
    "common_ms": "of those with a word that all of them have",
    "failed_ms": "of those with that word that failed",
    "many_ms": "with three such words, a letter among them, and a state that most have",
    "nothing_ms": "a word that is in none of them",
    "month_ms": "the newest page of the last 30 days",
    "letters_ms": "two letters of a word that is in none of them",
    "totals_ms": "points by month and service",
    "draw_ms": "drawing the History panel, our own code: median",
    "draw_max_ms": "drawing it: the slowest",
    "take_max_ms": "taking an answer of the engine in, on Blender's main thread: the slowest",
    "list_ratio": "the newest page, as a multiple of the same with 100 jobs",
    "draw_ratio": "drawing the panel, as a multiple of the same with 100 jobs",
    "jobs": "jobs in the journal",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs in the journal (default 10000)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds; needs a Blender with a window."""
    from scripts.benchmarks import _past
    from tests.gui.harness import run_scenario

    with tempfile.TemporaryDirectory(prefix="neural4d-history-") as scratch:
        folders = {str(count): str(Path(scratch) / str(count)) for count in (_FEW, options.jobs)}
        for count, folder in folders.items():
            _past.write(Path(folder), int(count))
        few, many = (_engine(Path(folder)) for folder in folders.values())
        shown = run_scenario("bench_history", arguments={"folders": folders}, timeout=120, size=(1000, 900))
    draw, drawn = (shown[count]["draw"]["p50_ms"] for count in folders)
    return {
        **many,
        "draw_ms": drawn,
        "draw_max_ms": shown[str(options.jobs)]["draw"]["max_ms"],
        "take_max_ms": shown[str(options.jobs)]["take"]["max_ms"],
        "list_ratio": many["list_ms"] / few["list_ms"],
        "draw_ratio": drawn / draw,
        "jobs": options.jobs,
    }


def _engine(folder: Path) -> dict[str, float]:
    from neural4d_blender.engine.store.history import History
    from neural4d_blender.engine.store.journal import Journal

    journal = Journal(folder)
    history = History(journal)
    last = max(0, history.search(limit=0)[1] - 6)
    asked: dict[str, Callable[[], object]] = {
        "list_ms": lambda: history.search(limit=6),
        "last_page_ms": lambda: history.search(limit=6, offset=last),
        "filter_ms": lambda: history.search("wooden bird", "neural4d", ["placed"], limit=6),
        "word_ms": lambda: history.search("bird", limit=6),
        "common_ms": lambda: history.search("neutral", limit=6),
        "failed_ms": lambda: history.search("neutral", states=["failed"], limit=6),
        "many_ms": lambda: history.search("neutral single a", states=["placed"], limit=6),
        "nothing_ms": lambda: history.search("unheard of", limit=6),
        "month_ms": lambda: history.search(since=time.time() - 30 * 86400, limit=6),
        "letters_ms": lambda: history.search("zq", limit=6),
        "totals_ms": history.totals,
    }
    figures = {name: _median_ms(ask) for name, ask in asked.items()}
    journal.close()
    return figures


def _median_ms(act: Callable[[], object], times: int = 25) -> float:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)
