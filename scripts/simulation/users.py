"""What users do to their jobs, by the names that plans have for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural4d_blender.client.jobs.replies import Answer
from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine.protocol import State, declaration

from . import plan
from .machine.stand_ins import GLB, PICTURE
from .services import job_id, number_of

if TYPE_CHECKING:
    from .host import Host


def request_of(job: plan.Job, folder: Path) -> dict[str, Any]:
    """What is asked for, with the tag in it by which the services' book knows the job."""
    tag = f"simjob{job.number}x"
    request = dict(job.request)
    if request.get("prompt"):
        request["prompt"] = f"{tag} {request['prompt']}"
    for name in ("images", "references"):
        if request.get(name):
            request[name] = [_image(one, f"{tag}{number}", folder) for number, one in enumerate(request[name])]
    if request.get("views"):
        request["views"] = {side: _image(one, f"{tag}{side}", folder) for side, one in request["views"].items()}
    if request.get("keep_in"):
        request["keep_in"] = str(folder / "kept")
    return request


def _image(kind: str, name: str, folder: Path) -> str:
    if kind == "url":
        return f"https://pictures.example/{name}.png"
    path = folder / f"{name}.png"
    if not path.exists():
        path.write_bytes(PICTURE)
    return str(path)


def primary(job: Job) -> int | None:
    """The variant that can be placed."""
    there = [variant.index for variant in job.variants if variant.blend]
    return job.chosen if job.chosen in there else min(there, default=None)


def do(host: Host, act: plan.Act) -> None:
    """Do it, where it can be done."""
    id = job_id(act.job)
    if act.do in ("key", "online") and host.world.well:
        return
    if act.do in OF_ALL:
        OF_ALL[act.do](host, act.more)
    elif id in host.bridge.jobs:
        host.world.tell(f"the user: {act.do} job {act.job} {act.more or ''}")
        ACTS[act.do](host, id, **act.more)


def cancel(host: Host, id: str) -> None:
    host.bridge.send("cancel", job=id)


def retry(host: Host, id: str) -> None:
    """The user has read what Retry costs."""
    job = host.bridge.jobs[id]
    host.world.witness.retries(job)
    host.bridge.send("retry", job=id)


def choose(host: Host, id: str, cutout: int = 0) -> None:
    if host.bridge.jobs[id].state == State.CHOOSING_CUTOUT:
        host.bridge.send("choose", job=id, cutout=min(cutout, len(host.bridge.jobs[id].pictures) - 1))


def save(host: Host, id: str, format: str, size_mm: float | None = None) -> None:
    job = host.bridge.jobs[id]
    if job.variants:
        host.world.witness.converts(job, format, size_mm)
        folder = str(host.world.folder / "kept")
        told: dict[str, Any] = {
            "variant": job.variants[0].index,
            "format": format,
            "folder": folder,
            "size_mm": size_mm,
        }
        host.bridge.send("save", job=id, **told)


def prepare(host: Host, id: str, variant: int) -> None:
    host.bridge.send("prepare", job=id, variant=variant)


def lose(host: Host, id: str) -> None:
    """What stood in the scene is gone."""
    host.bridge.send("retarget", job=id, target={"scene": "Scene"}, lost=True)


def again(host: Host, id: str) -> None:
    """A script that has not heard of it sends it once more, under the same id."""
    job = host.bridge.jobs[id]
    told: dict[str, Any] = {"provider": job.provider, "request": job.request.to_dict(), "target": {"scene": "Scene"}}
    host.bridge.send("submit", job=id, **told)


def dismiss(host: Host, id: str) -> None:
    host.bridge.send("dismiss", job=id)


def bring_in(host: Host, id: str, number: int) -> None:
    """The job's model once more, by its id at the service, as somebody would who has it from elsewhere."""
    provider = host.bridge.jobs[id].provider
    made = host.world.services.ids_of(provider, number_of(id))
    if what := next((one for one in made if re.fullmatch(declaration(provider).ids, one)), ""):
        host.bring_in(number, provider, what)


def delete(host: Host, id: str) -> None:
    job = host.bridge.jobs[id]
    if not job.under_way and job.state != State.CHOOSING_CUTOUT:
        host.bridge.send("delete", lambda told: host.world.witness.deleted(id) if not told.error else None, job=id)


def _stop(host: Host, more: dict[str, Any]) -> None:
    host.world.tell(f"the user: stops batch {more['batch']}")
    limits, now = host.world.witness.limits, host.world.scheduler.now
    continued = limits.continued[more["batch"]]

    def answered(told: Answer) -> None:
        if not told.error and continued == limits.continued[more["batch"]]:
            limits.stopped[more["batch"]] = now

    host.bridge.send("stop_batch", answered, batch=f"batch-{more['batch']}")


def _go_on(host: Host, more: dict[str, Any]) -> None:
    host.world.tell(f"the user: continues batch {more['batch']}")
    limits, changes = host.world.witness.limits, more.get("changes", {})
    limits.stopped[more["batch"]] = None
    limits.continued[more["batch"]] += 1
    limits.lost.clear()
    host.world.witness.allowances.goes_on()
    if "budget" in changes:
        before = limits.budgets.get(more["batch"])
        highest = None if None in (changes["budget"], before) else max(changes["budget"], before)
        limits.budgets[more["batch"]] = highest  # it may be refused, and then the old one holds
    host.bridge.send("continue_batch", batch=f"batch-{more['batch']}", changes=more.get("changes", {}))


def _set_key(host: Host, more: dict[str, Any]) -> None:
    host.world.tell(f"the user: sets the key to {more['key']}")
    host.settings.keys = {**host.settings.keys, **dict.fromkeys(more["services"], more["key"])}
    host.bridge.configure()


def _bring_in_file(host: Host, more: dict[str, Any]) -> None:
    path = host.world.folder / "brought in.glb"
    path.write_bytes(GLB)
    host.bring_in(more["number"], "file", str(path))


def _set_online(host: Host, more: dict[str, Any]) -> None:
    host.settings.is_online = bool(more["online"])
    host.bridge.configure()


def _ask(host: Host, more: dict[str, Any]) -> None:
    host.bridge.send("balance", provider=more["service"])


#: What is done to one job.
ACTS: dict[str, Callable[..., None]] = {
    "cancel": cancel,
    "retry": retry,
    "choose": choose,
    "save": save,
    "prepare": prepare,
    "lose": lose,
    "again": again,
    "dismiss": dismiss,
    "delete": delete,
    "bring in": bring_in,
}
#: What is done to all.
OF_ALL: dict[str, Callable[[Host, dict[str, Any]], None]] = {
    "stop": _stop,
    "go on": _go_on,
    "key": _set_key,
    "online": _set_online,
    "balance": _ask,
    "bring in a file": _bring_in_file,
}
