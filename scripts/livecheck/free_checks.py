"""The part that costs nothing: balance, generation, an id that no model has, a wrong setting."""

from __future__ import annotations

from neural4d_blender.engine.errors import (
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceUnreachable,
)
from neural4d_blender.engine.http.refusals import sentence
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.model.server_facts import GENERATION

from .endpoints import FREE, NOTED, OLDER, TODAY, Probe
from .findings import Findings
from .repeat import Asking, explained


def ask(asking: Asking, found: Findings) -> None:
    """Ask all of it.

    Raises:
        KeyRejected, ServiceUnreachable: nothing can be found out.
    """
    session = asking.session
    session.step = "generation"
    _generation(asking, found)
    session.step = "balance"
    _balance(asking, found)
    session.step = "unknown id"
    _unknown_id(asking, found)
    session.step = "wrong setting"
    _wrong_setting(asking, found)


def balance(asking: Asking) -> int | None:
    """Points that are left, None where the service does not tell."""
    provider = asking.session.provider
    if not provider.declaration.can(Feature.BALANCE):
        return None
    try:
        return asking.free(provider.balance).total
    except (KeyRejected, ServiceUnreachable):
        raise
    except Neural4DError:
        return None


def _probe(asking: Asking, probe: Probe) -> Neural4DError | None:
    """Make a request that is none of the product's; what was refused, None where it was answered."""
    session = asking.session
    session.aside = True
    try:
        asking.free(lambda: session.transport.call(probe.path, probe.body, method=probe.method))
    except ServiceUnreachable:
        raise
    except Neural4DError as error:
        return error
    finally:
        session.aside = False
    return None


def _generation(asking: Asking, found: Findings) -> None:
    free = FREE[found.service]
    error = _probe(asking, free.generation)
    other = OLDER if free.known_by == TODAY else TODAY
    path = free.generation.path.partition("?")[0]
    if free.field:
        answer = asking.session.log[-1].exchange.answer
        there = isinstance(answer, dict) and free.field in answer
        found.how = f"{path} refuses a wrong setting {'with' if there else 'without'} '{free.field}'"
    else:
        there = error is None or error.http not in (404, 405, 410)
        found.how = f"{path} {'is there' if there else 'is not there'}"
    found.generation = free.known_by if there else other


def settle_generation(asking: Asking, found: Findings) -> None:
    """Where the product has found out another generation than the first question, its jobs are the better witness."""
    generation = NOTED.get(asking.session.server.get(GENERATION), found.generation)
    if generation != found.generation:
        found.differs(f"{found.how}, and yet jobs are taken as {'today' if generation == TODAY else 'in 2024'}.")
        found.generation, found.how = generation, f"so jobs are taken, though {found.how}"


def _balance(asking: Asking, found: Findings) -> None:
    provider = asking.session.provider
    found.balance = balance(asking)
    if found.balance is not None:
        found.free.append(f"The account holds {found.balance} {found.unit}.")
        return
    try:
        asking.free(provider.test_key)
    except (KeyRejected, ServiceUnreachable):
        raise
    except Neural4DError as error:
        found.differs(f"Whether the key is right could not be told. {explained(error)}")
    else:
        found.free.append("The key is accepted; what the account holds is not told.")


def _unknown_id(asking: Asking, found: Findings) -> None:
    nobodys = FREE[found.service].nobodys[found.generation]
    try:
        asking.free(lambda: asking.session.provider.poll(nobodys, True))
    except JobNotFound:
        found.free.append("An id that no model has is answered as documented.")
    except (KeyRejected, ServiceUnreachable):
        raise
    except Neural4DError as error:
        found.differs(f"An id that no model has is not read as such. {explained(error)}")
    else:
        found.differs("An id that no model has is taken for a model that is on its way.")


def _wrong_setting(asking: Asking, found: Findings) -> None:
    """It lacks what a model could be made of: it is refused, whatever the service makes of the wrong setting."""
    session = asking.session
    first = len(session.log)
    error = _probe(asking, FREE[found.service].wrong[found.generation])
    said = sentence(session.log[-1].exchange.answer) if len(session.log) > first else ""
    in_answer = session.log[-1].exchange.answer if len(session.log) > first else None
    refused = isinstance(in_answer, dict) and (in_answer.get("status") == "error" or "errors" in in_answer)
    if isinstance(error, RequestRefused | NotEnoughPoints) or refused:
        found.free.append(f"A wrong setting is refused: {said or 'without a word'}")
    elif error is not None:
        found.differs(f"A wrong setting is not read as refused. {explained(error)}")
    else:
        found.free.append(f"A request without anything to make a model of was answered: {said or 'without a word'}")
    after = balance(asking)
    if after is not None and found.balance is not None and after < found.balance:
        found.differs(f"A refused request cost {found.balance - after} {found.unit}.")
