"""Stored text to answers. Nothing is parsed or serialised on the way."""

import json
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from cms.api import freshness
from cms.api.listing import Page
from cms.api.parameters import ALWAYS
from cms.api.reading import Found, Wanted
from cms.documents import purging
from cms.documents.shapes import Shape

# Some members of a document are not a document; typed clients can tell by this.
SPARSE = "application/vnd.rehabit.sparse+json"


def wanted(fields: Sequence[str] | None, expand: Sequence[str] | None = None) -> Wanted:
    return Wanted([*ALWAYS, *fields] if fields else (), expand or ())


def document(request: HttpRequest, found: Found, asked: Wanted) -> HttpResponse:
    known = freshness.known(request)
    row = found.row
    etag, changed_at = row.etag, row.changed_at
    if asked.members or asked.expand:
        others = [each.etag for each in found.included]
        etag = freshness.combined(etag, ",".join(asked.members), ",".join(asked.expand), *others)
        changed_at = max(changed_at, *(each.changed_at for each in found.included), changed_at)
    return freshness.respond(
        None if known.has(etag, changed_at) else whole(found, asked),
        etag=etag,
        changed_at=changed_at,
        keys=[purging.key_of(each.type, each.key, each.locale) for each in (row, *found.included)],
        language=row.locale,
        media_type=SPARSE if asked.members else freshness.JSON,
    )


def whole(found: Found, asked: Wanted) -> str:
    body = found.row.content or ""
    if not asked.expand:
        return body
    included = ",".join(each.content or "" for each in found.included)
    return f'{body.rstrip()[:-1]},"included":[{included}]}}'


def page(request: HttpRequest, found: Page, asked: Wanted, *, kind: str) -> HttpResponse:
    """A list has no time of change: what was taken out of it leaves no trace in the rest."""
    etags = [row.etag for row in found.rows]
    etag = freshness.combined(",".join(asked.members), found.next or "", *etags)
    known = freshness.known(request)
    unchanged = bool(known.etags) and (etag in known.etags or freshness.ANY in known.etags)
    items = ",".join(row.content for row in found.rows)
    return freshness.respond(
        None if unchanged else f'{{"items":[{items}],"next":{json.dumps(found.next)}}}',
        etag=etag,
        keys=[purging.key_of_list(kind)],
        media_type=SPARSE if asked.members else freshness.JSON,
    )


def made(request: HttpRequest, answer: Shape, *, keys: Sequence[str]) -> HttpResponse:
    return sent(request, answer.model_dump_json(), keys=keys)


def sent(request: HttpRequest, body: str, *, keys: Sequence[str]) -> HttpResponse:
    """What is not stored; its entity tag is made from all of it."""
    etag = freshness.combined(body)
    known = freshness.known(request)
    unchanged = etag in known.etags or freshness.ANY in known.etags
    return freshness.respond(None if unchanged else body, etag=etag, keys=keys)
