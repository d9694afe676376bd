"""Asks the engine something and waits for the answer: what a script does, and no button ever.

An answer comes in moments, except for a job whose present step is a request that hangs: the engine
obeys when that is over.
"""

from __future__ import annotations

import time
from typing import Any

from ..engine.protocol import JobFailed
from .answers import Answer
from .engine_client import Bridge

#: Seconds between two looks at the engine's pipe where no timer does it.
LOOK = 0.02


def ask(bridge: Bridge, do: str, timeout: float = 30.0, **values: Any) -> Answer:
    """Send a command and wait for its answer.

    Raises:
        JobFailed: the engine refused it. TimeoutError: it did not answer.
    """
    answers: list[Answer] = []
    bridge.send(do, answers.append, **values)
    ends = time.monotonic() + timeout
    while not answers:
        if time.monotonic() > ends:
            raise TimeoutError(f"The engine did not answer within {timeout:g} s.")
        if not bridge.drain():
            time.sleep(LOOK)
    if told := answers[0].error:
        raise JobFailed.from_dict(told)
    return answers[0]
