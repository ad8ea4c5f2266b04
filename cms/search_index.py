"""Wagtail's search in PostgreSQL, with the words of each page cut by the rules of its language.

The stock backend has one configuration for all: English rules leave Spanish plurals apart and
throw the Spanish word "once" away. For `WAGTAILSEARCH_BACKENDS`.
"""

from collections.abc import Iterable
from copy import copy
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from modelsearch.backends.database.postgres.postgres import (
    PostgresIndex,
    PostgresSearchBackend,
    PostgresSearchQueryCompiler,
)
from wagtail.models import Locale

from cms import stemming


class Index(PostgresIndex):
    def add_items(self, model: Any, objs: Iterable[Any]) -> None:
        objs = list(objs)
        for config, alike in by_config(objs).items():
            self.in_words_of(config).add_items_as_they_are(model, alike)

    def in_words_of(self, config: str) -> "Index":
        index = copy(self)
        index.backend = copy(self.backend)
        index.backend.config = config
        return index

    def add_items_as_they_are(self, model: Any, objs: list[Any]) -> None:
        super().add_items(model, objs)


def by_config(objs: list[Any]) -> dict[str, list[Any]]:
    """What is in no language of its own goes by the rules of the default one. One query at most."""
    locales = {getattr(obj, "locale_id", None) for obj in objs} - {None}
    rows = Locale.objects.filter(pk__in=locales) if locales else ()
    configs = {row.pk: stemming.config(row.language_code) for row in rows}
    default = stemming.config(settings.LANGUAGE_CODE)
    found: dict[str, list[Any]] = {}
    for obj in objs:
        config = configs.get(getattr(obj, "locale_id", None), default)
        found.setdefault(config, []).append(obj)
    return found


class QueryCompiler(PostgresSearchQueryCompiler):
    """The admin and the stock API ask across languages: any of the rules may have cut a word."""

    def build_tsquery(self, query: Any, config: Any = None) -> Any:  # noqa: ARG002
        configs = {stemming.config(code) for code, _name in settings.LANGUAGES}
        asked = [super(QueryCompiler, self).build_tsquery(query, config=c) for c in sorted(configs)]
        return reduce(or_, asked) if all(asked) else None


class SearchBackend(PostgresSearchBackend):
    index_class = Index
    query_compiler_class = QueryCompiler
