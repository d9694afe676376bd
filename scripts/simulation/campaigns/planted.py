"""Small changes to the engine that lose or pay twice, or say what is not true: a simulation worth its time finds each.

A change is a piece of a function's source and what takes its place; where that source has changed so that the piece is
not there any more, planting says so.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..setting_up import PACKAGE
from . import campaign
from .campaign import Outcome


@dataclass(frozen=True)
class Change:
    """Args:
    where: module and function below the engine's package. old, new: pieces of its source.
    """

    where: str
    old: str
    new: str


def _function(where: str) -> tuple[Any, str, Callable[..., Any], Any]:
    """Who holds the function, by which name, itself, and its module."""
    parts = where.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            module = importlib.import_module(f"{PACKAGE}.engine.{'.'.join(parts[:end])}")
        except ModuleNotFoundError:
            continue
        holder: Any = module
        for name in parts[end:-1]:
            holder = getattr(holder, name)
        return holder, parts[-1], inspect.getattr_static(holder, parts[-1]), module
    raise LookupError(where)


def _source(where: str) -> str:
    found = _function(where)[2]
    function = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    return textwrap.dedent(inspect.getsource(function))


def _apply(change: Change) -> None:
    holder, name, found, module = _function(change.where)
    source = _source(change.where)
    if change.old not in source:
        raise LookupError(f"{change.where} has no {change.old!r} any more")
    made: dict[str, Any] = {}
    code = _changed(change, source)
    exec(code, module.__dict__, made)  # noqa: S102 (the engine's own source)
    _everywhere(found, made[name])
    setattr(holder, name, made[name])


def _changed(change: Change, source: str) -> CodeType:
    return compile(
        f"from __future__ import annotations\n{source.replace(change.old, change.new)}", change.where, "exec"
    )


def _everywhere(old: Any, new: Any) -> None:
    """Other modules have it by its name."""
    import sys

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(PACKAGE):
            for name, value in list(vars(module).items()):
                if value is old:
                    setattr(module, name, new)


@dataclass(frozen=True)
class _Value:
    """A module's constant becomes another one."""

    where: str
    name: str
    value: Callable[[Any], Any]

    @property
    def module(self) -> Any:
        """That has it."""
        return importlib.import_module(f"{PACKAGE}.engine.{self.where}")

    def __call__(self) -> None:
        setattr(self.module, self.name, self.value(getattr(self.module, self.name)))


def _with(name: str) -> Callable[[Any], Any]:
    """One more error of which is taken that nothing happened."""

    def act(kinds: tuple[type, ...]) -> tuple[type, ...]:
        errors = importlib.import_module(f"{PACKAGE}.engine.errors")
        return (*kinds, getattr(errors, name))

    return act


def _key_with_downloads() -> None:
    sessions: Any = importlib.import_module(f"{PACKAGE}.engine.http.sessions")
    download: Any = importlib.import_module(f"{PACKAGE}.engine.files.download")
    download._sessions = sessions.Sessions(sessions.HeaderAuth("Authorization", "simulator-token"))


def _impatient() -> None:
    transport: Any = importlib.import_module(f"{PACKAGE}.engine.http.transport")
    transport.Transport.__init__.__kwdefaults__["paid"] = 10.0


_PAY, _SPENDING = "steps.paid_requests.paid_request.pay", "spending.spending.Spending"
#: By name: what is changed.
PLANTED: dict[str, Change | tuple[Change, ...] | Callable[[], None]] = {
    "a submission is journaled after it was sent": Change(
        _PAY, "context.enter(job, State.SUBMITTING)", "job.enter(State.SUBMITTING, context.clock.now())"
    ),
    "the balance before is forgotten": Change(
        _PAY, "purchase.before,\n            paying_for,", "None,\n            paying_for,"
    ),
    "a read timeout is taken for nothing happened": Change(
        "http.transport.Transport._translate",
        'return AnswerLost(f"{where} took',
        'return ServiceUnreachable(f"{where} took',
    ),
    "a broken connection is taken for nothing happened": Change(
        "http.transport.Transport._translate",
        'return AnswerLost(f"The connection',
        'return ServiceUnreachable(f"The connection',
    ),
    "a lost answer is sent again": _Value("steps.paid_requests.paid_request", "REFUSALS", _with("AnswerLost")),
    "an error of the server is sent again": _Value(
        "steps.paid_requests.paid_request", "REFUSALS", _with("ServiceDown")
    ),
    "an odd answer is sent again": _Value("steps.paid_requests.paid_request", "REFUSALS", _with("UnexpectedAnswer")),
    "any 503 is taken for busy": Change("http.refusals.error_of", "(status == 503 and asks_to_wait)", "status == 503"),
    "408 and 409 are taken for a refusal": _Value("http.refusals", "_IN_DOUBT", lambda _: ()),
    "a variant is dropped on restart": Change(
        "model.job.Job.from_dict", 'data.get("variants", [])]', 'data.get("variants", [])[:1]]'
    ),
    "deleted jobs are revived": Change(
        "store.history.History.delete",
        "SET deleted = ?, data = ?, bytes",
        "SET month = month || substr(?, 1, 0) || substr(?, 1, 0), bytes",
    ),
    "running jobs of an earlier engine are not counted": Change(
        "process.scheduling.concurrency_limit.ConcurrencyLimit.may_go", "if job.at_service:", "if False:"
    ),
    "a job's cap is not looked at": Change("spending.spending_limits.reserve", "in_all > request.max_points", "False"),
    "a group's cap is not looked at": Change(
        "spending.spending_limits.reserve", "together > request.group_points", "False"
    ),
    "a budget is not looked at": Change("spending.spending_limits.reserve", "together > batch.budget", "False"),
    "a budget does not count what is held": Change(
        "model.job.Job.committed", "self.costs.reserved if doubtful or not over else 0", "0"
    ),
    "a conversion is booked twice": Change(
        "steps.delivery.conversions.ask_for_conversion", 'before == "asked"', "False"
    ),
    "jobs of a living engine are adopted": Change(
        "store.journal.Journal.is_alive",
        'return lock_file.is_held(self.folder / f"engine-{owner}.lock")',
        "return False",
    ),
    "a submission is not asked for after a restart": Change(
        "steps.submit.advance", "in (State.SUBMITTING, State.UNKNOWN)", "is State.UNKNOWN"
    ),
    "an unknown submission is sent after a restart": Change(
        "steps.submit.advance", "in (State.SUBMITTING, State.UNKNOWN)", "is State.SUBMITTING"
    ),
    "Retry does not ask where it is in doubt": Change(
        "steps.retry_and_choose.revive", "elif job.submission.in_doubt", "elif False"
    ),
    "Retry sends a paid job anew": Change("steps.retry_and_choose.revive", "if job.primary:", "if False:"),
    "Cancel in doubt says that nothing was paid": Change(
        "steps.retry_or_fail.cancel", "if job.submission.in_doubt", "if False"
    ),
    "Cancel says that nothing was paid for pictures": Change(
        "steps.retry_or_fail.cancel", "if not job.variants and not job.costs.free", "if False"
    ),
    "a failure says that nothing was paid": Change("steps.failure_texts.cost_in_words", "if job.costs.free", "if True"),
    "a refusal that was paid is not looked at": Change(
        "steps.paid_requests.paid_request._not_accepted", "if lost_answers.fell", "if False and lost_answers.fell"
    ),
    "before it is sent again nobody looks at the balance": Change(
        _PAY, "if sent.number and lost_answers.fell", "if False and lost_answers.fell"
    ),
    "any fall of the balance is a price": (
        Change("spending.measured_prices.Prices.is_ours", "if expected is None or fell <= expected", "if True"),
        Change(
            "spending.measured_prices.Prices.others_cost", "if self.others_pay(job) or job.costs.unsure", "if False"
        ),
    ),
    "purchases of one service overlap": (
        Change(f"{_SPENDING}.purchase", "with self.turns.take(service), buying(job):", "with buying(job):"),
        Change("store.purchases.Purchases.last_purchase", "AND job != ?", "AND job != ? AND 0"),
        Change("store.journal.Journal.others_in_doubt", "return any(", "return False and any("),
    ),
    "the balance is watched for a second": Change("steps.context.Timing.watch", "20 * self.look_again", "1.0"),
    "standing still is always proof": Change(
        "steps.paid_requests.lost_answers._not_taken", "certain = proof or", "certain = True or"
    ),
    "a balance that fell is not looked at": Change(
        "steps.paid_requests.lost_answers.look", "and balance != before", "and False"
    ),
    "a found job is not booked": Change(
        "steps.paid_requests.lost_answers._found",
        "expected = context.spending.book(provider, job, quote)",
        "expected = 0",
    ),
    "a stopped batch goes on": Change("process.batches.Batches.stop", "self._halted[record.id].set()", "pass"),
    "a stopped batch goes on after a restart": Change(
        "process.batches.Batches.halted", "if record and record.stopped", "if False"
    ),
    "Continue pays again": Change("process.batches.Batches._revived", "or job.retry_pays", ""),
    "nobody takes over": Change(
        "process.take_over.TakeOver.now", "if self.wanted or self.followed else []", "if False else []"
    ),
    "a job that is known is taken in again": Change(
        "process.commands.Commands._submit", "if known := ", "if False and "
    ),
    "a gzip answer counts as cut short": Change(
        "http.multipart.read", '"Content-Encoding" not in response.headers', "True"
    ),
    "an answer with a null id counts for nothing": Change(
        "services.neural4d.responses._ids", "return results.ids(", "return [] if None in listed else results.ids("
    ),
    "an outage fails paid jobs": Change("steps.retry_or_fail._patience", "return timing.outage\n", "return 0.0\n"),
    "polls follow each other at once": Change(
        "steps.poll_schedule.Pace.heard", "self.due = now + min(", "self.due = now + 0 * min("
    ),
    "a price of nothing is believed": Change(
        "spending.measured_prices.Prices.learn", "job.costs.measured(points)", "job.costs.measured(0)"
    ),
    "a further order is not journaled": Change(
        "steps.later_stages._order", "context.save(job)\n        except Journal", "pass\n        except Journal"
    ),
    "a further order in doubt is sent again": Change(
        "steps.later_stages.go_on", "if job.submission.in_doubt and not", "if False and not"
    ),
    "pictures are ordered again by Retry": Change(
        "steps.retry_and_choose.revive", "if job.ordered:", "job.choice.picture_ids = []\n        if job.ordered:"
    ),
    "the key goes along with downloads": _key_with_downloads,
    "answers to submissions are waited for ten seconds": _impatient,
    "what cost points may be tried again for nothing": Change(
        "model.job.Job.retry_pays", "return lost or (bool(ended) and not self.costs.free and not made)", "return False"
    ),
    "a job that fails is told nobody": Change(
        "steps.retry_or_fail.fail",
        "job.error = told\n    context.save(job)",
        "job.error = told\n    context.journal.save(job)",
    ),
    "an engine that ends tells the next one nothing": Change(
        "process.commands.Commands._follow", "job.revision != known[job.id]", "False"
    ),
    "a full disk sends all the same": Change(_PAY, "except JournalUnusable:", "except ZeroDivisionError:"),
    "a deleted job is sent again": Change("process.commands.Commands._submit", "if deleted :=", "if False and"),
    "what is acted on late is not seen": Change(
        "steps.paid_requests.lost_answers._refused", "sent.balance_before is None and", "False and"
    ),
    "a conversion on its way is told as not paid": Change(
        "model.job.Job.to_dict", " or bool(self.delivery.converting)", ""
    ),
    "what is brought in is said to have cost what it cost once": Change(
        "steps.brought_in.submission_of", '"points": 0, "estimated": False', '"points": 30, "estimated": False'
    ),
    "the price of another day is booked": Change(
        "steps.brought_in.poll", "return replace(found, points=None)", "return found"
    ),
    "what is brought in is sent": Change("steps.submit.advance", "if request.bring_in:", "if False:"),
    "what could not be written is forgotten": Change(
        "steps.next_step.step", "active.unwritten = True", "active.unwritten = False"
    ),
    "an allowance is counted outside of its transaction": Change(
        "spending.spending_limits.reserve", "with journal.transaction():", "if True:"
    ),
    "an allowance does not count what is held": Change(
        "store.schema_migrations.put", "job.committed, at)", "job.costs.total or 0, at)"
    ),
    "an allowance of a month ends today": Change("policy.points_allowance.check", 'f"{today[:8]}31"', "today"),
    "what the user allows agents is not looked at": Change(
        "policy.points_allowance._all", "in of_agents.items()", "in {}.items()"
    ),
    "points for a job are not looked at": Change(
        "policy.points_allowance.check", "together > one.points", 'one.span != "job" and together > one.points'
    ),
    "what waits to be approved of is sent by the next engine": Change(
        "process.take_over.TakeOver.now",
        "self._jobs.wake(",
        "job.costs.asks and self._context.journal.note_approval(job.id, job.costs.asks, True); self._jobs.wake(",
    ),
    "an approval is good for any price": Change(
        "spending.spending_limits._check_allowances", "not approved or points < in_all", "not approved"
    ),
    "any answer is an approval": Change(
        "process.job_commands.JobCommands._answer", "job.id, asks, approved)", "job.id, asks, True)"
    ),
    "a no is forgotten where the allowance covers it by now": Change(
        "spending.spending_limits._check_allowances", "if approved is False and", "if False and"
    ),
    "an agent's job needs no quote": Change("process.redeem_quotes.redeem", "if not paid:", "if True:"),
    "a quote is used twice": Change("store.quotes_table.use", "if row[5]:", "if False:"),
    "a quote that is over is taken": Change("store.quotes_table.use", "if not row[3] <= now <= row[4]:", "if False:"),
    "a quote is good for any request": Change(
        "store.quotes_table.use", "row[:2] != (agent, identity)", "row[0] != agent"
    ),
    "a quote is used up by a job that is not there": Change(
        "process.commands.Commands._submit", "with self.context.journal.transaction():", "if True:"
    ),
    "a job may cost more than its quote says": Change(
        "process.redeem_quotes.redeem", 'job.request["max_points"] = most if own is None else min(own, most)', "pass"
    ),
}


def plant(name: str) -> None:
    """Change the engine of this process.

    Raises:
        LookupError: there is no such change, or what it changes is not there any more.
    """
    change = PLANTED[name]
    if callable(change):
        change()
        return
    for one in (change,) if isinstance(change, Change) else change:
        _apply(one)


def _is_there(change: Change) -> bool:
    """In the module that defines it: in another one it would find other names."""
    try:
        _, _, found, module = _function(change.where)
        function = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
        source = _source(change.where)
        _changed(change, source)
        return change.old in source and function.__module__ == module.__name__
    except (LookupError, AttributeError, SyntaxError):
        return False


def missing() -> list[str]:
    """The changes whose piece of source is not there any more."""
    gone = []
    for name, change in PLANTED.items():
        if isinstance(change, _Value):
            there = hasattr(change.module, change.name)
        else:
            changes = () if callable(change) else (change,) if isinstance(change, Change) else change
            there = all(_is_there(one) for one in changes)
        gone += [] if there else [name]
    return gone


def _new(outcome: Outcome) -> tuple[str, str] | None:
    """What is found that the engine as it is does not do with this seed."""
    (before,) = campaign.many([outcome.seed], 1)
    known = {rule for rule, _ in before.findings}
    return next(((rule, what) for rule, what in outcome.findings if rule not in known), None)


def search(names: Sequence[str], lives: int, jobs: int | None = None, say: Callable[[str], None] = print) -> int:
    """Look for each within so many lives, and print the seed that finds it; 1 where one is not found."""
    missed = []
    for name in names or PLANTED:
        begun, lived, found = time.monotonic(), 0, ""
        for outcome in campaign.many(range(1, lives), jobs, plant=name):
            lived += outcome.lives
            if outcome.findings and (new := _new(outcome)):
                found = f"seed {outcome.seed} ({new[0]}: {new[1][:90]})"
            if found or lived >= lives:
                break
        say(f"{name:55} {found or 'NOT FOUND'} after {lived} lives, {time.monotonic() - begun:.0f} s")
        missed += [] if found else [name]
    say(f"{len(names or PLANTED) - len(missed)} of {len(names or PLANTED)} found")
    return 1 if missed else 0
