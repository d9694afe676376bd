"""The schemas of CSM, GoNeural and ModelsLab: they are schemas, of the endpoints that the stand-in has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import requests

from tests.support.others_today import schemas
from tests.support.simulator_client import Caller

SERVICES = ("csm", "goneural", "modelslab")
#: Endpoints that are asked with GET or DELETE, so without a body.
NO_BODY = {"csm/v3/session", "csm/v3/list", "csm/v3/cancel", "csm/credits", "csm/session", "csm/list"}
NO_BODY |= {"goneural/task", "goneural/billing"}


def endpoints(service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for generation in ("today", "2024"):
        yield from schemas(service)[generation].items()


@pytest.mark.parametrize("service_name", SERVICES)
def test_they_are_schemas(service_name: str) -> None:
    shared = schemas(service_name)["$defs"]
    for name, about in endpoints(service_name):
        assert ("request" in about) == (name not in NO_BODY)
        assert {"400", "401", "404", "405", "500"} < set(about["answers"])
        for schema in (about.get("request", {}), *about["answers"].values()):
            jsonschema.Draft202012Validator.check_schema({**schema, "$defs": shared})
            # A reference that leads nowhere shows only when something is held against it.
            jsonschema.Draft202012Validator({**schema, "$defs": shared}).is_valid({})


@pytest.mark.parametrize("service_name", SERVICES)
def test_every_endpoint_has_one_and_no_other(service: Caller, service_name: str) -> None:
    body = {"endpoint": "nowhere", "fault": "http_500"}
    said = requests.post(f"{service.sim.admin_url}/faults", json=body, timeout=30).json()["message"]
    known = said.partition("Endpoints: ")[2].split(", ")
    expected = {name for name in known if name.startswith(f"{service_name}/")}
    assert {name for name, _ in endpoints(service_name)} == expected
