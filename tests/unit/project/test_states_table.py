"""CONTRIBUTING.md's table of a job's states is the one that the engine goes by."""

from __future__ import annotations

from pathlib import Path

from neural4d_blender.engine.model.states import LIFE, State

CONTRIBUTING = Path(__file__).resolve().parents[3] / "CONTRIBUTING.md"
HEAD = "| state | in the journal before anything of it leaves the process | free to cancel | may be followed by |\n"


def row(state: State) -> str:
    journaled, free, followers = LIFE[state]
    names = ", ".join(f"`{follower}`" for follower in State if follower in followers)
    return f"| `{state}` | {journaled} | {'yes' if free else ''} | {names} |".replace("|  |", "| |")


def test_the_table_is_that_of_the_code() -> None:
    _, head, after = CONTRIBUTING.read_text(encoding="utf-8").partition(HEAD)
    assert head, "the table is not there, or has another head"
    written = after.partition("\n\n")[0]
    assert written == "\n".join(["| --- | --- | --- | --- |", *map(row, State)])
