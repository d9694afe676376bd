"""What commands about one job do, and what they refuse, whatever state it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural4d_blender.engine.errors import AnswerLost, KeyRejected, PreparerFailed, ServiceUnreachable
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.process import job_commands
from neural4d_blender.engine.services.results import Balance, Cutout, Outcome, Poll, Submission, Trace
from tests.support.engine_in_thread import Desk
from tests.support.one_thread import PICTURES, TEXT, done, waits


def generating(desk: Desk, job: str = "1", **request: object) -> None:
    """A job that the service does not finish."""
    desk.service.polls[0] = waits(0.1)
    desk.submit(job, **request)
    desk.until(lambda: desk.jobs[job]["state"] == "generating")


def ready(desk: Desk, job: str = "1", **request: object) -> None:
    desk.submit(job, **request)
    desk.rest()
    assert desk.jobs[job]["state"] == "ready"


def refused(desk: Desk, do: str, **values: object) -> str:
    return str((desk.ask(do, **values)["error"] or {}).get("code"))


def test_a_job_is_taken_in_once(desk: Desk) -> None:
    for _ in range(3):
        assert desk.submit("1")["error"] is None
        desk.rest()
    assert (desk.service.bought, desk.states()) == ([TEXT], ["ready"])


def test_what_cannot_work_is_not_taken_in(desk: Desk) -> None:
    assert desk.submit("1", variants=9)["error"]["code"] == "InvalidInput"
    assert desk.submit("2", prompt="")["error"]["code"] == "InvalidInput"
    assert desk.ask("submit", job="3", provider="nobody", request={"prompt": "x"})["error"] is not None
    assert desk.engine.journal.newest() == []


@pytest.mark.parametrize(
    "do",
    [
        *("cancel", "retry", "choose", "prepare", "save", "placed", "retarget", "dismiss", "asset", "delete"),
        "prepared",
    ],
)
def test_of_a_job_that_is_not_there(desk: Desk, do: str) -> None:
    values = {"variant": 0, "cutout": 0, "format": "GLB", "folder": "/x", "size_mm": None, "facts": {}, "target": {}}
    assert refused(desk, do, job="nowhere", **values) == "JobNotFound"


def test_a_command_that_nobody_knows(desk: Desk) -> None:
    assert refused(desk, "dance") == "InvalidInput"


def test_who_does_not_ask_for_an_answer_is_told_of_trouble_alone(desk: Desk) -> None:
    before = len(desk.told)
    desk.engine.commands.obey({"do": "list"})
    assert [event for event in desk.told[before:] if event["event"] == "answer"] == []
    desk.engine.commands.obey({"do": "dance", "job": "x"})
    (answer,) = (event for event in desk.told[before:] if event["event"] == "answer")
    assert (answer["tag"], answer["job"], answer["error"]["code"]) == (None, "x", "InvalidInput")


# Cancel and Retry


def test_cancelled_before_it_is_sent(desk: Desk) -> None:
    desk.service.charges = False
    desk.service.answers.extend([ServiceUnreachable("Down.")] * 99)
    desk.submit("1")
    desk.turn()
    assert desk.ask("cancel", job="1")["error"] is None
    desk.rest()
    assert (desk.states(), desk.jobs["1"]["note"]) == (["cancelled"], "Nothing was paid.")
    desk.service.answers.clear()
    desk.service.charges = True
    desk.ask("retry", job="1")
    desk.rest()
    assert (desk.states(), desk.service.bought) == (["ready"], [TEXT])


def test_cancelled_while_it_is_made(desk: Desk) -> None:
    generating(desk)
    desk.ask("cancel", job="1")
    desk.rest()
    assert desk.states() == ["cancelled"]
    assert "paid" in desk.jobs["1"]["note"]
    desk.service.polls[0] = done("x")
    desk.ask("retry", job="1")
    desk.rest()
    assert (desk.states(), desk.service.bought) == (["ready"], [TEXT])


@pytest.mark.parametrize("again", [False, True])
def test_cancelled_in_doubt(desk: Desk, again: bool) -> None:
    desk.service.answers.append(AnswerLost("Gone."))
    desk.submit("1")
    desk.until(lambda: desk.jobs["1"]["state"] == "unknown")
    desk.ask("cancel", job="1")
    desk.rest()
    assert desk.states() == ["cancelled"]
    assert desk.jobs["1"]["in_doubt"]
    after = desk.again() if again else desk
    after.service.traces.append(Trace(Submission(["there"])))
    after.ask("retry", job="1")
    after.rest()
    assert (after.states(), after.service.bought, len(after.service.submitted)) == (["ready"], [TEXT], 1)
    after.close()


def test_a_cancelled_job_stays_so_after_a_restart(desk: Desk) -> None:
    generating(desk)
    desk.ask("cancel", job="1")
    desk.rest()
    later = desk.again()
    later.rest()
    assert later.written("1").state is State.CANCELLED
    assert later.service.asked.count("submit") == 1
    later.close()


def test_cancel_of_what_is_over_does_nothing(desk: Desk) -> None:
    ready(desk)
    desk.ask("cancel", job="1")
    desk.rest()
    assert desk.states() == ["ready"]


def test_retry_of_what_is_well_is_refused(desk: Desk) -> None:
    generating(desk)
    assert refused(desk, "retry", job="1") == "InvalidInput"
    assert desk.service.bought == [TEXT]


def test_retry_brings_a_dismissed_job_back(desk: Desk) -> None:
    generating(desk)
    desk.ask("cancel", job="1")
    desk.rest()
    desk.ask("dismiss", job="1")
    assert desk.jobs["1"]["dismissed"]
    desk.service.polls[0] = done("x")
    desk.ask("retry", job="1")
    desk.rest()
    assert not desk.written("1").dismissed


# Choosing


def test_choosing_a_picture(desk: Desk) -> None:
    desk.service.choices.append([Cutout("a", "https://x/a.png"), Cutout("b", "https://x/b.png")])
    desk.submit("1", picture_first=True, choose_cutout=True)
    desk.rest()
    assert desk.states() == ["choosing_cutout"]
    for number in (-1, 2):
        assert refused(desk, "choose", job="1", cutout=number) == "InvalidInput"
    assert refused(desk, "delete", job="1") == "InvalidInput"
    assert desk.ask("choose", job="1", cutout=1)["error"] is None
    desk.rest()
    assert (desk.states(), desk.jobs["1"]["cutout"], desk.service.bought) == (["ready"], 1, [PICTURES, TEXT])
    assert refused(desk, "choose", job="1", cutout=0) == "InvalidInput"


def test_a_choice_can_wait_over_restarts(desk: Desk) -> None:
    desk.service.choices.append([Cutout("a", "https://x/a.png"), Cutout("b", "https://x/b.png")])
    desk.submit("1", picture_first=True, choose_cutout=True)
    desk.rest()
    later = desk.again()
    later.rest()
    later.ask("choose", job="1", cutout=0)
    later.rest()
    assert (later.states(), later.service.bought) == (["ready"], [PICTURES, TEXT])
    later.close()


# Files, variants, places


def test_files_to_keep(desk: Desk) -> None:
    ready(desk, variants=2)
    folder = str(desk.folder / "kept")
    values = {"job": "1", "folder": folder, "size_mm": None}
    assert refused(desk, "save", variant=0, format="DOCX", **values) == "UnsupportedFeature"
    assert refused(desk, "save", variant=7, format="GLB", **values) == "InvalidInput"
    answer = desk.ask("save", variant=1, format="GLB", save="mine", **values)
    assert answer["save"] == "mine"
    desk.rest()
    (save,) = desk.jobs["1"]["saves"]
    assert (save["id"], save["state"], Path(save["path"]).name) == ("mine", "saved", "a bird v2.glb")


def test_another_variant(desk: Desk) -> None:
    ready(desk, variants=2)
    assert refused(desk, "prepare", job="1", variant=5) == "InvalidInput"
    desk.ask("dismiss", job="1")
    assert desk.ask("prepare", job="1", variant=1)["error"] is None
    desk.rest()
    assert [one["state"] for one in desk.jobs["1"]["variants"]] == ["prepared", "prepared"]
    assert (desk.jobs["1"]["chosen"], desk.jobs["1"]["dismissed"]) == (1, False)
    assert desk.ask("prepare", job="1", variant=None)["error"] is None


def test_a_model_that_is_not_there_yet_cannot_be_prepared(desk: Desk) -> None:
    desk.service.charges = False
    desk.service.answers.append(KeyRejected("Wrong."))
    desk.submit("1")
    desk.rest()
    assert refused(desk, "prepare", job="1", variant=0) == "InvalidInput"
    assert refused(desk, "asset", job="1", folder="/library", variant=0) == "InvalidInput"


def test_where_it_was_placed(desk: Desk) -> None:
    ready(desk, variants=2)
    desk.ask("placed", job="1", variant=0, target={"scene": "A"})
    assert (desk.states(), desk.jobs["1"]["placed"], desk.jobs["1"]["target"]) == (["placed"], [0], {"scene": "A"})
    desk.ask("placed", job="1", variant=1)
    desk.ask("placed", job="1", variant=1)
    assert (desk.jobs["1"]["placed"], desk.jobs["1"]["target"]) == ([0, 1], {"scene": "A"})
    assert desk.written("1").delivery.placed == [0, 1]


def test_where_it_is_to_go_now(desk: Desk) -> None:
    generating(desk)
    desk.ask("retarget", job="1", target={"scene": "B"})
    assert desk.written("1").target == {"scene": "B"}
    assert desk.written("1").state is State.GENERATING


def test_a_model_that_a_file_has_lost_is_ready_again(desk: Desk) -> None:
    ready(desk)
    desk.ask("placed", job="1", variant=0, target={"scene": "A"})
    desk.ask("dismiss", job="1")
    desk.ask("retarget", job="1", target={"scene": "B"}, lost=True)
    desk.rest()
    job = desk.written("1")
    assert (job.state, job.delivery.placed, job.target, job.dismissed) == (State.READY, [], {"scene": "B"}, False)


def test_not_while_the_blender_that_placed_it_is_there(desk: Desk) -> None:
    ready(desk)
    desk.ask("placed", job="1", variant=0, target={"scene": "A"})
    other = Desk(desk.folder, desk)
    assert refused(other, "retarget", job="1", target={}, lost=True) == "InvalidInput"
    assert other.written("1").delivery.placed == [0]
    other.close()


def test_a_host_that_prepares_what_it_was_not_asked_for_is_not_believed(desk: Desk) -> None:
    generating(desk)
    desk.ask("prepared", job="1", variant=0, facts={"ok": True})
    assert desk.jobs["1"]["state"] == "generating"


# Deleting


def test_a_job_that_is_over_can_be_deleted_for_good(desk: Desk) -> None:
    ready(desk)
    folder = Path(desk.jobs["1"]["folder"])
    assert folder.is_dir()
    assert desk.ask("delete", job="1")["freed"] > 0
    assert not folder.exists()
    assert desk.engine.journal.get("1") is None
    assert refused(desk, "retry", job="1") == "JobNotFound"
    assert desk.ask("history")["total"] == 0
    (month,) = desk.ask("totals")["totals"]
    assert (month["points"], month["jobs"], month["bytes"]) == (TEXT, 1, 0), "what it cost was spent"
    later = desk.again()
    later.rest()
    assert (later.jobs, later.engine.journal.newest()) == ({}, [])
    later.close()


def test_what_is_under_way_cannot(desk: Desk) -> None:
    generating(desk)
    assert refused(desk, "delete", job="1") == "InvalidInput"
    assert desk.written("1").state is State.GENERATING


# What is told


def test_the_list_and_one_of_it(desk: Desk) -> None:
    ready(desk)
    generating(desk, "2")
    assert [one["id"] for one in desk.ask("list")["jobs"]] == ["2", "1"]
    assert [one["id"] for one in desk.ask("list", limit=1)["jobs"]] == ["2"]
    assert [one["id"] for one in desk.ask("find", job="1")["jobs"]] == ["1"]
    assert desk.ask("find", job="9")["jobs"] == []
    other = Desk(desk.folder, desk)
    assert [one["id"] for one in other.ask("list")["jobs"]] == ["1"], "what another window works on is not shown"
    assert other.ask("find", job="2")["jobs"] == []
    other.close()


def test_the_next_engine_tells_what_changed_since_the_host_last_heard(desk: Desk) -> None:
    ready(desk)
    ready(desk, "2")
    known = {"1": desk.jobs["1"]["revision"], "2": desk.jobs["2"]["revision"] - 1, "gone": 3}
    later = desk.again(adopt=False)
    answer = later.ask("follow", jobs=known)
    assert ([one["id"] for one in answer["jobs"]], answer["gone"]) == (["2"], ["gone"])
    later.close()


def test_an_engine_that_is_to_adopt_nothing_takes_up_what_is_followed(desk: Desk) -> None:
    generating(desk)
    generating(desk, "2")
    later = desk.again(adopt=False)
    later.service.polls[0] = done("x")
    later.rest()
    assert later.written("1").state is State.GENERATING
    later.ask("follow", jobs={"1": 1})
    later.rest()
    assert (later.written("1").state, later.written("2").state) == (State.READY, State.GENERATING)
    later.close()


@pytest.mark.parametrize("do", ["balance", "test_key"])
def test_the_balance(desk: Desk, do: str) -> None:
    assert desk.ask(do, provider="neural4d")["balance"]["total"] == 1000
    told = [event for event in desk.told if event["event"] == "balance"]
    assert (told[-1]["balance"]["total"], told[-1]["provider"]) == (1000, "neural4d")


@pytest.mark.parametrize(
    ("error", "asked"), [(ServiceUnreachable("Down."), 3), (KeyRejected("Wrong."), 1)], ids=["passing", "refused"]
)
def test_a_balance_that_cannot_be_had(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, asked: int
) -> None:
    calls: list[int] = []

    def fail() -> Balance:
        calls.append(1)
        raise error

    monkeypatch.setattr(desk.service, "balance", fail)
    monkeypatch.setattr(desk.clock, "wait", lambda *_: False)
    assert refused(desk, "balance", provider="neural4d") == type(error).__name__
    assert len(calls) == asked


def test_prices_are_told_when_one_was_learned(desk: Desk) -> None:
    ready(desk)
    told = [event for event in desk.told if event["event"] == "prices"]
    assert (told[-1]["prices"], told[-1]["spent"]) == ({"neural4d:text": TEXT}, {"neural4d": TEXT})


def test_how_much_the_folder_takes_is_told_when_a_job_is_over(desk: Desk) -> None:
    ready(desk)
    told = [event["bytes"] for event in desk.told if event["event"] == "usage"]
    assert told[-1] > 0


def test_a_job_that_failed_is_at_rest_and_told(desk: Desk) -> None:
    desk.service.polls[0] = Poll(Outcome.FAILED, message="No.")
    desk.submit("1")
    desk.rest()
    assert (desk.states(), desk.jobs["1"]["retry_pays"], desk.engine.jobs.by_id) == (["failed"], True, {})


def test_how_long_it_usually_takes_is_learned(desk: Desk) -> None:
    desk.service.polls.clear()
    desk.service.polls.extend([waits(0.5), done("x")])
    ready(desk)
    took = desk.written("1").seconds["generating"]
    desk.submit("2")
    assert desk.jobs["2"]["typical"] == pytest.approx(took)


def test_the_host_says_whether_it_can_import(desk: Desk) -> None:
    services = {"neural4d": {"url": "https://127.0.0.1", "key": "k"}}
    for imports in (True, False):
        desk.ask("configure", preparer=["x"], services=services, online=True, imports=imports)
        assert desk.engine.context.host_imports is imports
        assert desk.engine.context.preparers.argv == ["x"]


def test_an_engine_that_is_told_to_adopt_does_so_then(desk: Desk) -> None:
    generating(desk)
    later = desk.again(adopt=False)
    later.service.polls[0] = done("x")
    later.rest()
    assert later.written("1").state is State.GENERATING
    services = {"neural4d": {"url": "https://127.0.0.1", "key": "k"}}
    later.ask("configure", preparer=["x"], services=services, online=True, adopt=True)
    later.rest()
    assert later.written("1").state is State.READY
    later.close()


@pytest.mark.parametrize("do", ["list", "batch", "continue_batch"])
def test_what_asks_for_all_jobs_takes_up_those_that_were_left_meanwhile(desk: Desk, do: str) -> None:
    """The other Blender ended after this one was started."""
    desk.service.polls[0] = waits(0.1)
    desk.batch(1)
    desk.until(lambda: desk.states() == ["generating"])
    other = Desk(desk.folder, desk)
    other.rest()
    assert other.jobs == {}
    desk.close()
    other.service.polls[0] = done("x")
    other.ask(do, batch="b")
    other.rest()
    assert other.written("b0").state is State.READY
    assert other.service.bought == [TEXT]
    other.close()


def test_an_asset_that_cannot_be_written_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise PreparerFailed("It hung.")

    ready(desk)
    monkeypatch.setattr(job_commands, "write_asset", fail)
    assert refused(desk, "asset", job="1", folder="/library", variant=0) == "PreparerFailed"
    monkeypatch.setattr(job_commands, "write_asset", lambda *_, **__: Path("/library/a.blend"))
    assert desk.ask("asset", job="1", folder="/library", variant=0)["path"] == "/library/a.blend"
    assert refused(desk, "asset", job="1", folder="/library", variant=3) == "InvalidInput"


def test_a_save_that_is_asked_for_is_made_though_the_job_is_cancelled_too_late(desk: Desk) -> None:
    ready(desk)
    desk.ask("save", job="1", variant=0, format="GLB", folder=str(desk.folder / "kept"), size_mm=None)
    desk.ask("cancel", job="1")
    desk.rest()
    assert (desk.states(), desk.jobs["1"]["saves"][0]["state"]) == (["ready"], "saved")
