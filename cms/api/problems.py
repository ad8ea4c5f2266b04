"""What goes wrong, as `application/problem+json` (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class BadParameter(BaseModel):
    name: str
    reason: str
    allowed: list[str] | None = Field(None, description="What may stand there.")


class ProblemDocument(BaseModel):
    """Why there is no better answer. `detail` is for developers, not for readers of the site."""

    type: str = Field(examples=["urn:rehabit:problem:bad-parameter"])
    title: str
    status: int
    detail: str
    parameters: list[BadParameter] = Field(default=[], description="Which ones are wrong, and why.")


class Problem(Exception):
    """Ends a request with this status. The type is a URN, made from `kind`."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        parameters: Iterable[BadParameter] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = HTTPStatus(status)
        self.detail = detail
        self.kind = kind or self.status.phrase.lower().replace(" ", "-")
        self.parameters = list(parameters)
        self.headers = dict(headers or {})

    def response(self) -> HttpResponse:
        document = ProblemDocument(
            type=f"urn:rehabit:problem:{self.kind}",
            title=self.status.phrase,
            status=self.status,
            detail=self.detail,
            parameters=self.parameters,
        )
        return HttpResponse(
            document.model_dump_json(exclude_none=True),
            status=self.status,
            content_type=MEDIA_TYPE,
            headers={"Cache-Control": "no-store", **self.headers},
        )


def not_found(detail: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, detail)


def bad_parameters(parameters: Iterable[BadParameter]) -> Problem:
    found = list(parameters)
    names = ", ".join(parameter.name for parameter in found)
    return Problem(
        HTTPStatus.BAD_REQUEST,
        f"These parameters are not right: {names}.",
        kind="bad-parameter",
        parameters=found,
    )


def bad_parameter(name: str, reason: str, allowed: Iterable[str] | None = None) -> Problem:
    named = None if allowed is None else list(allowed)
    return bad_parameters([BadParameter(name=name, reason=reason, allowed=named)])


def of_validation(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """What pydantic found wrong with a request."""
    return bad_parameters(explained(error) for error in errors)


def explained(error: Mapping[str, Any]) -> BadParameter:
    """pydantic's places look like ("query", "params", "level__in", 0)."""
    place = [part for part in error["loc"] if isinstance(part, str)]
    allowed = None
    if "expected" in (context := error.get("ctx") or {}):
        allowed = [value.strip("' ") for value in str(context["expected"]).split(",")]
        allowed = [one.strip("' ") for value in allowed for one in value.split(" or ")]
    reason = str(error["msg"]).removeprefix("Value error, ")
    return BadParameter(name=place[-1], reason=reason, allowed=allowed)
