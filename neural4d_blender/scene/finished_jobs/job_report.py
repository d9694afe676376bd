"""What a maintainer needs to know of a job, as a text that its user can pass on: no key, no prompt, no path.

May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import urllib.parse
from contextlib import suppress
from pathlib import Path

import bpy

from ...client.jobs.snapshots import Job
from ...client.version import version
from ...engine.protocol import InvalidInput, Masker, Request, declaration, declarations, unit_of, without
from .. import user_settings
from ..shared_engine import bridge

#: Bytes of the whole text, and of one exchange in it.
MOST_BYTES, _MOST_A_LINE = 60_000, 8_000
#: Of a request: what is left out, because it is the user's own.
_PRIVATE = frozenset(
    {"prompt", "images", "views", "references", "originals", "name", "group", "project", "keep_in", "texture_folder"}
)


def report_text(job_id: str, job: Job | None = None) -> str:
    """Versions, the server, the job's states, error, costs and options, and what was said between here and the service.

    Args:
        job: as it is known; the bridge's own where it is None.

    Raises:
        InvalidInput: no such job is known here.
    """
    job = job or bridge.jobs.get(job_id)
    if not job:
        raise InvalidInput(f"There is no such job here: {job_id[:60]!r}.", "Look it up in the history first.")
    masker = Masker(_own(job))
    parts = [_versions(), _service(job), _states(job), *_trouble(job), _costs(job), _options(job), _variants(job)]
    text = "\n\n".join("\n".join(str(masker.value(line)) for line in part) for part in parts if part)
    lines = _exchanges(job, MOST_BYTES - len(text.encode(errors="replace")) - 200)
    said = "\n".join([f"Exchanges with the service, masked ({len(lines)}, oldest first):", *lines])
    return _without_keys(f"{text}\n\n{said if lines else 'No exchange with the service was recorded.'}\n")


def _own(job: Job) -> list[str]:
    """Texts that may stand in an error, and say who or what this is about."""
    request = job.request
    pictures = [*request.images, *request.views.values(), *request.references]
    named = [*pictures, *request.originals, request.keep_in, request.texture_folder]
    folders = [str(user_settings.data_dir()), job.folder, str(Path.home())]
    names = [part for name in named if name for part in (name, Path(name).name, Path(name).stem)]
    texts = [request.prompt, request.name, request.group, job.project, *names, *folders]
    return [text for text in texts if text]


def _versions() -> list[str]:
    window = " without a window" if bpy.app.background else ""
    return [
        f"Neural4D for Blender {version() or 'of an unknown version'}",
        f"Blender {bpy.app.version_string}{' as a module' if user_settings.is_module() else ''}{window}",
        f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}",
    ]


def _service(job: Job) -> list[str]:
    provider = job.provider
    try:
        service = declaration(provider)
    except InvalidInput:
        return [f"Service: {provider}, which this version does not know"]
    url = user_settings.url(service)
    own = "" if url.rstrip("/") == service.url else " (not the documented address)"
    facts = ", ".join(f"{name}: {value}" for name, value in sorted(bridge.servers.get(provider, {}).items()))
    return [
        f"Service: {service.name} at {urllib.parse.urlsplit(url).netloc.rpartition('@')[2]}{own}",
        f"Known of this server: {facts or 'nothing yet'}",
    ]


def _states(job: Job) -> list[str]:
    made = dt.datetime.fromtimestamp(job.created, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    spans = ", ".join(f"{state} {seconds:.1f} s" for state, seconds in job.seconds.items())
    lines = [f"Job of {made} UTC, now {job.state}", f"States so far: {spans or 'none before this one'}"]
    if job.in_doubt:
        lines.append("It is not known whether a submission arrived.")
    if job.note:
        lines.append(f"Note: {job.note}")
    return lines


def _trouble(job: Job) -> list[list[str]]:
    """The errors of the job and of its variants, with all that they say."""
    failed = [(f"Variant {variant.index}", variant.error) for variant in job.variants if variant.error]
    errors = [("Error", job.error)] if job.error else []
    return [
        [
            f"{title}: {error['code']}",
            *(f"  {error[name]}" for name in ("what", "kept", "cost", "remedy") if error[name]),
        ]
        for title, error in [*errors, *failed]
    ]


def _costs(job: Job) -> list[str]:
    unit = unit_of(job.provider)
    spent = [
        f"  {one['operation']}: {'unknown' if one['points'] is None else one['points']} {unit}"
        f"{' (estimated)' if one['estimated'] else ''}"
        for one in job.spent
    ]
    before = job.balance_before
    last = [f"  balance before the last paid request: {before}"] if before is not None else []
    cost = "not known" if job.cost is None else f"{job.cost} {unit}{' (estimated)' if job.cost_estimated else ''}"
    return [f"Cost: {cost}", *spent, *last]


def _options(job: Job) -> list[str]:
    """What differs from the defaults; of what is the user's own, how much there is of it."""
    request, plain = job.request, Request().to_dict()
    public = {name: value for name, value in request.to_dict().items() if name not in _PRIVATE}
    shown = [f"  {name} = {value!r}" for name, value in sorted(public.items()) if value != plain[name]]
    counts = {"images": len(request.images), "views": len(request.views), "references": len(request.references)}
    made_of = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    made_of = made_of or f"a prompt of {len(request.prompt)} characters"
    return [f"Made of {made_of}", *shown]


def _variants(job: Job) -> list[str]:
    return [f"Variant {variant.index}: {variant.state}, {variant.format or 'no file yet'}" for variant in job.variants]


def _exchanges(job: Job, room: int) -> list[str]:
    """The recorded lines that there is room for: those that may have cost something, and the newest ones."""
    lines: list[str] = []
    with suppress(OSError):
        folder = job.folder or user_settings.data_dir() / "jobs" / job.id
        lines = (Path(folder) / "exchanges.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
    chosen = set()
    paid = [number for number, line in enumerate(lines) if number == 0 or _paid(line)]
    for number in [*paid, *reversed(range(len(lines)))]:
        room -= 0 if number in chosen else min(len(lines[number].encode()), _MOST_A_LINE) + 1
        if room < 0:
            break
        chosen.add(number)
    return [_cut(lines[number]) for number in sorted(chosen)]


def _paid(line: str) -> bool:
    with suppress(ValueError, AttributeError, RecursionError):
        return bool(json.loads(line).get("paid"))
    return False


def _cut(line: str) -> str:
    encoded = line.encode()
    return line if len(encoded) <= _MOST_A_LINE else encoded[: _MOST_A_LINE - 10].decode(errors="ignore") + "…"


def _without_keys(text: str) -> str:
    """There is none in it; should one ever get in, it goes no further than here."""
    for service in declarations():
        text = without(text, user_settings.key(service))
    return text
