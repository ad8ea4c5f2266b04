"""One SELECT for each request. The statements are written out, since on this path half of the
time of a query set would go into making the same SQL again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cms.api import statements
from cms.api.freshness import Known
from cms.api.problems import Problem
from cms.documents import working

# Whatever the documents say, nobody is served a page that is not live, has expired or is closed.
FOR_ALL = """
    page.live AND (page.expire_at IS NULL OR page.expire_at > now())
    AND NOT EXISTS (
        SELECT FROM wagtailcore_pageviewrestriction AS restriction
        JOIN wagtailcore_page AS closed ON closed.id = restriction.page_id
        WHERE starts_with(page.path, closed.path)
    )
"""
# Must be compiled before anybody gets it.
WITHHELD = """
    coalesce(document.valid_until <= now(), false)
    OR EXISTS (
        SELECT FROM cms_outdated AS mark WHERE mark.page_id = document.page_id AND mark.urgent
    )
"""
FROM = "FROM cms_document AS document JOIN wagtailcore_page AS page ON page.id = document.page_id"

MOST_INCLUDED = 20
COLUMNS = """
    document.id, document.page_id, document.type, document.key, document.locale, document.etag,
    document.changed_at, document.path
"""

# The whole document is not even read where the client has it.
BODY = "CASE WHEN document.etag {known} THEN NULL ELSE document.body END"
CARD = "document.card"
MEMBERS = """
    (SELECT json_object_agg(member.key, member.value)::text
     FROM json_each(document.body::json) AS member WHERE member.key = ANY(%s::text[]))
"""

ONE = f"""
    SELECT {COLUMNS}, {WITHHELD}, {{content}}
    {FROM}
    WHERE {{which}} AND {FOR_ALL}
    ORDER BY document.locale = %s DESC
    LIMIT 1
"""
WITH_INCLUDED = f"""
    WITH one AS MATERIALIZED ({{one}})
    SELECT * FROM one
    UNION ALL (
        SELECT {COLUMNS}, {WITHHELD}, document.body
        FROM one
        JOIN cms_relation AS relation ON relation.document_id = one.id
        JOIN cms_document AS document
          ON document.key = relation.key AND document.locale = one.locale
        JOIN wagtailcore_page AS page ON page.id = document.page_id
        WHERE relation.name = ANY(%s::text[]) AND {FOR_ALL}
        ORDER BY relation.name, relation.position
        LIMIT {MOST_INCLUDED}
    )
"""  # noqa: S608 - our own constants


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    page_id: int
    type: str
    key: UUID
    locale: str
    etag: str
    changed_at: datetime
    path: str
    withheld: bool
    content: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a document: all, or some members; with the documents that it leads to, or without."""

    members: Sequence[str] = ()
    expand: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    row: Row
    included: list[Row]


def rows(statement: str, values: Sequence[Any], *, kind: type[Any] = Row) -> list[Any]:
    return [kind(*row) for row in statements.tuples(statement, values)]


def fresh_rows(statement: str, values: Sequence[Any], *, kind: type[Any] = Row) -> list[Any]:
    """The same again, if something in it had to be compiled first."""
    found = rows(statement, values, kind=kind)
    withheld = {row.page_id for row in found if row.withheld}
    if not withheld:
        return found
    for page_id in sorted(withheld):
        working.succeeds(working.make_at_once, page_id)
    found = rows(statement, values, kind=kind)
    if any(row.withheld for row in found):
        raise Problem(503, "The content is being made again.", headers={"Retry-After": "5"})
    return found


def one_of(values: Sequence[str]) -> tuple[str, list[Any]]:
    """A comparison with some values, and its parameters. One alone is bound faster than a list."""
    return ("= %s", [values[0]]) if len(values) == 1 else ("= ANY(%s::text[])", [list(values)])


def by_key(
    document_type: str, key: UUID, *, locales: Sequence[str], wanted: Wanted, known: Known
) -> Found | None:
    """The document in the first of the locales that has it."""
    among, values = one_of(locales)
    which = f"document.type = %s AND document.key = %s AND document.locale {among}"
    return one(which, [str(document_type), key, *values], locales[0], wanted, known)


def of_site(*, locales: Sequence[str], known: Known) -> Found | None:
    among, values = one_of(locales)
    which = f"document.type = 'site' AND document.locale {among}"
    return one(which, values, locales[0], Wanted(), known)


def by_path(path: str, *, wanted: Wanted, known: Known) -> Found | None:
    return one("document.path = %s AND document.type <> 'site'", [path], "", wanted, known)


def one(which: str, values: list[Any], locale: str, wanted: Wanted, known: Known) -> Found | None:
    content: list[Any]
    if wanted.members:
        statement, content = ONE.format(content=MEMBERS, which=which), [list(wanted.members)]
    else:
        # An answer with others inside has an entity tag of its own, so all of it is read.
        among, content = one_of([] if wanted.expand else known.etags)
        statement = ONE.format(content=BODY.format(known=among), which=which)
    arguments = [*content, *values, locale]
    if wanted.expand:
        statement = WITH_INCLUDED.format(one=statement)
        arguments.append(list(wanted.expand))
    found = fresh_rows(statement, arguments)
    return Found(found[0], found[1:]) if found else None
