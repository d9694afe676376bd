"""What a model in the scene came from: custom properties on its root, and reading them back.

The properties are there to be read. A user may edit or delete any of them, and a file may come from a
stranger, so nothing here relies on what they hold. No secret and no path stands in them: of a picture its name.
May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ...client.jobs.box_fit import SEATS, STRETCHES
from ...client.jobs.job_target import Fit
from ...client.jobs.snapshots import Job, Variant
from ...engine.protocol import (
    IDLE,
    InvalidInput,
    Properties,
    Request,
    declaration,
    moment,
    options_of,
    seed_of,
)

#: On a root: the job it came from.
JOB = "neural4d_job"
#: On what came with a root, below it; what the user has put there has it not.
PART = "neural4d_part"
#: On a root: the box that it fills, which another model that takes its place fills too (see fitting.py).
FIT = "neural4d_fit"
#: Characters of a text, and what a number is below: a stranger's file may hold anything.
_LONGEST, _LARGEST = 100_000, 1e12
#: Objects, by their id in this session, and names of their properties that are longer.
_too_long: set[tuple[int | None, str]] = set()


@dataclass(frozen=True)
class Provenance:
    """What the properties of a root say. Empty or None is what they do not say, or not in a way that makes sense.

    Attributes:
        job: id of the job. variant: index of the model in it.
        service: id of the service. terms: address of its terms.
        prompt, image: what it was made of; of an image its name. source: what it was brought in from: of a file or a
            link its name, else the model's id at the service.
        options: the request's other values; under "options" the service's own ones, under "views" the sides of which
            there were pictures too, under "references" how many images the picture that was made first went by.
        seed: the service's own number for the result.
        made: when the job was started, as ISO 8601. seconds: how long it took. points: what it cost.
        key: the user's own name for the job. metadata: what the user has it carry.
    """

    job: str = ""
    variant: int | None = None
    service: str = ""
    terms: str = ""
    prompt: str = ""
    image: str = ""
    source: str = ""
    options: dict[str, object] = field(default_factory=dict)
    seed: int | str | None = None
    made: str = ""
    seconds: float | None = None
    points: int | None = None
    key: str = ""
    metadata: dict[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the model was made of, in one line."""
        return " ".join(self.prompt.split()) or self.image or self.source or "Model"


def properties(job: Job, variant: Variant) -> Properties:
    """The custom properties of a root, by name.

    Args:
        variant: the one of the job's variants that the root is.
    """
    request = job.request
    worked = sum(seconds for state, seconds in job.seconds.items() if state not in IDLE)
    values: dict[str, str | int | float | None] = {
        JOB: job.id,
        "neural4d_variant": variant.index,
        "neural4d_service": job.provider,
        "neural4d_terms": _terms(job.provider),
        "neural4d_prompt": request.prompt,
        "neural4d_image": _name(request.title) if request.images else None,
        "neural4d_source": _name(request.bring_in) if request.bring_in else None,
        "neural4d_options": json.dumps(options_of(request), ensure_ascii=False, sort_keys=True),
        "neural4d_seed": seed_of(job, request, variant) or None,
        "neural4d_made": moment(job.created),
        "neural4d_seconds": round(worked, 1),
        "neural4d_points": job.cost,
        "neural4d_key": request.key or None,
        "neural4d_metadata": json.dumps(request.metadata, ensure_ascii=False) if request.metadata else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def note(roots: Iterable[bpy.types.Object], job: Job, variant: Variant) -> None:
    """Write the properties on roots that were just placed, instead of any that are there."""
    values = properties(job, variant)
    for root in roots:
        for name in own_keys(root):
            del root[name]
        for name, value in values.items():
            root[name] = value


def own_keys(item: Any) -> list[str]:
    """The names of the properties that stand on a root because of its provenance."""
    return [name for name in item.keys() if name.startswith("neural4d_") and name not in (PART, FIT)]  # noqa: SIM118


def root_of(item: bpy.types.Object | None) -> bpy.types.Object | None:
    """The root of the model that the object is, or is below of; None where it is no model."""
    while item is not None and not _text(_property(item, JOB)):
        item = item.parent
    return item


def roots_of(job_id: str) -> list[bpy.types.Object]:
    """The roots in the open file that came from a job."""
    return [thing for thing in bpy.data.objects if thing.get(JOB) == job_id]


def jobs_here() -> dict[str, str]:
    """The jobs that models in the open file came from: the name of a root by the job's id."""
    return {str(thing[JOB]): thing.name for thing in bpy.data.objects if thing.get(JOB) and thing.users_collection}


def parts_of(root: bpy.types.Object) -> list[bpy.types.Object]:
    """What came with the root, less what the user has put below it."""
    return [item for item in root.children_recursive if item.get(PART) and root_of(item) == root]


def read(root: Any) -> Provenance:
    """What the properties of a root say; or such properties themselves, as :func:`properties` gives them."""
    said = {name: _property(root, f"neural4d_{name}") for name in Provenance.__dataclass_fields__}
    text = {name: _text(said[name]) for name in ("job", "service", "prompt", "image", "source", "made", "terms", "key")}
    text["terms"] = _terms(text["service"]) or (text["terms"] if text["terms"].startswith("https://") else "")
    return Provenance(
        **text,
        variant=_number(said["variant"], int),
        options=_mapping(said["options"]),
        metadata=_mapping(said["metadata"]),
        seed=_text(said["seed"]) or _number(said["seed"], int),
        seconds=_number(said["seconds"], float),
        points=_number(said["points"], int),
    )


def fit_of(root: bpy.types.Object) -> Fit | None:
    """What a root says of its box; None where nothing, or nothing that makes sense."""
    with suppress(ValueError, TypeError, RecursionError):
        said: Any = json.loads(root.get(FIT) or "null")
        texts = said and [said["box"], said["id"], said["seat"], said["stretch"]]
        whole = texts and all(isinstance(text, str) for text in texts)
        if whole and said["seat"] in SEATS and said["stretch"] in STRETCHES:
            return {**said, "turns": bool(said.get("turns", True)), "beside": int(said.get("beside", 0))}
    return None


def request_of(said: Provenance) -> Request | None:
    """The request that a model came from, as far as its root tells; None where that is not enough to ask again.

    What it was made of has to be there: of a picture, only the journal knows the copy.
    """
    if not said.prompt.strip() or said.options.get("references"):
        return None
    usual = Request()
    known = options_of(Request(picture_first=True))
    values = {
        key: value for key, value in said.options.items() if key in known and _is_like(value, getattr(usual, key))
    }
    own = values.get("options")
    return Request.from_dict({**values, "prompt": said.prompt, "options": own if isinstance(own, dict) else {}})


def _name(image: str) -> str:
    """Of an image's path or address the name: the rest of an address may be a secret."""
    return Path(image.partition("?")[0]).name


def _terms(service: str) -> str:
    with suppress(InvalidInput):
        return declaration(service).terms_page
    return ""


def _mapping(value: object) -> dict[str, object]:
    try:
        found = json.loads(_text(value) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _property(item: Any, name: str) -> object:
    """A property, but a text that is longer than any of ours: it would take time at each redraw, so it is read once."""
    known = getattr(item, "session_uid", None), name
    value = None if known in _too_long else item.get(name)
    if isinstance(value, str) and len(value) > _LONGEST:
        _too_long.add(known)
        return None
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, kind: type) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
    return kind(value) if fits else None


def _is_like(value: object, usual: object) -> bool:
    """Whether it can stand for a value of a request, which is of that kind."""
    if usual is None and (value is None or isinstance(value, bool)):
        return True
    if usual is None or type(usual) in (int, float):
        return _number(value, float) is not None
    return isinstance(value, type(usual))
