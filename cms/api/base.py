from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from cms.api import problems


class ContentAPI(NinjaAPI):
    """Ninja for the map and the parameters. What goes wrong leaves it as an exception, and
    `cms.api.door` makes the answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(docs_url=None, openapi_url=None, **options)

    def set_default_exception_handlers(self) -> None:
        self.add_exception_handler(ValidationError, self.refuse)

    def refuse(self, _request: HttpRequest, error: Any) -> HttpResponse:
        raise problems.of_validation(error.errors) from None
