"""What is inside a mail changes, and the mail follows: in the background, step by step."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale

from cms.models import ExercisePage, Picture
from nurture.authoring import recompiling
from nurture.models import Dependency, MailSettings, Recompile, Sequence, StepVersion
from tests.factories import (
    callout,
    card,
    exercise_page,
    pictured_exercise,
    publish,
    published_sequence,
    step,
    text,
)

pytestmark = pytest.mark.django_db


def renamed(page: ExercisePage, title: str) -> None:
    page.title = title
    page.save_revision().publish()


def newest_html() -> list[str]:
    rows = StepVersion.objects.order_by("step__position", "-number")
    return [row.html for row in rows.distinct("step__position")]


def with_and_without(page: ExercisePage) -> Sequence:
    return published_sequence(steps=[step(card(page), callout()), step(text(), wait_days=7)])


def test_a_step_notes_what_it_was_made_from() -> None:
    page = pictured_exercise()

    with_and_without(page)

    rows = set(Dependency.objects.values_list("kind", "number"))
    assert rows == {("setting", 0), ("page", page.pk), ("picture", page.drawing_id)}


def test_a_changed_exercise_gives_the_steps_that_show_it_a_new_version() -> None:
    page = exercise_page(title="Bridge")
    with_and_without(page)

    renamed(page, "High bridge")
    made = recompiling.work()

    assert made == 1
    assert "High bridge" in newest_html()[0]
    assert StepVersion.objects.count() == 3
    assert not Recompile.objects.exists()


def test_the_editor_of_the_exercise_waits_for_one_statement() -> None:
    page = exercise_page()
    for _number in range(5):
        published_sequence(steps=[step(card(page), callout())])

    with CaptureQueriesContext(connection) as queries:
        recompiling.ask(Dependency.Kind.PAGE, [page.pk])

    assert len(queries) == 1
    assert Recompile.objects.count() == 5


def test_an_exercise_that_says_the_same_makes_no_new_version() -> None:
    page = exercise_page()
    with_and_without(page)

    page.save_revision().publish()
    made = recompiling.work()

    assert made == 0
    assert StepVersion.objects.count() == 2


def test_a_new_description_of_a_picture_comes_into_the_mails() -> None:
    page = pictured_exercise()
    with_and_without(page)

    picture = Picture.objects.get()
    picture.description = "Another description."
    picture.save()
    recompiling.work()

    assert "Another description." in newest_html()[0]


def test_a_new_postal_address_comes_into_all_mails() -> None:
    published_sequence(steps=2)
    settings = MailSettings.load()

    settings.address = "9 New Road, Larkfield"
    settings.save()
    made = recompiling.work()

    assert made == 2
    assert all("9 New Road" in html for html in newest_html())


def test_a_step_that_cannot_be_compiled_keeps_its_version_and_tells_why() -> None:
    page = exercise_page(title="Bridge")
    with_and_without(page)

    page.unpublish()
    made = recompiling.work()

    assert made == 0
    assert "Bridge" in newest_html()[0]
    assert Recompile.objects.get().trouble == ["Step 1: The exercise is not published."]


def test_trouble_is_tried_again_only_when_something_has_changed() -> None:
    page = exercise_page(title="Bridge")
    with_and_without(page)
    page.unpublish()
    recompiling.work()

    waiting = Recompile.objects.waiting().count()
    renamed(page, "Bridge again")
    made = recompiling.work()

    assert (waiting, made) == (0, 1)
    assert not Recompile.objects.exists()


def test_publishing_settles_what_waited() -> None:
    page = exercise_page(title="Bridge")
    sequence = with_and_without(page)
    renamed(page, "High bridge")

    publish(sequence)

    assert not Recompile.objects.exists()
    assert "High bridge" in newest_html()[0]


def test_a_sequence_that_is_not_live_is_left_alone() -> None:
    page = exercise_page()
    with_and_without(page).unpublish()

    asked = recompiling.ask(Dependency.Kind.PAGE, [page.pk])

    assert asked == 0


def test_a_change_while_it_was_compiled_is_not_lost() -> None:
    page = exercise_page()
    with_and_without(page)
    recompiling.ask(Dependency.Kind.PAGE, [page.pk])
    job = Recompile.objects.get()
    recompiling.ask(Dependency.Kind.PAGE, [page.pk])

    recompiling.conclude(job, [])

    assert Recompile.objects.waiting().count() == 1


def test_the_translations_are_compiled_after_their_source() -> None:
    sequence = published_sequence(steps=1)
    spanish = Locale.objects.get_or_create(language_code="es")[0]
    copy = Sequence.objects.get(pk=sequence.pk).copy_for_translation(spanish)
    copy.save()
    publish(copy)

    publish(Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object())

    assert Recompile.objects.get().sequence == copy
