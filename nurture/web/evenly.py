"""An answer that takes as long for a known address as for a stranger's."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

# Longer than all that a signup writes; a person does not notice it.
LEAST_SECONDS = 0.15

View = Callable[..., HttpResponse]


def evenly(view: View) -> View:
    """A POST is answered no sooner than after `LEAST_SECONDS`, whatever there was to do."""

    @wraps(view)
    def steady(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        began = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0.0, LEAST_SECONDS - (time.monotonic() - began)))
        return response

    return steady
