"""Which addresses may be talked to (https anywhere, plain http on this machine only), and what they say of an image.

Standard library only.
"""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from ..errors import InvalidInput


def check_url(url: str) -> str:
    """The base address of a service without a trailing slash.

    Raises:
        InvalidInput: it is no http(s) address, or a plain http one that leaves this machine.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"The service address {url!r} cannot be read: {error}.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise InvalidInput(f"The service address {url!r} is not of the form https://host[:port][/path].")
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(f"The service address {url!r} would send the key unprotected.", "Use https instead of http.")
    return url.strip().rstrip("/")


def protected(url: str) -> str:
    """The address over https, where it is a plain one on another machine; at the same port, if it names one."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or is_loopback(parts.hostname or ""):
        return url
    return parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80")).geturl()


def is_web_address(text: str) -> bool:
    """Whether the text names something on the web rather than a file."""
    return text.lower().startswith(("http://", "https://"))


def name_in(image: str) -> str:
    """What a picture is called, by its path or its web address; what follows a ``?`` there may be a signature."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(image).path) if is_web_address(image) else image
    return Path(path).stem


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by name or address."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())
