"""The files behind the pre-signed URLs: what there is, who may still fetch it.

Standard library only; `files` serves them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, unquote, urlencode, urlsplit

from .. import present

ACCESS_KEY_ID = "AKIDSIMULATOR0000000"
_SECRET = b"signs the simulator's own URLs and nothing else"

Producer = Callable[[], Awaitable[bytes]]


def _always() -> bool:
    return True


class FileStore:
    """Files by key; a file may be made only when somebody fetches it."""

    def __init__(self) -> None:
        self.base_url = ""
        self._producers: dict[str, tuple[Producer, Callable[[], bool]]] = {}
        self._round = 0

    def put(self, key: str, producer: Producer, ready: Callable[[], bool] = _always) -> None:
        """Args:
        ready: whether the file is there yet; a URL may be given out before.
        """
        self._producers[key] = producer, ready

    def find(self, key: str) -> Producer | None:
        producer, ready = self._producers.get(key, (None, _always))
        return producer if ready() else None

    def behind(self, url: str) -> Producer | None:
        """The file that a URL of this host's leads to, whether or not the signature still opens it."""
        if not url.startswith(f"{self.base_url}/"):
            return None
        return self.find(unquote(urlsplit(url).path).removeprefix("/"))

    def clear(self) -> None:
        self._producers.clear()
        self.expire_all()

    def expire_all(self) -> None:
        """Every URL given out so far has expired."""
        self._round += 1

    def url(self, key: str, seconds: float, *, expired: bool = False) -> str:
        """A pre-signed URL, valid for `seconds` from the last full second; or one that never was."""
        expires = int(present.now() - 60) if expired else int(present.now() + seconds)
        signature = self._sign(key, str(expires), self._round)
        query = urlencode({"AWSAccessKeyId": ACCESS_KEY_ID, "Expires": expires, "Signature": signature})
        return f"{self.base_url}/{quote(key)}?{query}"

    def refusal(self, key: str, query: Mapping[str, str]) -> tuple[str, str] | None:
        """Why the signature does not open the file, as the storage's code and message; None when it does."""
        signature, expires = query.get("Signature", ""), query.get("Expires", "")
        if query.get("AWSAccessKeyId") != ACCESS_KEY_ID or not signature or not expires:
            return "AccessDenied", "Access Denied"
        signed_in = [
            number
            for number in range(self._round + 1)
            if hmac.compare_digest(signature, self._sign(key, expires, number))
        ]
        if not signed_in:
            return "SignatureDoesNotMatch", "The request signature does not match the signature calculated."
        if signed_in[-1] < self._round or present.now() > int(expires):
            return "AccessDenied", "Request has expired"
        return None

    @staticmethod
    def _sign(key: str, expires: str, number: int) -> str:
        text = f"GET\n{number}\n{expires}\n/{key}".encode()
        return base64.b64encode(hmac.new(_SECRET, text, hashlib.sha1).digest()).decode()
