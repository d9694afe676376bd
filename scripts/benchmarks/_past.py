"""A data folder with a past: thousands of jobs in a journal, the newest of them with a picture and a file."""

from __future__ import annotations

import random
import time
from pathlib import Path

from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.models import catalogue, preview

THINGS = ("bird", "chair", "rocket", "table", "robot", "bottle")
LOOKS = ("a cute", "a wooden", "an old", "a red", "a tiny", "a carved", "a low poly", "a rusty", "a shiny green")
DETAILS = (
    "worn brass corners and scratches on the handle",
    "hand painted texture in warm colours",
    "standing on a round base with moss",
    "clean topology for a mobile game",
    "thick walls for printing without supports",
    "inspired by the interior of a small harbour workshop",
    "soft rounded edges and a matte finish",
    "symmetrical, seen from the front, arms away from the body",
)
#: What a studio has its people add to each prompt.
ENDING = "neutral light, single object, game ready"
SERVICES = ("neural4d", "neural4d", "neural4d", "csm", "goneural")
#: One of so many failed.
_FAILING = 9
_YEARS = 2.0


def write(folder: Path, count: int, *, pictures: int = 30, seed: int = 4) -> None:
    """Write ``count`` jobs of the last two years; the newest ``pictures`` have their files.

    Args:
        folder: the data folder; it has no journal yet.
    """
    rng = random.Random(seed)  # noqa: S311 (nothing here is a secret)
    drawn = {thing: preview.draw(catalogue.build(thing, 0)) for thing in THINGS} if pictures else {}
    journal, now = Journal(folder), time.time()
    with journal.reading() as db:
        db.execute("PRAGMA synchronous=OFF")  # nobody's points are at stake
    for number in reversed(range(count)):
        thing = rng.choice(THINGS)
        made = now - 3600 - _YEARS * 365 * 86400 * number / count
        prompt = f"{rng.choice(LOOKS)} {thing}, {', '.join(rng.sample(DETAILS, 3))}, {ENDING}"
        job = _job(f"{number:08x}-past", prompt, made, rng)
        if number < pictures:
            _give_files(folder / "jobs" / job.id, job, drawn[thing], rng)
        journal.save(job)
    History(journal).measure_unknown()
    journal.close()


def _job(job_id: str, prompt: str, made: float, rng: random.Random) -> Job:
    request = {"prompt": prompt, "images": [], "size_mm": 100.0 * rng.randint(1, 20), "variants": 1, "format": "GLB"}
    job = Job(job_id, rng.choice(SERVICES), request, created=made, entered=made + 90)
    job.costs.book("text", 60)
    job.costs.measured(60)
    job.seconds = {"submitting": 1.0, "generating": 80.0, "downloading": 2.0, "preparing_model": 5.0}
    job.state = State.PLACED
    variant = Variant(0, f"{job_id}-0", VariantState.PREPARED, 1.0)
    variant.facts = {"dimensions_mm": [100.0, 80.0, 60.0], "triangles": 120_000, "materials": 1}
    job.variants, job.delivery.placed = [variant], [0]
    if rng.randrange(_FAILING) == 0:
        variant.state, job.state, job.delivery.placed = VariantState.FAILED, State.FAILED, []
        job.error = {
            "code": "GenerationFailed",
            "what": "The service could not make a model of this.",
            "kept": "",
            "cost": "",
            "remedy": "Rephrase the prompt or try again.",
        }
    return job


def _give_files(folder: Path, job: Job, picture: bytes, rng: random.Random) -> None:
    folder.mkdir(parents=True)
    (folder / "v0.jpg").write_bytes(picture)
    (folder / "v0.glb").write_bytes(bytes(rng.randint(200_000, 4_000_000)))
    job.folder = str(folder)
    job.variants[0].preview, job.variants[0].model = str(folder / "v0.jpg"), str(folder / "v0.glb")
