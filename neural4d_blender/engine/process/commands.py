"""What the engine does on each command of the host. Runs on the engine's main thread."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..blenders.asset_library import write_asset
from ..errors import InvalidInput, JobNotFound, Neural4DError, TransportError, UnsupportedFeature
from ..files.download import Stopped
from ..http.transport import backoff
from ..model.declaration import Feature
from ..model.job import Job, Variant
from ..model.request import Request
from ..model.server_facts import Server
from ..model.states import FREE_TO_CANCEL, State, VariantState
from ..services import PROVIDERS
from ..steps import kept_files, submission
from ..steps.active_job import Live, Timing
from ..store.journal import taken_elsewhere

if TYPE_CHECKING:
    from .server import Engine

Message = dict[str, Any]


class Commands:
    """The commands of protocol.py, by name.

    Args:
        engine: what they act on.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def obey(self, message: Message) -> None:
        """Carry out a command and answer it; one for a job whose step is running waits for that."""
        do = {
            "configure": self._configure,
            "submit": self._submit,
            "submit_many": self.engine.batches.submit,
            "stop_batch": self.engine.batches.stop,
            "continue_batch": self.engine.batches.go_on,
            "batch": self.engine.batches.tell,
            "batches": self.engine.batches.newest,
            "cancel": self._cancel,
            "retry": self._retry,
            "choose": self._choose,
            "prepare": self._prepare,
            "save": self._save,
            "prepared": self._prepared,
            "placed": self._placed,
            "retarget": self._retarget,
            "dismiss": self._dismiss,
            "balance": self._balance,
            "test_key": self._balance,
            "list": self._list,
            "find": self._find,
            "asset": self._asset,
            "history": self._history,
            "totals": self._totals,
            "delete": self._delete,
        }.get(message.get("do", ""))
        if message.get("job") in self.engine.stepping:
            if message["do"] == "cancel":
                self.engine.live[message["job"]].cancelled.set()
            self.engine.waiting.setdefault(message["job"], []).append(message)
            return
        try:
            if do is None:
                raise InvalidInput(f"The engine knows no command {message.get('do')!r}.")
            answer = do(message)
        except Neural4DError as error:
            self._answer(message, error)
        else:
            if answer is not None:
                self._answer(message, **answer)

    def _answer(self, message: Message, error: Neural4DError | None = None, **values: Any) -> None:
        if "tag" in message or error is not None:
            told = error.to_dict() if error else None
            self.engine.send(
                {"event": "answer", "tag": message.get("tag"), "job": message.get("job"), "error": told, **values}
            )

    def _configure(self, message: Message) -> Message:
        first = not self.engine.services
        if message["services"] != self.engine.services:
            self.engine.services = message["services"]
            self.engine.providers = {}
        self.engine.online = bool(message["online"])
        self.engine.runner.preparers.argv = message["preparer"]
        self.engine.runner.host_imports = bool(message.get("imports"))
        for name, service in self.engine.services.items():
            if name in PROVIDERS:
                url = service.get("url") or protocol.declaration(name).url
                self.engine.server_changed(Server(name, url, self.engine.journal))
        known = {f.name for f in fields(Timing)}
        self.engine.runner.timing = Timing(**{k: v for k, v in message.get("timing", {}).items() if k in known})
        newly, self.engine.adopting = not self.engine.adopting, bool(message.get("adopt", True))
        if first or newly:
            self.engine.take_over_soon()
        if first:
            self.engine.lanes.run("ask", self.engine.measure)
        return {}

    def _submit(self, message: Message) -> Message:
        declared = protocol.declaration(message["provider"])
        request = Request.from_dict(message["request"])
        protocol.check(declared.id, request)
        job = Job(
            message["job"],
            declared.id,
            request.to_dict(),
            target=message.get("target", {}),
            native=protocol.makes(declared.id, request),
        )
        if known := self.engine.journal.get(job.id):  # whoever sends it has not heard that it was taken in
            self.engine.publish(known)
            return {}
        job.typical = self.typical_seconds(declared.id)
        self.engine.runner.save(job)
        self.engine.wake(Live(job))
        return {}

    def typical_seconds(self, provider: str) -> float:
        """How long the newest jobs of the service took to be made there."""
        took = [
            job.seconds["generating"]
            for job in self.engine.journal.newest(20)
            if job.provider == provider and job.state in (State.READY, State.PLACED) and "generating" in job.seconds
        ]
        return sum(took) / len(took) if took else Job.typical

    def _held(self, message: Message) -> Live:
        live = self.engine.live.get(message["job"])
        if live is None:
            job = self.engine.journal.get(message["job"])
            if job is None:
                raise JobNotFound("There is no such job in the journal.", "Look at the job list for those there are.")
            if not self.engine.journal.may_touch(job):
                raise taken_elsewhere()
            live = Live(job)
        return live

    def _cancel(self, message: Message) -> Message:
        live = self._held(message)
        if live.job.under_way or live.job.state in FREE_TO_CANCEL:
            live.cancelled.set()
            self.engine.wake(live)
        return {}

    def _retry(self, message: Message) -> Message:
        live = self._held(message)
        ended = live.job.state in (State.FAILED, State.CANCELLED)
        if not ended and not any(v.revivable for v in live.job.variants):
            raise InvalidInput("There is nothing of this job to try again.", "Wait for the job, or cancel it first.")
        live.job.dismissed = False  # it may have been, long ago: now it is one of the present jobs again
        self.engine.runner.retry(live)
        self.engine.wake(live)
        return {}

    def _choose(self, message: Message) -> Message:
        live = self._held(message)
        what = protocol.declaration(live.job.provider).choice or "picture"
        if live.job.state is not State.CHOOSING_CUTOUT:
            raise InvalidInput(f"This job is not waiting for a {what} to be chosen.", "Choose while it is waiting.")
        if not 0 <= message["cutout"] < len(live.job.cutouts):
            there_are = len(live.job.cutouts) - 1
            raise InvalidInput(f"There is no {what} {message['cutout']!r}; there are 0 to {there_are}.", "Choose one.")
        submission.choose_cutout(self.engine.runner, live, message["cutout"])
        self.engine.wake(live)
        return {}

    def _save(self, message: Message) -> Message:
        live = self._held(message)
        declared = protocol.declaration(live.job.provider)
        if message["format"] not in declared.formats + declared.keeps:
            there_are = ", ".join(declared.formats + declared.keeps)
            raise UnsupportedFeature(f"{declared.name} delivers {there_are}, not {message['format']!r}.")
        if message["variant"] not in [v.index for v in live.job.variants if v.state is not VariantState.FAILED]:
            raise InvalidInput(f"There is no variant {message['variant']!r} to save.", "Choose one that is there.")
        if message["size_mm"] not in (None, live.job.request.get("size_mm")):
            declared.require(Feature.FILE_SIZE)
        save = kept_files.add(live.job, message["variant"], message["format"], message["folder"], message["size_mm"])
        save.id = message.get("save", save.id)
        self.engine.runner.save(live.job)
        self.engine.wake(live)
        return {"save": save.id}

    def _prepare(self, message: Message) -> Message:
        live = self._held(message)
        variants = live.job.variants
        if message["variant"] is None:
            wanted = live.job.primary
        else:
            wanted = next((v for v in variants if v.index == message["variant"]), None)
        if wanted is None or wanted.state is VariantState.FAILED:
            if not variants:
                raise InvalidInput("There is no model of this job yet.", "Wait until it is ready.")
            there_are = [v.index for v in live.job.variants if v.state is not VariantState.FAILED]
            raise InvalidInput(
                f"There is no variant {message['variant']}; there are {there_are}.", "Choose one of those."
            )
        live.job.dismissed = False
        self.engine.runner.take(live, wanted)
        self.engine.wake(live)
        return {}

    def _prepared(self, message: Message) -> Message:
        """The host did what no background Blender could be started for."""
        live = self._held(message)
        if message["variant"] in live.handed_over:
            live.handed_over[message["variant"]] = message["facts"]
            self.engine.wake(live)
        return {}

    def _placed(self, message: Message) -> Message:
        live = self._held(message)
        if message.get("target"):
            live.job.target = message["target"]
        if "variant" in message and message["variant"] not in live.job.placed:
            live.job.placed.append(message["variant"])
        if live.job.state is State.READY:
            live.job.enter(State.PLACED)
        self.engine.runner.save(live.job)
        return {}

    def _retarget(self, message: Message) -> Message:
        live = self._held(message)
        job = live.job
        lost = bool(message.get("lost"))
        if lost and self.engine.journal.is_elsewhere(job):
            raise InvalidInput(
                "The model belongs to a file that another Blender has open.",
                "Place it there, or end that Blender first.",
            )
        job.target = message["target"]
        job.dismissed = job.dismissed and not lost
        stood = [v for v in job.variants if v.index in job.placed] if lost else []
        if stood and job.state is State.PLACED:
            job.placed = []
            self.engine.runner.take(live, stood[0])
            self.engine.wake(live)
        else:
            self.engine.runner.save(job)
        return {}

    def _dismiss(self, message: Message) -> Message:
        live = self._held(message)
        live.job.dismissed = True
        self.engine.runner.save(live.job)
        return {}

    def _list(self, message: Message) -> Message:
        """The newest jobs, less those that another Blender window is working on."""
        self.engine.take_over()
        newest = self.engine.journal.newest(message.get("limit", 200))
        return {"jobs": [job.to_dict() for job in newest if self.engine.journal.may_touch(job)]}

    def _history(self, message: Message) -> Message:
        names = ("text", "provider", "states", "since", "until", "limit", "offset")
        jobs, total = self.engine.history.search(**{name: message[name] for name in names if name in message})
        return {"jobs": jobs, "total": total}

    def _totals(self, _message: Message) -> Message:
        return {"totals": self.engine.history.totals()}

    def _delete(self, message: Message) -> Message:
        live = self._held(message)
        if live.job.under_way or live.job.state is State.CHOOSING_CUTOUT:
            raise InvalidInput("This job is not over yet, so it was not deleted.", "Wait for it, or cancel it first.")
        freed = self.engine.history.delete(live.job)
        self.engine.send({"event": "usage", "bytes": self.engine.history.usage()})
        return {"freed": freed}

    def _find(self, message: Message) -> Message:
        found = self.engine.live.get(message["job"])
        job = found.job if found else self.engine.journal.get(message["job"])
        return {"jobs": [job.to_dict()] if job and self.engine.journal.may_touch(job) else []}

    def _asset(self, message: Message) -> None:
        """Answered later: a background Blender writes it, beside whatever the job itself is doing."""
        job = self._held(message).job
        variant = next((v for v in job.variants if v.index == message["variant"]), None)
        if variant is None:
            raise InvalidInput(f"There is no variant {message['variant']!r} of this job.", "Choose one that is there.")
        self.engine.lanes.run("prepare", self._write_asset, message, job, variant)

    def _write_asset(self, message: Message, job: Job, variant: Variant) -> None:
        try:
            path = write_asset(self.engine.runner.preparers, job, variant, message, stopped=self.engine.stopping.is_set)
        except Stopped:
            return
        except Neural4DError as error:
            self._answer(message, error)
        else:
            self._answer(message, path=str(path))

    def _balance(self, message: Message) -> None:
        """Answered later: the request runs on a worker thread."""
        self.engine.lanes.run("ask", self._read_balance, message)

    def _read_balance(self, message: Message) -> None:
        error: Neural4DError | None = None
        for attempt in range(3):
            try:
                service = self.engine.provider(message["provider"])
                balance = service.balance() if message["do"] == "balance" else service.test_key()
            except TransportError as trouble:
                error = trouble
                if self.engine.stopping.wait(backoff(attempt, self.engine.runner.timing.backoff)):
                    break
            except Neural4DError as refusal:
                error = refusal
                break
            else:
                if balance is not None:
                    self.engine.balance_changed(message["provider"], balance)
                self._answer(message, balance=asdict(balance) if balance else None)
                return
        self._answer(message, error)
