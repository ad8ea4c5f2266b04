"""The Ninja API, with its own description of itself."""

import json
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import ValidationError

from cms.api import answers, door, openapi, problems


class ContentAPI(NinjaAPI):
    """Ninja for the map and the parameters. What goes wrong leaves it as an exception, and
    `cms.api.door` makes the answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(docs_url=None, openapi_url=None, **options)

    def set_default_exception_handlers(self) -> None:
        self.add_exception_handler(ValidationError, self.refuse)

    def refuse(self, _request: HttpRequest, error: Any) -> HttpResponse:
        raise problems.of_validation(error.errors) from None

    def _get_urls(self) -> list[Any]:
        if self.urls_namespace != door.NAMESPACE:  # another one beside the content's
            return super()._get_urls()
        own = [
            path("openapi.json", self.show_openapi, name="openapi"),
            path("docs/", self.show_docs, name="docs"),
        ]
        return [*own, *super()._get_urls()]

    @cached_property
    def described(self) -> dict[str, Any]:
        return openapi.document(self, door.PREFIX)

    @cached_property
    def described_as_json(self) -> str:
        return json.dumps(self.described, separators=(",", ":"))

    def show_openapi(self, request: HttpRequest) -> HttpResponse:
        return answers.sent(request, self.described_as_json, keys=["openapi"])

    def show_docs(self, request: HttpRequest) -> HttpResponse:
        """For people. Nothing in it comes from anywhere else."""
        types = [
            (name, {**schema, "members": list(schema.get("properties", {}).items())})
            for name, schema in self.described["components"]["schemas"].items()
        ]
        return render(request, "cms/api/docs.html", {"api": self.described, "types": types})
