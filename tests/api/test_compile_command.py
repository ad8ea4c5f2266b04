"""`manage.py compile_content`, as somebody who doubts what readers get runs it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cms.models import Document, ExercisePage, Outdated
from cms.sample import Loaded


def run(**options: Any) -> str:
    out = StringIO()
    call_command("compile_content", stdout=out, **options)
    return out.getvalue().strip()


def test_where_all_is_right_nothing_is_compiled(compiled: Loaded) -> None:
    assert run() == run(check=True) == "0 pages compiled"
    run(dry_run=True)
    run(check=True, dry_run=True)


def test_what_is_marked_or_missing_is_made(compiled: Loaded) -> None:
    Outdated.objects.create(page=compiled.article)
    Outdated.objects.create(page=compiled.home)

    assert run() == "2 pages compiled"

    Document.objects.filter(title="Move 1").delete()
    run()

    assert Document.objects.filter(title="Move 1").exists()
    assert run() == "0 pages compiled"


def test_the_check_finds_and_mends_what_nothing_else_sees(compiled: Loaded) -> None:
    ExercisePage.objects.filter(slug="move-2").update(summary="Written past the signals.")
    Document.objects.filter(title="Hip").update(body="{}", etag="spoilt")

    assert run() == "0 pages compiled"
    with pytest.raises(CommandError, match=r"^5 pages have documents that are not right$"):
        run(check=True, dry_run=True)
    assert run(check=True) == "5 pages compiled"

    assert "Written past" in Document.objects.get(title="Move 2").body
    assert Document.objects.get(title="Hip").body != "{}"
    assert run(check=True) == "0 pages compiled"


def test_a_dry_run_fails_where_something_is_missing_and_makes_nothing(compiled: Loaded) -> None:
    Document.objects.filter(title="Move 1").delete()

    with pytest.raises(CommandError, match=r"^1 pages "):
        run(dry_run=True)

    assert not Document.objects.filter(title="Move 1").exists()
