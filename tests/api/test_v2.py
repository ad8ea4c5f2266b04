"""Wagtail's own API stands beside ours, for front ends that already speak it."""

import json

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms.sample import Loaded


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = client.get(path)
    assert response.status_code == 200
    return len(seen)


def test_a_longer_list_costs_no_more_queries(compiled: Loaded, client: Client) -> None:
    client.get("/api/v2/pages/")

    short = queries(client, "/api/v2/pages/?limit=1")
    long = queries(client, "/api/v2/pages/?limit=20")

    assert len(json.loads(client.get("/api/v2/pages/?limit=20").content)["items"]) == 7
    assert long == short


def test_it_only_reads(client: Client, db: None) -> None:
    for method in (client.post, client.put, client.patch, client.delete):
        assert method("/api/v2/pages/").status_code in {403, 405}
