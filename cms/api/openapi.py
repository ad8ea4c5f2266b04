"""The OpenAPI 3.1 document: what Ninja makes of the operations, completed by what holds for all."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from ninja import NinjaAPI
from pydantic import TypeAdapter

from cms.api.answers import SPARSE
from cms.api.freshness import JSON
from cms.api.parameters import ALWAYS
from cms.api.problems import MEDIA_TYPE, ProblemDocument
from cms.documents.shapes.pages import AnyDocument

EXAMPLES = Path(__file__).parent / "examples"
REF = "#/components/schemas/"

PROBLEMS = {
    400: "A parameter is unknown or wrong; `parameters` names it and what may stand there.",
    401: "A token is needed, or the one that came does not count.",
    403: "The token does not open this.",
    404: "There is no such page, or not for everybody.",
    406: "The client accepts nothing that the API speaks.",
    414: "The query is too long.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "The content cannot be reached just now; `Retry-After` says when to come back.",
}
HEADERS = {
    "ETag": ("The version of the answer, for If-None-Match.", "string"),
    "Cache-Control": ("How long it may be kept, and by whom.", "string"),
}
CONDITIONAL = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The entity tag of what the client has: the answer is 304 if nothing changed.",
    "schema": {"type": "string"},
}


def document(api: NinjaAPI, prefix: str) -> dict[str, Any]:
    """Takes a quarter of a second, so whoever asks keeps it."""
    made = json.loads(json.dumps(dict(api.get_openapi_schema(path_prefix=prefix))))
    made["servers"] = [{"url": "/"}]
    components = made["components"]
    add_schema(components["schemas"], "ProblemDocument", TypeAdapter(ProblemDocument))
    add_schema(components["schemas"], "AnyDocument", TypeAdapter(AnyDocument))
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from the admin. Without one everything public can be read.",
        }
    }
    for operation in operations(made):
        complete(operation, components["schemas"])
    # Parameters stand where they are used; Ninja leaves the models that hold them together.
    named_alone = ("Query", "Language")
    schemas = {k: v for k, v in components["schemas"].items() if not k.endswith(named_alone)}
    components["schemas"] = dict(sorted(schemas.items()))
    return dict(made)


def operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in made["paths"].values():
        yield from methods.values()


def add_schema(schemas: dict[str, Any], name: str, adapter: TypeAdapter[Any]) -> None:
    schema = adapter.json_schema(mode="serialization", ref_template=REF + "{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema


def complete(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        complete_parameter(parameter)
    responses = operation["responses"]
    success = responses["200"]
    success["description"] = "Found."
    content = success["content"][JSON]
    inline(content, schemas)
    example(content)
    names = {parameter["name"] for parameter in operation["parameters"]}
    if "fields" in names:
        success["content"][SPARSE] = {"schema": sparse(content["schema"], schemas)}
    if "security" not in operation:
        success["headers"] = {
            name: {"description": told, "schema": {"type": kind}}
            for name, (told, kind) in HEADERS.items()
        }
        responses["304"] = {"description": "The client has it already."}
        operation["parameters"].append(CONDITIONAL)
        operation["security"] = [{}, {"token": []}]
    own = {status: said["description"] for status, said in responses.items() if status >= "400"}
    for status, told in sorted({**{str(n): told for n, told in PROBLEMS.items()}, **own}.items()):
        responses[status] = {
            "description": told,
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"{REF}ProblemDocument"}}},
        }


def complete_parameter(parameter: dict[str, Any]) -> None:
    """A query has no null; lists are written with commas."""
    schema = parameter["schema"]
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    if options:
        schema.update(options[0])
    schema.pop("title", None)
    schema.pop("description", None)
    if schema.get("default", 0) is None:
        del schema["default"]
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}


def inline(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give the schema of an answer its name, so that clients can use it."""
    schema = content["schema"]
    if "discriminator" in schema:
        content["schema"] = {"$ref": f"{REF}AnyDocument"}
        return
    if "$ref" in schema or "title" not in schema:
        return
    name = "".join(part for part in schema["title"] if part.isalnum())
    schemas[name] = schema
    content["schema"] = {"$ref": f"{REF}{name}"}


def named(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).removeprefix(REF)


def sparse(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The same with nothing required but what always comes."""
    name = named(schema)
    whole = schemas[name]
    if "items" in whole["properties"]:
        card = named(whole["properties"]["items"]["items"])
        item = sparse({"$ref": REF + card.replace("Card", "Document")}, schemas)
        part = deepcopy(whole)
        part["properties"]["items"]["items"] = item
    else:
        part = {**deepcopy(whole), "required": list(ALWAYS)}
    schemas[f"Sparse{name}"] = {**part, "title": f"Sparse{name}"}
    return {"$ref": f"{REF}Sparse{name}"}


def example(content: dict[str, Any]) -> None:
    """From the sample content, as a test keeps it."""
    file = EXAMPLES / f"{named(content['schema'])}.json"
    if file.exists():
        content["example"] = json.loads(file.read_text())
