"""Steers a running simulator over its admin port: faults and settings in, ledger and request log out.

Imports requests and the standard library only, like `handle`, which builds on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests


class SimulatorError(RuntimeError):
    """The simulator did not start, or refused what it was told."""


class Steering:
    """What can be done with a simulator whose admin port is known."""

    def __init__(self, keys: dict[str, str], settings: dict[str, Any]) -> None:
        """Args:
        keys: by service; settings: those that `reset` goes back to.
        """
        self.admin_url = ""
        self.keys = keys
        self._settings = settings
        self._session = requests.Session()
        # Proxies of the environment are no business of a loopback address.
        self._session.trust_env = False

    @property
    def token(self) -> str:
        """Neural4D's key."""
        return self.keys["neural4d"]

    # Faults and settings

    def set_fault(
        self,
        endpoint: str,
        fault: str,
        times: int | None = 1,
        *,
        after: int = 0,
        match: str = "",
        **params: Any,
    ) -> None:
        """Set a fault for the next calls; several queue up and each call gets the first that fits.

        Args:
            endpoint: "retrieveModel", "csm/create" and so on, "file" for the file host, "*" for every API endpoint.
            fault: one of `known_faults()`.
            times: calls that get it; None for every one until `clear_faults`.
            after: calls that are spared first.
            match: count only calls whose path or body contains this text.
            params: the fault's own, such as retry_after=2.
        """
        body = {"endpoint": endpoint, "fault": fault, "times": times, "after": after, "match": match, **params}
        self._admin("POST", "/faults", body)

    def clear_faults(self) -> None:
        """No faults any more: ports listen again, hanging connections are reset."""
        self._admin("DELETE", "/faults")

    def faults(self) -> list[dict[str, Any]]:
        """The faults that still wait for their calls."""
        found: list[dict[str, Any]] = self._admin("GET", "/faults")["waiting"]
        return found

    def known_faults(self) -> dict[str, str]:
        """Every fault's name and what it does."""
        found: dict[str, str] = self._admin("GET", "/faults")["known"]
        return found

    def configure(self, **settings: Any) -> None:
        """Change settings; a new balance refills the accounts, everything else holds for what comes next."""
        self._admin("POST", "/configure", settings)
        for service in self.keys:
            self.keys[service] = settings.get(key_setting(service), self.keys[service])

    def settings(self) -> dict[str, Any]:
        """All settings but the keys."""
        found: dict[str, Any] = self._admin("GET", "/settings")
        return found

    def reset(self) -> None:
        """No jobs, ledger, log or faults; keys and settings as this handle was made with."""
        self._admin("POST", "/reset")
        self._configure_all()

    def _configure_all(self) -> None:
        self.configure(**{key_setting(service): key for service, key in self.keys.items()}, **self._settings)

    def finish_jobs(self) -> None:
        """Every job, matting and stage that runs is done now (or failed, where it was to fail)."""
        self._admin("POST", "/finish")

    def expire_urls(self) -> None:
        """Every result URL given out so far has expired."""
        self._admin("POST", "/expire")

    def refuse_connections(self, seconds: float | None = None, *, endpoint: str = "*") -> None:
        """The API port (or the file host's: endpoint="file") stops listening until `clear_faults`, or for a time."""
        self.set_fault(endpoint, "connection_refused", seconds=seconds)

    # What happened

    def ledger(self, service: str | None = None) -> list[dict[str, Any]]:
        """Rows of service, operation, points (negative: refund), uuids, balance_after, time; of all or one service."""
        rows: list[dict[str, Any]] = self._admin("GET", "/ledger")["rows"]
        return [row for row in rows if service in (None, row["service"])]

    @property
    def balance(self) -> int:
        """Neural4D's points that are left."""
        found: int = self._admin("GET", "/ledger")["balance"]
        return found

    def balances(self) -> dict[str, int]:
        """What is left on each service's account."""
        found: dict[str, int] = self._admin("GET", "/accounts")
        return found

    @property
    def spent(self) -> int:
        """Points spent by all operations of all services together, refunds taken off."""
        return self.spent_at(None)

    def spent_at(self, service: str | None) -> int:
        """Points spent at one service (None: at all), refunds taken off."""
        return sum(row["points"] for row in self.ledger(service))

    def requests(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Requests so far: time, host, endpoint, method, path, status (None: no answer), has_token, fault, body."""
        entries: list[dict[str, Any]] = self._admin("GET", "/requests")
        return [entry for entry in entries if endpoint in (None, entry["endpoint"])]

    def jobs(self) -> list[dict[str, Any]]:
        """Jobs at the services: service, uuid, prompt, state, percent, and what each service has of its own."""
        found: list[dict[str, Any]] = self._admin("GET", "/jobs")
        return found

    def wait_for_request(
        self,
        endpoint: str,
        count: int = 1,
        *,
        timeout: float = 120.0,
        where: Callable[[dict[str, Any]], bool] | None = None,
    ) -> dict[str, Any]:
        """Wait until so many requests to an endpoint have come in; the last of them.

        Raises:
            TimeoutError: they did not come.
        """
        end = time.monotonic() + timeout
        while True:
            found = [entry for entry in self.requests(endpoint) if where is None or where(entry)]
            if len(found) >= count:
                return found[count - 1]
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} of {count} requests to {endpoint} came within {timeout:g} s.")
            time.sleep(0.02)

    def _admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._session.request(method, self.admin_url + path, json=body, timeout=30)
        if answer.status_code != 200:
            raise SimulatorError(answer.json().get("message", answer.text))
        return answer.json()


def key_setting(service: str) -> str:
    """The setting that holds a service's key."""
    return "token" if service == "neural4d" else f"{service}_key"
