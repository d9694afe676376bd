"""The tools that lead to a model: what there is, what it costs, and having it made or brought in."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from mcp.types import CallToolResult

from ...batching.bring_in_sources import Origin, origin_of
from ...engine import protocol
from ...engine.errors import QuoteMissing
from ...engine.protocol import Declaration, Feature, InvalidInput, Request, is_web_address
from .. import tool_results
from ..agent_session import Kept
from . import arguments as a
from .base import Tools


class GenerateTools(Tools):
    """Services, quote, generate, bring in."""

    async def services(self) -> CallToolResult:
        """List the services that make models: what each can be given, its options with their ranges, and whether a key
        is set. Costs nothing.
        """
        keys = self.session.settings.services()
        return self.told({"services": [_service(one, bool(keys[one.id]["key"])) for one in protocol.declarations()]})

    async def quote(
        self,
        prompt: a.Prompt = "",
        image: a.Image = "",
        views: a.Views = None,
        picture_first: bool = False,
        pictures: a.Count = 1,
        references: a.References = None,
        provider: a.Service = "neural4d",
        variants: a.Count = 1,
        pbr: bool | None = None,
        size_mm: a.SizeMm = None,
        axis: a.Axis = "LONGEST",
        origin: a.Origin = "BOTTOM",
        max_faces: a.MaxFaces = None,
        repair: a.Repairs = None,
        require: a.Use = "",
        options: a.Options = None,
        name: a.Name = "",
        choose_picture: bool = False,
    ) -> CallToolResult:
        """Say what a model would cost at most, and check the request. Costs nothing, and nothing is sent.

        Call generate with the quote's id to have it made and paid. For example {"prompt": "a wooden chair",
        "size_mm": 900, "axis": "Z"}. With choose_picture the job waits for the tool choose, where the service makes
        pictures first.
        """
        given: dict[str, Any] = {
            "picture_first": picture_first,
            "pictures": pictures,
            "provider": provider,
            "variants": variants,
            "pbr": pbr,
            "size_mm": size_mm,
            "axis": axis,
            "origin": origin,
            "max_faces": max_faces,
            "repair": repair,
            "require": require,
            "options": options,
            "name": name,
            "choose_cutout": choose_picture,
        }
        values = {key: value for key, value in given.items() if value not in (None, "", [])}
        if prompt:
            values["prompt"] = prompt
        kept = self.session.planned(values, {"image": image, "views": views, "references": references})
        told = await self.quoted([kept])
        self.session.keep(told["quote"], kept)
        return self.told(told)

    async def quoted(self, kept: list[Kept]) -> dict[str, Any]:
        """What jobs cost together at most, noted in the journal."""
        jobs = [{"provider": one.provider, "request": one.request.to_dict()} for one in kept]
        quote = (await self.session.ask("quote", jobs=jobs)).quote
        return {
            "quote": quote["id"],
            "points": quote["points"],
            "unit": protocol.unit_of(kept[0].provider),
            "measured": quote["measured"],
            "valid_until": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(quote["until"])),
        }

    async def generate(self, quote: a.Quote) -> CallToolResult:
        """Have the model of a quote made, which is paid: at most what the quote says. Returns the job at once.

        Call wait with the job's id then.
        """
        kept = self.session.kept(quote)
        if kept is None:
            raise QuoteMissing("There is no unused quote of that id.")
        return self.told(tool_results.of_job(await self.session.submit(kept, quote)))

    async def bring_in(
        self,
        what: str,
        provider: str = "",
        size_mm: a.SizeMm = None,
        axis: a.Axis = "LONGEST",
        origin: a.Origin = "BOTTOM",
        max_faces: a.MaxFaces = None,
        repair: a.Repairs = None,
        name: a.Name = "",
    ) -> CallToolResult:
        """Bring in a model that is there already, for 0 points: a model file in a folder for agents, or the id of one
        that the account has at a service. Returns the job at once; call wait then.
        """
        found = self._origin(what.strip(), provider)
        job = self.new_id()
        request = Request(
            bring_in=found.bring_in,
            format=found.format,
            name=name or found.name,
            size_mm=size_mm,
            axis=axis,
            origin=origin,
            max_faces=max_faces,
            repair=list(repair or ()),
            keep_in=self.session.keep_in(job),
            agent=self.session.agent,
        )
        protocol.check(found.provider, request, self.session.bridge.servers.get(found.provider))
        self.session.host.require_ready(protocol.declaration(found.provider))
        return self.told(tool_results.of_job(await self.session.submit(Kept(job, found.provider, request))))

    def _origin(self, what: str, provider: str) -> Origin:
        if is_web_address(what) or "://" in what:
            raise InvalidInput("An agent brings in files and ids, and follows no link.", "Give the model's id.")
        services = protocol.declarations()
        if any(one.ids and re.fullmatch(one.ids, what) for one in services):
            # From a folder that there cannot be: no file of that name is meant.
            return origin_of(what, self.session.settings.services(), provider, Path(os.devnull))
        return origin_of(self.session.folders.file(what), {})

    async def balance(self, provider: a.Service = "neural4d") -> CallToolResult:
        """Ask a service how many points are left. Costs nothing."""
        service = protocol.declaration(provider)
        service.require(Feature.BALANCE)
        self.session.host.require_ready(service)
        left = (await self.session.ask("balance", provider=provider)).points
        return self.told({"provider": provider, "points": left.total, "unit": service.unit, "expires": left.expires})


def _service(service: Declaration, has_key: bool) -> dict[str, Any]:
    """What an agent needs to know of it: no address, and nothing of keys but whether there is one."""
    return {
        "id": service.id,
        "name": service.name,
        "key_is_set": has_key,
        "unit": service.unit,
        "features": sorted(service.features),
        "reasons": dict(service.reasons),
        "formats": [*service.formats, *service.keeps],
        "views": [*service.views],
        "max_images": service.max_images,
        "max_variants": service.max_variants,
        "options": [
            {"key": one.key, "kind": one.kind, "default": one.default, "help": one.help, "limits": one.limits,
             "choices": [*one.choices]}
            for one in service.options
        ],
    }  # fmt: skip
