"""What the policy allows. The engine keeps to it whoever asks; the host refuses the same, earlier.

Nothing of it is kept between two looks: a policy that was changed holds from the next job on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import services
from ..errors import ForbiddenByPolicy
from ..model.inputs.web_addresses import is_web_address
from ..model.request import Request
from . import policy_file

#: What is forbidden where pictures have web addresses.
IMAGE_URLS = "image_urls"
_DEFAULTS = Request()


@dataclass(frozen=True)
class Policy:
    """A policy; the one without arguments allows everything.

    Attributes:
        path: of its file, None where there is none.
        services: ids of those allowed, None for all. addresses: of each service those allowed, where there are such.
        points: ``job``, ``day`` and ``month`` for all together; of others by ``user``, ``project``, ``agent`` and
            ``service``, each by name.
        fixed: values by the names of a request or of a service's option. forbidden: such names.
        files, assets: folders for them, with all that is below; empty for any. audit: where the audit is, if anywhere.
        agents: whether there may be any. may: what they may do, of ``policy_file.MAY``. folders: below which those have
            to be that a user names for them; empty for any. approve_above: points from which on the user is asked for
            each of their jobs; None for never. place: "ask" or "always", whether their models come into the open file
            by themselves; empty where each user decides.
        panel: what the panel shows. sentence: what is said of all that is forbidden.
    """

    path: Path | None = None
    services: frozenset[str] | None = None
    addresses: Mapping[str, list[str]] = field(default_factory=dict)
    points: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    files: tuple[Path, ...] = ()
    assets: tuple[Path, ...] = ()
    audit: Path | None = None
    agents: bool = True
    may: frozenset[str] = frozenset(policy_file.MAY)
    folders: tuple[Path, ...] = ()
    approve_above: int | None = None
    place: str = ""
    panel: str = ""
    sentence: str = ""

    @classmethod
    def at(cls, data_dir: Path) -> Policy:
        """The one that holds for a data folder; PolicyUnusable where there is one that cannot be kept to."""
        path = policy_file.find(data_dir)
        if path is None:
            return cls()
        told = {"services": {}, "options": {}, "folders": {}, "agents": {}, "texts": {}, **policy_file.read(path)}
        allowed, options, folders, agents = (
            told["services"].get("allowed"),
            *(told[name] for name in ("options", "folders", "agents")),
        )
        return cls(
            path,
            services=None if allowed is None else frozenset(allowed),
            addresses=told["services"].get("addresses", {}),
            points=told.get("points", {}),
            fixed=options.get("fixed", {}),
            forbidden=frozenset(name for name, is_so in options.get("forbidden", {}).items() if is_so),
            files=_paths(folders.get("files", ())),
            assets=_paths(folders.get("assets", ())),
            audit=Path(folders["audit"]).expanduser() if "audit" in folders else None,
            agents=agents.get("allowed", True),
            may=frozenset(agents.get("may", policy_file.MAY)),
            folders=_paths(agents.get("folders", ())),
            approve_above=agents.get("approve_above"),
            place=agents.get("place", ""),
            panel=told["texts"].get("panel", ""),
            sentence=told["texts"].get("forbidden", ""),
        )

    def apply(self, service: str, request: Request) -> Request:
        """The request with what is fixed, where all of it is allowed; ForbiddenByPolicy where it is not.

        Args:
            service: its id. What is built in is nobody's business.
        """
        declared = services.DECLARATIONS.get(service)
        if declared and declared.built_in:
            self._check_folders(request)
            return request
        if self.services is not None and service not in self.services:
            raise self.refusal(f"The service {services.DECLARATIONS[service].name} is not allowed here.")
        self._check_agent(request)
        self._check_folders(request)
        if request.bring_in:  # which makes nothing
            return request
        fixed = self._with_fixed(service, request)
        for name in sorted(self.forbidden):
            if self._uses(name, fixed):
                raise self.refusal(f"{name} is not allowed here.")
        return fixed

    def is_forbidden(self, name: str) -> bool:
        """The option of that name may not be used, or not be changed."""
        return name in self.forbidden or name in self.fixed

    def check_address(self, service: str, url: str) -> None:
        """ForbiddenByPolicy where the service is not allowed, or not to be called there."""
        if self.services is not None and service not in self.services:
            raise self.refusal(f"The service {services.DECLARATIONS[service].name} is not allowed here.")
        if not self.allowed(service, [url]):
            raise self.refusal(f"{services.DECLARATIONS[service].name} is not allowed at {url}.")

    def allowed(self, service: str, urls: Iterable[str]) -> tuple[str, ...]:
        """Those of the service's addresses that it may be called at."""
        allowed = self.addresses.get(service)
        return tuple(url for url in urls if allowed is None or url.rstrip("/") in [one.rstrip("/") for one in allowed])

    def check_file(self, path: str | Path, what: str = "files") -> None:
        """ForbiddenByPolicy where nothing may be written there; ``what`` is "files" or "assets"."""
        allowed = self.files if what == "files" else self.assets
        if allowed and not _is_below(Path(path), allowed):
            there_are = ", ".join(map(str, allowed))
            raise self.refusal(f"No {what} may be written to {path}: only to {there_are}.")

    def check_folders_of_agents(self, named: Iterable[Path]) -> None:
        """ForbiddenByPolicy where one of the folders that a user has named for agents may not be."""
        for folder in named:
            if self.folders and not _is_below(folder, self.folders):
                there_are = ", ".join(map(str, self.folders))
                raise self.refusal(f"Agents may not have {folder}: only what is in {there_are}.")

    def refusal(self, what: str) -> ForbiddenByPolicy:
        """It, with the studio's own sentence where there is one."""
        return ForbiddenByPolicy(what, self.sentence)

    def _with_fixed(self, service: str, request: Request) -> Request:
        declared = services.DECLARATIONS.get(service)
        own = {option.key for option in declared.options} if declared else set()
        values: dict[str, Any] = {}
        options = dict(request.options)
        for name, value in self.fixed.items():
            if name == "prompt_suffix":
                prompt = request.prompt.rstrip()
                if prompt and value and not prompt.endswith(value):
                    values["prompt"] = f"{prompt} {value.strip()}"
            elif name in own:
                if options.setdefault(name, value) != value:
                    raise self.refusal(f"{name} is fixed to {value!r} here.")
            elif name in Request.__dataclass_fields__:
                if getattr(request, name) not in (value, getattr(_DEFAULTS, name)):
                    raise self.refusal(f"{name} is fixed to {value!r} here.")
                values[name] = value
        return replace(request, options=options, **values)

    def _uses(self, name: str, request: Request) -> bool:
        if name == IMAGE_URLS:
            return any(is_web_address(one) for one in (*request.images, *request.views.values()))
        if name in Request.__dataclass_fields__:
            return name not in self.fixed and getattr(request, name) != getattr(_DEFAULTS, name)
        return name in request.options and name not in self.fixed

    def _check_agent(self, request: Request) -> None:
        if not request.agent:
            return
        if not self.agents:
            raise self.refusal("Agents are not allowed here.")
        making = {"fit", "dress"} if request.fit_mm else {"generate"}
        wanted = {"bring_in"} if request.bring_in else making
        if not wanted & self.may:
            raise self.refusal(f"Agents may not {' or '.join(sorted(wanted))} here.")

    def _check_folders(self, request: Request) -> None:
        for folder in (request.keep_in, request.texture_folder):
            if folder:
                self.check_file(folder)


def _paths(names: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(name).expanduser() for name in names)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    """Whichever links lead there."""
    real = path.resolve()
    return any(real.is_relative_to(folder.resolve()) for folder in folders)
