"""Lists: the cards, or chosen members of the documents, one page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cms.api import cursors
from cms.api.cursors import Order
from cms.api.reading import (
    CARD,
    FOR_ALL,
    FROM,
    MEMBERS,
    WITHHELD,
    fresh_rows,
)
from cms.models.documents import DocumentType

# In the wanted language, or in the fallback where there is none in the wanted.
IN_LANGUAGE = """
    (document.locale = %s OR document.locale = %s AND NOT EXISTS (
        SELECT FROM cms_document AS wanted
        WHERE wanted.type = document.type AND wanted.key = document.key AND wanted.locale = %s
    ))
"""

LIST = f"""
    SELECT document.id, document.page_id, document.etag, {WITHHELD}, {{content}}, {{sort}}
    {FROM}
    WHERE document.type = %s AND {{which}} AND {FOR_ALL}
    ORDER BY {{sort}} {{direction}}, document.id {{direction}}
    LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Listed:
    id: int
    page_id: int
    etag: str
    withheld: bool
    content: str
    sort: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    kind: DocumentType
    locales: Sequence[str]
    order: str
    orders: Mapping[str, Order]
    limit: int
    cursor: str | None = None
    members: Sequence[str] = ()
    conditions: Sequence[tuple[str, Any]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Listed]
    next: str | None


def page(asked: Asked) -> Page:
    order = asked.orders[asked.order]
    which = [in_language(asked.locales), *asked.conditions]
    if asked.cursor:
        after = cursors.read(asked.cursor, order=asked.order, orders=dict(asked.orders))
        which.append((order.after, after))
    statement = LIST.format(
        content=MEMBERS if asked.members else CARD,
        sort=order.sql,
        direction=order.direction,
        which=" AND ".join(sql for sql, _value in which),
    )
    values: list[Any] = [list(asked.members)] if asked.members else []
    values.append(asked.kind.value)
    for _sql, value in which:
        values += value if isinstance(value, tuple) else [value]
    found = fresh_rows(statement, [*values, asked.limit + 1], kind=Listed)
    shown, more = found[: asked.limit], found[asked.limit :]
    last = shown[-1] if more else None
    return Page(shown, cursors.write(asked.order, last.sort, last.id) if last else None)


def in_language(locales: Sequence[str]) -> tuple[str, Any]:
    wanted, *fallback = locales
    if not fallback:
        return "document.locale = %s", wanted
    return IN_LANGUAGE, (wanted, fallback[0], wanted)
