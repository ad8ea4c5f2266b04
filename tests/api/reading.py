"""Asking the API as a client does."""

import json
from typing import Any

from django.test import Client

ROOT = "/api/v1/"


def get(client: Client, path: str, *, status: int = 200, **headers: str) -> Any:
    """The JSON of an answer that must have this status."""
    response = client.get(ROOT + path, headers=headers)
    assert response.status_code == status, response.content
    kind = response.headers["Content-Type"]
    assert kind.endswith("json"), kind
    assert (kind == "application/problem+json") == (status >= 400)
    return json.loads(response.content)


def titles(client: Client, path: str) -> list[str]:
    return [item["title"] for item in get(client, path)["items"]]


def refused(client: Client, path: str, *, status: int = 400) -> dict[str, Any]:
    """The parameters that a problem document names."""
    problem = get(client, path, status=status)
    assert problem["status"] == status
    return {bad["name"]: bad.get("allowed") for bad in problem["parameters"]}
