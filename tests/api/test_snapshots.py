"""One answer of each type, from the content that we ship."""

import json

from django.test import Client

from cms.sample import Loaded
from tests.api import snapshots


def test_each_type_looks_as_its_snapshot(whole_sample: Loaded, client: Client) -> None:
    for name, path in snapshots.paths(client).items():
        file = snapshots.FOLDER / f"{name}.json"
        snapshots.compare(file, snapshots.steady(json.loads(client.get(path).content)))
