"""What somebody wants brought in: model files, ids and links of models that a service has made, told apart.

Standard library and the engine's ``protocol`` only; reads no more of a file than its first bytes, and asks no service.
What ids and links look like is each service's own declaration.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..client.paths import expanded, located
from ..engine.protocol import (
    FILES,
    Declaration,
    InvalidInput,
    declaration,
    declarations,
    file_type,
    format_by_ending,
    host_of,
    is_web_address,
    name_in,
)

#: What it takes: a path, an id or a link.
What = str | os.PathLike[str]
#: Address and key of each service, by its id, as the settings have them.
Services = Mapping[str, Mapping[str, str]]


class Origin(NamedTuple):
    """One model to be brought in.

    Attributes:
        provider: of a file :data:`FILES`. bring_in: as a request has it. format: that is asked for.
        name: what the model is called; empty where only its id is known.
    """

    provider: str
    bring_in: str
    format: str
    name: str = ""


def listed(what: What) -> list[What]:
    """The model files of a folder, in the order of their names, or of the folders in it; else what was given.

    Raises:
        InvalidInput: there is none.
    """
    text = _plain(what)
    folder = expanded(text)
    if not text or is_web_address(text) or not os.path.isdir(folder):  # which takes any text, unlike Path's
        return [what]
    try:
        found = _models(folder) or [file for one in sorted(folder.iterdir()) if one.is_dir() for file in _models(one)]
    except OSError as error:
        raise InvalidInput(f"{error.filename or folder} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise InvalidInput(f"There is no model file in {folder}.")
    return [*found]


def origin_of(
    what: What, services: Services, provider: str = "", folder: Path | None = None, *, usual: str = ""
) -> Origin:
    """What it is, and whose.

    Args:
        services: the settings. provider: id of the service, for what is no file; empty where the id tells.
        folder: what relative paths are relative to; None for the working directory.
        usual: id of the service that is meant where an id may be one of several.

    Raises:
        InvalidInput: there is no such file, or it is none of the services' ids and links.
    """
    text = _plain(what)
    if is_web_address(text):
        return _linked(text, services, provider)
    path = located(text or "?", folder or Path.cwd())
    if os.path.isfile(path):
        return _of_file(path)
    if provider == FILES or isinstance(what, os.PathLike) or format_by_ending(text):
        raise InvalidInput(f"There is no file {path}.", "Look where it is now.")
    service = _service_of(text, services, provider, usual)
    return Origin(service.id, text, service.native)


def _plain(what: What) -> str:
    """A text without what a file manager, a shell or a mail puts around a path; a file's address as its path."""
    if not isinstance(what, str):
        return os.fspath(what)
    text = what.strip().strip('"').strip()
    if len(text) > 1 and text[0] + text[-1] in ("''", "<>"):
        text = text[1:-1].strip()
    try:
        parts = urllib.parse.urlsplit(text)
    except ValueError:
        return text
    if parts.scheme.lower() != "file":
        return text
    from urllib.request import url2pathname  # which takes its time to load

    host = "" if parts.netloc.lower() in ("", "localhost") else f"//{parts.netloc}"  # a share of Windows'
    return host + url2pathname(parts.path)


def _models(folder: Path) -> list[Path]:
    """macOS leaves hidden files with the same endings on other file systems."""
    files = (path for path in folder.iterdir() if format_by_ending(path.name) and not path.name.startswith("."))
    return sorted(path for path in files if path.is_file())


def _of_file(path: Path) -> Origin:
    called = format_by_ending(path.name)
    try:
        kind = (file_type(path, called) or called) if path.stat().st_size else ""
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
    if not kind:
        there_are = ", ".join(declaration(FILES).formats)
        raise InvalidInput(f"{path.name} is no model file of a kind that is known: {there_are}, or a .zip of one.")
    return Origin(FILES, os.path.abspath(path), kind, path.stem)


def _linked(link: str, services: Services, provider: str) -> Origin:
    """A page of a model has its id in it, and a result is a file."""
    try:
        host, parts = host_of(link).lower(), urllib.parse.urlsplit(link)
    except ValueError as error:
        raise InvalidInput(f"The link cannot be read: {error}.") from error
    own = [one for one in declarations() if provider in ("", one.id) and _is_on(one, services, host, parts.port)]
    named = [*urllib.parse.unquote(parts.path).split("/"), *_values(parts.query), *_values(parts.fragment)]
    if format_by_ending(parts.path):
        service = own[0] if own else declaration(provider) if provider else None
        if service:
            return Origin(service.id, link, service.native, name_in(link))
    for service in own:
        if found := next((one for one in reversed(named) if _fits(service, one)), ""):
            return Origin(service.id, found, service.native)
    if own:
        raise InvalidInput(
            f"This link to {own[0].name} names no model.", "Copy the link of the model's own page, or its id."
        )
    raise InvalidInput(
        f"{host or 'This link'} is no address of {_names(provider)}.", "Download the model and bring in the file."
    )


def _is_on(service: Declaration, services: Services, host: str, port: int | None) -> bool:
    set_to = urllib.parse.urlsplit(services.get(service.id, {}).get("url", ""))
    same = (host, port) == (set_to.hostname, set_to.port)
    return same or any(host == site or host.endswith(f".{site}") for site in service.sites)


def _values(query: str) -> list[str]:
    return [value for _, value in urllib.parse.parse_qsl(query)] + re.split(r"[/?&=]", query)


def _service_of(text: str, services: Services, provider: str, usual: str) -> Declaration:
    """The service whose id it is; of several the one that there is a key for."""
    if provider:
        service = declaration(provider)
        if not _fits(service, text):
            others = [one.name for one in declarations() if _fits(one, text)]
            whose = f"; it looks like one of {' or '.join(others)}" if others else ""
            raise InvalidInput(
                f"{text[:80]!r} is no id of a model at {service.name}{whose}.",
                "Copy the id, or the link, from the service that made the model.",
            )
        return service
    found = [one for one in declarations() if _fits(one, text)]
    meant = [one for one in found if one.id == usual]
    meant = meant or [one for one in found if services.get(one.id, {}).get("key")]
    if len(found) > 1 and len(meant) != 1:
        names = " or ".join(one.name for one in found)
        raise InvalidInput(f"{text} may be an id of {names}.", f"Say which: provider={found[0].id!r}, for example.")
    if not found:
        raise InvalidInput(
            f"{text[:80]!r} is no model file, and no id of a model at {_names('')}.",
            "Give the path of a file, or copy the id or the link from the service that made the model.",
        )
    return (meant or found)[0]


def _fits(service: Declaration, text: str) -> bool:
    return bool(service.ids and re.fullmatch(service.ids, text))


def _names(provider: str) -> str:
    names = [one.name for one in declarations() if provider in ("", one.id)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
