"""Models that are there already: files, and what was made at a service by somebody else than this extension.

Such a job begins where another one is accepted, so nothing is sent that could cost anything: it is asked how far the
model is, which is fetched then like any other. What the service says of its price is the price of another day, and an
order that the service waits for is never given.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import GenerationFailed, JobNotFound, LinkExpired, ModelNotFound, Neural4DError, RequestRefused
from ..model.inputs.web_addresses import is_web_address
from ..model.job import Job
from ..model.job_records.costs import Costs
from ..model.request import Request
from ..services.base import Provider
from ..services.results import Outcome, Poll, Submission

#: Characters of a name.
_LONGEST = 60


def submission_of(job: Job, provider: Provider, request: Request) -> Submission:
    """What the service would have said when it took the job; it has cost nothing."""
    job.costs = Costs([{"operation": "brought in", "points": 0, "estimated": False}])
    what = request.bring_in
    if provider.declaration.built_in or is_web_address(what):  # there is nobody to be asked about it
        return Submission([""], polls={"": Poll(Outcome.DONE, 1.0, model_url=what)})
    return Submission([what])


def poll(provider: Provider, request: Request, uuid: str, expect_done: bool) -> Poll:
    """Ask how far a model is; of one that is brought in the answer means what it means to somebody who only looks.

    Raises:
        ModelNotFound: the service does not know it. GenerationFailed: it waits for an order, or did not make it.
    """
    if not request.bring_in:
        return provider.poll(uuid, expect_done)
    name, unit = provider.declaration.name, provider.declaration.unit
    try:
        found = provider.poll(uuid, expect_done)
    except (JobNotFound, RequestRefused) as error:
        raise _not_found(name, uuid, error) from error
    if found.outcome is Outcome.FAILED:
        raise GenerationFailed(
            f"{name} could not make this model: {found.message or 'no reason given'}".rstrip(".") + ".",
            f"There is no model to bring in. Make it again on {name}'s own page, or generate it here.",
            kept="The job stays at the service.",
        )
    if found.outcome is Outcome.NEXT and found.doubtful:
        return replace(found, outcome=Outcome.GENERATING, points=None)  # somebody has given the order
    if found.outcome is Outcome.NEXT and not found.model_url:
        raise GenerationFailed(
            f"{name} waits for the order to go on with this model, which costs {unit}: nothing was ordered.",
            f"Finish it on {name}'s own page, then press Retry.",
        )
    if found.outcome is Outcome.DONE and not found.model_url and request.format == provider.declaration.native:
        raise ModelNotFound(
            f"{name} has no {request.format} of it. {found.message}".strip(),
            "Bring it in in a format that there is, which Python's format= says, or choose another one.",
        )
    if found.outcome is Outcome.NEXT:
        return replace(found, outcome=Outcome.DONE, order="", points=None)  # as far as it was made
    return replace(found, points=None)


def take_name(job: Job, request: Request, poll: Poll) -> None:
    """Call a model that was brought in by its id what the service calls it, unless the user has named it."""
    if request.bring_in and not request.name and poll.title:
        job.request["name"] = " ".join(poll.title.split())[:_LONGEST]


def _not_found(name: str, uuid: str, error: Neural4DError) -> ModelNotFound:
    found = ModelNotFound(
        f"{error.what.rstrip('.')}. {name} shows no model with the id {uuid} to this key: it may be of another account "
        "or service, or was deleted."
    )
    found.http, found.by_api, found.answer = error.http, error.by_api, error.answer
    return found


def check_link(request: Request, uuid: str, error: Neural4DError) -> None:
    """Raise ModelNotFound where a link leads nowhere any more that nobody can be asked to renew."""
    if request.bring_in and not uuid and isinstance(error, LinkExpired):
        raise ModelNotFound(
            error.what, "Copy a fresh link from the service's own page, or bring the model in by its id."
        ) from error
