"""The policy's file as the documentation has it, and allowances by the clock that the engine is given."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import AllowanceUsedUp, PolicyUnusable
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import WaitsFor
from neural4d_blender.engine.policy import points_allowance, policy_file
from neural4d_blender.engine.policy.policy import Policy
from neural4d_blender.engine.spending import spending_limits
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import System
from scripts.simulator.launcher import ROOT


class Calendar(Clock):
    """A clock that stands at a day of 2031."""

    at = "2031-05-30 23:50"

    def now(self) -> float:
        return time.mktime(time.strptime(self.at, "%Y-%m-%d %H:%M"))


#: A path that is absolute on this system.
ROOT_FOLDER = Path(ROOT.anchor)


def example() -> str:
    """As it would stand on this system: on Windows its folders are on a drive."""
    (found,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/policy.md").read_text("utf-8"), re.DOTALL)
    return str(found).replace('"/srv', f'"{(ROOT_FOLDER / "srv").as_posix()}')


def policy(folder: Path, text: str) -> Policy:
    (folder / policy_file.NAME).write_text(text, encoding="utf-8")
    return Policy.at(folder / "data")


def test_the_documented_example_is_kept_to(tmp_path: Path) -> None:
    read = policy(tmp_path, example())
    assert (read.path, read.services) == (tmp_path / policy_file.NAME, {"neural4d", "csm"})
    assert read.apply("neural4d", Request("a bird")).prompt == "a bird low poly, one colour"
    assert read.apply("neural4d", read.apply("neural4d", Request("a bird"))).prompt.count("low poly") == 1
    job = Job("1", "csm", {}, user="jo", project="birds", agent="claude-desktop")
    held = {(one.span, one.points, one.column, one.name) for one in points_allowance.allowances(read, job, {"day": 0})}
    assert held == {
        *(("job", 100, "", ""), ("day", 500, "", ""), ("month", 5000, "", "")),
        *(("day", 200, "user", "jo"), ("month", 1000, "project", "birds"), ("day", 50, "provider", "csm")),
        *(("day", 100, "agent", "claude-desktop"), ("job", 60, "agent", "claude-desktop")),
    }
    assert read.folders == (ROOT_FOLDER / "srv" / "agents",)
    assert (read.panel[:6], read.sentence) == ("Ask Jo", "Not at this studio.")


def test_every_name_of_the_example_with_a_slip_of_the_pen_is_refused(tmp_path: Path) -> None:
    """A name of a user, a project or an agent can be any."""
    lines = example().splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("[points.", "#")) and not line.startswith("[points.service"):
            continue
        name = re.match(r"\[?\[?([\w.]+)", line)
        if name:
            odd = [*lines[:number], line.replace(name[1], f"{name[1]}s_", 1), *lines[number + 1 :]]
            with pytest.raises(PolicyUnusable, match=r"neural4d-policy\.toml cannot be used"):
                policy(tmp_path, "\n".join(odd))


@pytest.mark.parametrize("line", ["[folders]\naudit = 'srv'", "[folders]\nshared = '/srv'", "[agents]\nplace = 'now'"])
def test_what_is_not_kept_to_is_no_name_of_a_policy(tmp_path: Path, line: str) -> None:
    """Who writes it is told at once, and does not rely on it."""
    with pytest.raises(PolicyUnusable, match=r"knows no|takes"):
        policy(tmp_path, line)


def test_without_a_file_all_is_allowed_and_a_named_one_has_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Policy.at(tmp_path / "data") == Policy()
    assert points_allowance.allowances(Policy(), Job("1", "neural4d", {}, user="jo"), {"day": 0}) == []
    monkeypatch.setenv(policy_file.VARIABLE, str(tmp_path / "gone.toml"))
    with pytest.raises(PolicyUnusable, match=r"gone\.toml cannot be used: \w.* So nothing is sent"):
        Policy.at(tmp_path / "data")


@pytest.mark.parametrize("path", ["models", "C:models" if os.name == "nt" else "C:/models"])
def test_a_folder_that_is_none_of_this_system_is_told_as_that(tmp_path: Path, path: str) -> None:
    with pytest.raises(PolicyUnusable, match=r"absolute paths \(on Windows with the drive or the server\)"):
        policy(tmp_path, f"[folders]\nfiles = ['{path}']")


def test_allowances_of_the_environment_are_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_MONTH", "300")
    (one,) = points_allowance.allowances(Policy(), Job("1", "neural4d", {}), {})
    assert (one.span, one.points, one.column) == ("month", 300, "")
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_MONTH", "much")
    with pytest.raises(PolicyUnusable, match="whole number"):
        points_allowance.allowances(Policy(), Job("1", "neural4d", {}), {})


def test_a_new_day_and_a_new_month_begin_at_midnight_here(tmp_path: Path) -> None:
    calendar = Calendar()
    journal = Journal(tmp_path, System(clock=calendar))
    bird = Job("bird", "neural4d", {}, project="birds")
    bird.costs.book("text", 60)
    journal.save(bird)

    def fits(span: str, points: int, name: str = "") -> bool:
        own = points_allowance.Allowance(span, points, "project" if name else "", name)
        try:
            points_allowance.check(journal, Job("next", "neural4d", {}), [own], 60)
        except AllowanceUsedUp:
            return False
        return True

    assert (fits("day", 119), fits("day", 120), fits("month", 119)) == (False, True, False)
    assert fits("day", 60, "cars"), "others' points are others'"
    calendar.at = "2031-05-31 00:10"
    bird.costs.measured(30)
    journal.save(bird)
    assert journal.points_of("bird") == {"2031-05-30": 30}, "what was less is less on the day it was spent"
    assert (fits("day", 60), fits("month", 89), fits("month", 90)) == (True, False, True)
    calendar.at = "2031-05-29 10:00"  # the clock is set back
    assert (fits("day", 60), fits("month", 89)) == (True, False), "what was spent later in the month is spent"
    calendar.at = "2031-06-01 00:10"
    assert fits("month", 60)
    journal.close()


@pytest.mark.parametrize(("said", "goes_on"), [(None, True), (False, False), (True, True)])
def test_a_no_holds_where_the_allowance_covers_it_by_now(tmp_path: Path, *, said: bool | None, goes_on: bool) -> None:
    journal = Journal(tmp_path, System(clock=Calendar()))
    bird = Job("bird", "neural4d", Request("a bird").to_dict())
    bird.costs.asks = 60
    bird.stand_still(WaitsFor.APPROVAL, journal.clock.now() + 600, "It waits to be approved of.")
    journal.save(bird)
    if said is not None:
        journal.note_approval("bird", 60, said)
    try:
        spending_limits.reserve(journal, bird, None, 60, [points_allowance.Allowance("day", 100)])
    except AllowanceUsedUp:
        assert not goes_on
    else:
        assert goes_on
        assert bird.waits_for is WaitsFor.NOTHING
    journal.close()


def test_what_may_have_been_paid_counts_as_paid(tmp_path: Path) -> None:
    journal = Journal(tmp_path, System(clock=Calendar()))
    doubtful = Job("doubtful", "neural4d", {})
    doubtful.costs.reserved, doubtful.submission.in_doubt = 80, True
    journal.save(doubtful)
    with pytest.raises(AllowanceUsedUp, match="of which 80 are taken"):
        points_allowance.check(journal, Job("next", "neural4d", {}), [points_allowance.Allowance("day", 100)], 30)
    journal.close()
