"""The OpenAPI document of what can be written: Ninja's, with problems as what they are."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.openapi.schema import OpenAPISchema

from cms.api import problems
from cms.api.problems import MEDIA_TYPE


class PeopleAPI(NinjaAPI):
    """It stands beside the content's, behind a door of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(docs_url=None, openapi_url="people.json", **options)

    def set_default_exception_handlers(self) -> None:
        self.add_exception_handler(ValidationError, self.refuse)

    def refuse(self, _request: HttpRequest, error: Any) -> HttpResponse:
        raise problems.of_validation(error.errors) from None

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        made = super().get_openapi_schema(**options)
        for methods in made["paths"].values():
            for operation in methods.values():
                for status, said in operation["responses"].items():
                    if int(status) >= HTTPStatus.BAD_REQUEST:
                        said["content"] = {MEDIA_TYPE: said["content"]["application/json"]}
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        return made
