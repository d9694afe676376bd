"""The tools that lead to a model: what there is, what it costs, and having it made or brought in."""

from __future__ import annotations

import os
import re
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcp.types import CallToolResult

from ...batching.bring_in_sources import Origin, origin_of
from ...client.jobs.box_fit import prompt_of
from ...client.jobs.job_target import Fit
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
        fit_file: a.Blend = "",
        fit_boxes: a.Boxes = None,
        seat: a.Seat = "FLOOR",
    ) -> CallToolResult:
        """Say what a model would cost at most, and check the request. Costs nothing, and nothing is sent.

        Call generate with the quote's id to have it made and paid. For example {"prompt": "a wooden chair",
        "size_mm": 900, "axis": "Z"}. With choose_picture the job waits for the tool choose, where the service makes
        pictures first. With fit_file and fit_boxes the model is made to fill boxes of a .blend, which give its size
        and, where there is nothing else, its prompt; it comes into them when the user opens that file.
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
        files = {"image": image, "views": views, "references": references}
        if fit_file or fit_boxes:
            kept = await self._fitted(values, files, fit_file, list(dict.fromkeys(fit_boxes or ())), seat)
        else:
            kept = self.session.planned(values, files)
        told = await self.quoted([kept])
        self.session.keep(told["quote"], kept)
        return self.told(told)

    async def boxes(self, file: a.Blend, collection: str = "") -> CallToolResult:
        """List the objects of a .blend that a model can be made to fill, with their sizes in millimetres, of one
        collection or all. Costs nothing. To dress a blockout, quote and generate a model for each name.
        """
        _, found = await self.session.boxes(file)
        return self.told({"boxes": [one for one in found if collection in ("", one["collection"])]})

    async def _fitted(
        self, values: dict[str, Any], files: dict[str, Any], file: str, boxes: list[str], seat: str
    ) -> Kept:
        """A request for a model that is to fill boxes of a .blend."""
        path, found = await self.session.boxes(file)
        sizes = {one["name"]: one["size_mm"] for one in found}
        if unknown := [name for name in boxes if name not in sizes]:
            raise InvalidInput(f"There is no box {unknown[0]!r} in {path.name}.", "Call boxes for those there are.")
        if not boxes or "size_mm" in values:
            raise InvalidInput("Boxes are named by fit_boxes, and give the size.", "Leave size_mm out, or fit_file.")
        if not (values.get("prompt") or any(files.values())):
            values["prompt"] = prompt_of(boxes[0])
        kept = self.session.planned(values, files)
        sides = [side or max(sizes[boxes[0]]) for side in sizes[boxes[0]]]  # a flat box leaves one of them free
        request = replace(kept.request, fit_mm=sides, size_mm=max(sides), axis="LONGEST")
        protocol.check(kept.provider, request)
        fits: list[Fit] = [
            {"box": name, "id": uuid.uuid4().hex, "seat": seat, "stretch": "", "turns": True} for name in boxes
        ]
        return replace(kept, request=request, target={"fit": fits, "offered": str(path)})

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
