"""The words and the icon for what a job is doing, why it waits, and what is chosen."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.protocol import SETTLED, State, WaitsFor, declarations
from ...scene import whereabouts
from ...scene.placing import targets
from . import labels
from .languages import tr

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job

STATES: dict[str, tuple[str, Any]] = {
    State.QUEUED: ("Waiting", "TIME"),
    State.PREPARING_INPUT: ("Preparing the image", "TIME"),
    State.CHOOSING_CUTOUT: ("Choose a {choice}", "RESTRICT_SELECT_OFF"),
    State.SUBMITTING: ("Sending", "EXPORT"),
    State.UNKNOWN: ("Checking whether it arrived", "QUESTION"),
    State.GENERATING: ("Generating", "SHADERFX"),
    State.CONVERTING: ("Converting", "ARROW_LEFTRIGHT"),
    State.DOWNLOADING: ("Downloading", "IMPORT"),
    State.PREPARING_MODEL: ("Preparing the model", "MODIFIER"),
    State.READY: ("Ready", "CHECKMARK"),
    State.PLACED: ("In the scene", "CHECKMARK"),
    State.FAILED: ("Failed", "ERROR"),
    State.CANCELLED: ("Cancelled", "CANCEL"),
}
#: Where a state begins and ends in the progress of the whole.
_SHARES = {
    State.GENERATING: (0.0, 0.9),
    State.CONVERTING: (0.9, 0.93),
    State.DOWNLOADING: (0.93, 0.98),
    State.PREPARING_MODEL: (0.98, 0.98),
    State.READY: (1.0, 1.0),
    State.PLACED: (1.0, 1.0),
}


def state(job: Job) -> tuple[str, Any]:
    """What a job is doing, in words, and the icon for it."""
    words, icon = STATES[job.state]
    if job.state == State.PLACED and not whereabouts.stands(job.id):
        return _elsewhere(job), "CHECKMARK"
    if of_pictures(job) and job.state == State.PREPARING_INPUT:
        return tr("Making the pictures"), icon
    return tr(words).format(choice=choice(job)), icon


def _elsewhere(job: Job) -> str:
    """Where a model went that is not in the open file."""
    file = Path(job.target.get("file") or "").name
    if targets.is_here(job.target):
        return tr("Was in the scene")
    return tr("In {file}").format(file=file) if file else tr("In a file that was not saved")


def progress(job: Job) -> float:
    """How much of the whole is done, 0..1: what comes after the service's part begins where that ends."""
    begins, ends = _SHARES.get(job.state, (0.0, 0.0))
    return begins + (ends - begins) * job.progress


def of_pictures(job: Job) -> bool:
    """The job's model is made of a picture that is made first, asked for or not."""
    return bool(job.request.picture_first or job.picture_ids)


def choice(job: Job) -> str:
    """What the pictures to choose from are called at the job's service."""
    named = next((known.choice for known in declarations() if known.id == job.provider), "")
    return tr("picture" if of_pictures(job) else named or "picture")


def waits(job: Job) -> int:
    """Seconds until a job goes on that waits because it has to; 0 for one that does not."""
    left = job.until - time.time()
    return max(0, math.ceil(left)) if job.state not in SETTLED else 0


def why_it_waits(job: Job) -> str:
    """What a job waits for that has to, in words."""
    name = labels.service(job.provider)
    words = {
        WaitsFor.OUTAGE: tr("{name} is not available").format(name=name),
        WaitsFor.APPROVAL: tr("Waiting for your approval"),
        WaitsFor.PACE: tr("{name} asks to slow down").format(name=name),
    }
    return words.get(job.waits_for, tr("Waiting"))


def finding_out(job: Job) -> str:
    """What is done about a request whose answer did not come."""
    name = labels.service(job.provider)
    if job.paying_for == "pictures":
        how = tr("Whether {name} took the pictures is looked up there and by the balance, for a minute or more.")
    else:
        how = tr("Whether {name} took the job is looked up there and by the balance, for a minute or more.")
    return f"{how.format(name=name)} {tr('Nothing is sent again meanwhile.')}"
