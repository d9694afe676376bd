"""What a model came from, as it stands beside its file and in it: of the user, the service and the versions.

Standard library only. No secret and no path gets into it: of a picture its name and SHA-256, of an address the name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ..model.inputs.web_addresses import is_web_address
from ..model.request import Request
from ..version import version

#: Counted up when what a name means changes, or one goes; a new one is none.
SCHEMA = 1
#: The environment variable that has user and computer named in what others get.
NAME_USERS = "NEURAL4D_NAME_USERS"
#: Of a request: what made the model the one it is. Named one by one, so that no path ever gets in.
_OPTIONS = (
    *("variants", "pbr", "size_mm", "axis", "origin", "format", "options", "choose_cutout", "place_all"),
    *("joined", "max_faces", "recalculate_normals", "quads", "repair", "lods", "collision", "animation"),
    *("picture_first", "pictures", "retopology", "texture_size"),
)


class OfJob(Protocol):
    """What is read of a job, here or in the engine."""

    @property
    def id(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def service(self) -> dict[str, str]: ...
    @property
    def batch(self) -> str: ...
    @property
    def item(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def created(self) -> float: ...


class OfVariant(Protocol):
    """What is read of one of its models."""

    @property
    def index(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def details(self) -> dict[str, str]: ...


def record_of(
    job: OfJob,
    request: Request,
    variant: OfVariant,
    *,
    points: int | None,
    estimated: bool,
    generation: str = "",
    blender: str = "",
) -> dict[str, Any]:
    """All that is known of where a model came from; what is not known is left out.

    Args:
        points: what the job cost so far. estimated: a part of that is a price, or something more may have been paid.
        generation: which documents the service's server follows. blender: the version that wrote the file.
    """
    known = {
        "service": job.provider,
        "job": job.id,
        "variant": variant.index,
        "batch": job.batch,
        "item": job.item + 1 if job.batch else None,
        "key": request.key,
        "name": request.title,
        "prompt": request.prompt,
        "images": [_picture(path, name) for path, name in zip(request.images, _names(request), strict=True)],
        "views": {side: _picture(path, _name(path)) for side, path in request.views.items()},
        "source": _name(request.bring_in),
        "seed": seed_of(job, request, variant),
        "options": options_of(request),
        "points": points,
        "made": moment(job.created),
        "service_id": variant.uuid,
        "project": job.project,
        "agent": job.agent,
        **who(job.user),
        "metadata": request.metadata,
    }
    versions = {"neural4d": version(), "api": generation, "blender": blender}
    told = {name: value for name, value in known.items() if value not in (None, "", [], {})}
    return {
        "schema": SCHEMA,
        **told,
        "points_estimated": estimated,
        "versions": {name: value for name, value in versions.items() if value},
    }


def options_of(request: Request) -> dict[str, Any]:
    """What else was asked for; of other views the sides, of what pictures went by how many."""
    options = {name: getattr(request, name) for name in _OPTIONS}
    if not request.picture_first:
        options.pop("pictures")
    if request.views:
        options["views"] = sorted(request.views)
    if request.references:
        options["references"] = len(request.references)
    return options


def seed_of(job: OfJob, request: Request, variant: OfVariant) -> str:
    """The service's own number for the result; empty where it told none."""
    said: Mapping[str, object] = {**request.options, **job.service, **variant.details}
    return str(said["seed"]) if said.get("seed") not in (None, "") else ""


def who(user: str) -> dict[str, str]:
    """The user and this computer, where they are to be named in what others get; else neither."""
    if os.environ.get(NAME_USERS, "").strip().lower() not in ("1", "true", "yes", "on"):
        return {"user": "", "host": ""}
    return {"user": user, "host": platform.node()}


def moment(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601, in UTC; empty for 0."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds") if seconds else ""


def _names(request: Request) -> list[str]:
    """What the images were called by whoever asked."""
    own = request.originals if len(request.originals) == len(request.images) else request.images
    return [_name(one) for one in own]


def _name(path: str) -> str:
    """Of a path or an address the name: the rest of an address may be a secret."""
    return path.partition("?")[0].replace("\\", "/").rpartition("/")[2]


def _picture(path: str, name: str) -> dict[str, str]:
    told = {"name": name}
    if not is_web_address(path):
        with suppress(OSError), Path(path).open("rb") as file:
            told["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    return told
