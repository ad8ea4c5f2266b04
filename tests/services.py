"""One PostgreSQL and one Redis for the whole run, loaded with `-p tests.services`.

The controller starts them before Django reads its settings; xdist workers find the addresses in
the environment that they inherit. With DATABASE_URL or REDIS_URL set, that server is used.
"""

import os
from collections.abc import Generator
from urllib.parse import urlsplit

import pytest

from config.local import throwaway


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """A wrapper, because pytest-django reads the settings in this hook and comes first in it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        servers = throwaway.start(os.environ)
        # Not pytest_unconfigure, which does not run when the settings cannot be read.
        early_config.add_cleanup(servers.stop)
        os.environ.update(servers.environment)
    else:
        os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker=worker)
    yield


def own_database(redis_url: str, *, worker: str) -> str:
    """Another Redis database for each worker; database 0 is for runs without workers."""
    number = int(worker.removeprefix("gw")) + 1
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()
