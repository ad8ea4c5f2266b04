"""The OpenAPI document of what can be written: Ninja's, with problems as what they are."""

from http import HTTPStatus
from typing import Any

from ninja.openapi.schema import OpenAPISchema

from cms.api.base import ContentAPI
from cms.api.problems import MEDIA_TYPE


class PeopleAPI(ContentAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        made = super().get_openapi_schema(**options)
        for methods in made["paths"].values():
            for operation in methods.values():
                for status, said in operation["responses"].items():
                    if int(status) >= HTTPStatus.BAD_REQUEST:
                        said["content"] = {MEDIA_TYPE: said["content"]["application/json"]}
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        return made
