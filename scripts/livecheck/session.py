"""One service at one address, spoken to with the product's own code, and everything that was said to it.

May import neural4d_blender.engine and this package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neural4d_blender.engine.http.exchange import Exchange
from neural4d_blender.engine.http.rate_limit import MINUTE, RateLimiter
from neural4d_blender.engine.http.redaction import Masker
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.services import PROVIDERS
from neural4d_blender.engine.steps import exchange_log

from .endpoints import endpoint

PROMPT = "a small red wooden cube"


@dataclass
class Said:
    """An exchange, the step that it belongs to, and its endpoint's name in the schemas.

    ``aside``: it was no request of the product's for this generation of the service (a probe, or one that showed which
    generation it is), so nothing is expected of what was sent. ``facts``: what was known of the server then.
    """

    step: str
    endpoint: str
    exchange: Exchange
    aside: bool = False
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class Timing:
    """Seconds that tests make small.

    Args:
        poll: between two questions about a model. patience: until a model is given up.
        booking: for how long a purchase is looked for in the balance. minute: what the service means by one.
    """

    poll: float = 4.0
    patience: float = 900.0
    booking: float = 90.0
    minute: float = MINUTE


@dataclass
class Session:
    """Args:
    service: its id. url: its address. key: its key.
    """

    service: str
    url: str
    key: str = field(repr=False)
    timing: Timing = field(default_factory=Timing)
    log: list[Said] = field(default_factory=list)
    step: str = ""
    aside: bool = False

    def __post_init__(self) -> None:
        declared = PROVIDERS[self.service].declaration
        self.server = Server(self.service, self.url)
        self.transport = Transport(
            declared.name,
            self.url,
            self.key,
            key_header=declared.key_header,
            key_field=declared.key_field,
            others=declared.other_urls if self.url.rstrip("/") == declared.url else (),
            limiter=RateLimiter(self.server, lambda: self.timing.minute),
            observer=self._observe,
        )
        self.provider = PROVIDERS[self.service](self.transport, self.server)
        self.masker = Masker([PROMPT])

    def _observe(self, exchange: Exchange) -> None:
        name = endpoint(self.service, exchange.method, exchange.path)
        self.log.append(Said(self.step, name, exchange, self.aside, self.facts))

    @property
    def facts(self) -> dict[str, str]:
        """What the product has found out about the server by now."""
        return {name: value for name, value in self.server.facts.items() if name != "slow until"}

    def write(self, path: Path, generation: str) -> None:
        """All that was said, masked, in the form that the engine keeps of a job; each line says its step too."""
        head = {"form": exchange_log.FORM, "service": self.service, "facts": {}, "generation": generation}
        lines = [
            {"step": said.step, "aside": said.aside, "facts": said.facts, **self.masker.exchange(said.exchange)}
            for said in self.log
        ]
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in [head, *lines])
        path.write_text(text + "\n", encoding="utf-8")

    def masked(self, text: str) -> str:
        """A sentence that may be shown."""
        shown: Any = self.masker.value(text)
        return str(shown).replace(self.key, "***")
