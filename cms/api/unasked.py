"""Requests without a query. What the parameters are then is known before, so nothing is parsed:
that would cost a tenth of the time that such a request takes."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

Answer = Callable[[HttpRequest], HttpResponse]
# By the name of the operation: from what stands in the path to what answers.
# Raises `ValueError` if the path has something that is none.
Make = Callable[[Mapping[str, str]], Answer]

makers: dict[str, Make] = {}


def answer_of(match: ResolverMatch) -> Answer | None:
    """What answers at this address if nothing is asked; None if only the parser can say."""
    make = makers.get(match.url_name or "")
    try:
        return make(match.kwargs) if make else None
    except ValueError:
        return None
