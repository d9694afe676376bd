"""Which addresses may be talked to (https anywhere, plain http on this machine only), and what they say of an image.

Standard library only.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from pathlib import Path

from ...errors import InvalidInput

#: Host and port that every parser reads alike: no user before them, nothing encoded, no letters that become others.
_PLAIN = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d*)?", re.IGNORECASE)


def host_of(url: str) -> str:
    """The host of an address.

    Raises:
        ValueError: it has none, or one that parsers read in two ways: one looks at a host, another connects to one.
    """
    written = re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]
    if not _PLAIN.fullmatch(written):
        raise ValueError("its host can be read in two ways, or not at all")
    parts = urllib.parse.urlsplit(url)
    host, _ = (parts.hostname or "").rstrip("."), parts.port
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    if re.fullmatch(r"0x[0-9a-f]*|\d+", host.rpartition(".")[2]):  # to some a number, however it is written
        return str(ipaddress.IPv4Address(host))
    return host


def is_inward(host: str) -> bool:
    """Whether the host is this machine, or one that only its own network reaches."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


def check_url(url: str) -> str:
    """The base address of a service without a trailing slash.

    Raises:
        InvalidInput: it is no http(s) address, or a plain http one that leaves this machine.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        host = host_of(url.strip())
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
    if not is_web_address(image):
        return Path(image).stem
    path = re.split(r"[?#]", image.partition("//")[2])[0].partition("/")[2]
    return Path(urllib.parse.unquote(path)).stem


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by name or address."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())


def next_hop(url: str, target: str) -> str:
    """Where a redirect from one address to another may lead, over https.

    Raises:
        ValueError: it may not: to something else than a web page, into a network from outside, or nobody knows where.
    """
    if re.search(r"[\\\0-\x1f]", target):
        raise ValueError("it can be read in two ways")
    if re.match(r"([a-z][a-z0-9+.-]*:)?//", target, re.IGNORECASE):
        host_of(target)
    target = protected(urllib.parse.urljoin(url, target))
    host = host_of(target)
    if urllib.parse.urlsplit(target).scheme not in ("http", "https") or (
        is_inward(host) and not is_inward(host_of(url))
    ):
        raise ValueError(f"it leads to {host}")
    return target
