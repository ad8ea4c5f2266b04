"""Publishing compiles: what goes live, what is refused, and what a mail looks like."""

import re
from uuid import UUID, uuid4

import pytest
from django.conf import settings as installation
from django.core.exceptions import ValidationError

from nurture.authoring.faults import CannotCompile
from nurture.models import Sequence, Step, StepVersion
from tests.factories import (
    Child,
    callout,
    card,
    edited,
    exercise_page,
    pictured_exercise,
    publish,
    published_sequence,
    raw_steps,
    step,
    text,
    waiting,
)

pytestmark = pytest.mark.django_db


def versions(sequence: Sequence) -> list[tuple[int, int]]:
    rows = StepVersion.objects.filter(step__sequence=sequence).order_by("step__position", "number")
    return list(rows.values_list("step__position", "number"))


def item(value: dict[str, object]) -> dict[str, object]:
    return {"type": "item", "id": str(uuid4()), "value": value}


def changed(child: Child, **other: object) -> Child:
    """The same step, edited."""
    return {**child, "value": {**child["value"], **other}}


def only_version() -> StepVersion:
    return StepVersion.objects.get()


# ------------------------------------------------------------------ what goes live


def test_publishing_writes_each_step_with_its_first_version() -> None:
    sequence = published_sequence(steps=3, wait_days=7)

    steps = Step.objects.filter(sequence=sequence)

    assert [(row.position, row.wait_days, row.live) for row in steps] == [
        (0, 0, True),
        (1, 7, True),
        (2, 7, True),
    ]
    assert versions(sequence) == [(0, 1), (1, 1), (2, 1)]
    assert sequence.plan_number == 1


def test_the_stream_blocks_id_is_the_steps_key() -> None:
    planned = step()

    published_sequence(steps=[planned])

    assert Step.objects.get().key == UUID(planned["id"])


def test_a_version_knows_the_revision_of_each_exercise_inside() -> None:
    exercise = exercise_page()

    published_sequence(steps=[step(card(exercise))])

    assert only_version().page_revisions == {str(exercise.pk): exercise.live_revision_id}


def test_publishing_the_same_again_makes_no_new_version() -> None:
    sequence = published_sequence(steps=2)

    publish(sequence)

    assert versions(sequence) == [(0, 1), (1, 1)]


def test_a_changed_text_makes_a_new_version_of_that_step_only() -> None:
    sequence = published_sequence(steps=2)
    first, second = raw_steps(sequence)
    second = {**second, "value": {**second["value"], "subject": "Week 2: other words"}}

    edited(sequence, steps=[first, second])

    assert versions(sequence) == [(0, 1), (1, 1), (1, 2)]


def test_an_old_version_stays_as_it_was_sent() -> None:
    planned = step(text("<p>old words</p>"))
    sequence = published_sequence(steps=[planned])
    changed = {**planned, "value": {**planned["value"], "body": [text("<p>new words</p>")]}}

    edited(sequence, steps=[changed])

    old, new = StepVersion.objects.order_by("number")
    assert "old words" in old.html
    assert "new words" in new.html


def test_each_publication_gives_the_plan_its_next_number() -> None:
    sequence = published_sequence(steps=1)

    numbers = [publish(sequence).plan_number for _time in range(2)]

    assert numbers == [2, 3]


def test_publishing_an_old_revision_does_not_turn_the_plan_number_back() -> None:
    sequence = published_sequence(steps=2)
    old = sequence.latest_revision
    edited(sequence, steps=raw_steps(sequence)[:1])
    edited(sequence, steps=raw_steps(sequence)[:1])

    old.publish()

    assert Sequence.objects.get().plan_number == 4


def test_reordered_steps_keep_their_keys_and_versions() -> None:
    sequence = published_sequence(steps=2)
    before = {row.pk: row.key for row in Step.objects.all()}

    second, first = raw_steps(sequence)[::-1]
    edited(sequence, steps=[second, changed(first, wait=waiting(7))])

    rows = Step.objects.order_by("-position")
    assert {row.pk: row.key for row in rows} == before
    assert [row.pk for row in rows] == list(before)
    assert StepVersion.objects.count() == 2


def test_a_removed_step_remembers_whom_it_stood_after() -> None:
    sequence = published_sequence(steps=4)
    first, _second, _third, fourth = raw_steps(sequence)

    edited(sequence, steps=[first, fourth])

    one, two, three, four = Step.objects.order_by("pk")
    assert [row.live for row in (one, two, three, four)] == [True, False, False, True]
    assert two.stood_after == three.stood_after == one
    assert four.position == 1


def test_a_step_that_comes_back_is_the_same_step() -> None:
    sequence = published_sequence(steps=2)
    first, second = raw_steps(sequence)
    edited(sequence, steps=[first])

    edited(sequence, steps=[first, second])

    one, two = Step.objects.order_by("pk")
    assert two.key == UUID(second["id"])
    assert (two.live, two.stood_after, two.position) == (True, None, 1)
    assert one.live


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("field", ["subject", "preheader"])
@pytest.mark.parametrize(
    "words", ["Calm your SI joint", "Less dysfunction", "Pelvis week", "sacroiliac strains"]
)
def test_a_line_that_tells_the_diagnosis_keeps_all_from_going_live(field: str, words: str) -> None:
    with pytest.raises(CannotCompile, match=f"Step 2: the {field} tells the diagnosis"):
        published_sequence(steps=[step(), changed(step(wait_days=7), **{field: words})])

    assert not Sequence.objects.filter(live=True).exists()
    assert not Step.objects.exists()
    assert not StepVersion.objects.exists()


def test_a_refused_edit_leaves_the_live_plan_as_it_was() -> None:
    sequence = published_sequence(steps=2)
    first, second = raw_steps(sequence)
    telling = {**second, "value": {**second["value"], "subject": "Your pelvis"}}

    with pytest.raises(CannotCompile):
        edited(sequence, steps=[first, telling])

    live = Sequence.objects.get()
    assert live.plan_number == 1
    assert live.steps[1].value["subject"] == "Week 2: a little more"
    assert versions(sequence) == [(0, 1), (1, 1)]


@pytest.mark.parametrize(
    "faulty",
    [
        pytest.param(step(subject="For {{surname}}"), id="subject"),
        pytest.param(step(preheader="For {{surname}}"), id="preheader"),
        pytest.param(step(text("<p>Dear {{surname}}</p>")), id="text"),
        pytest.param(step(text(heading="Dear {{surname}}")), id="heading"),
        pytest.param(step(callout("<p>Dear {{surname}}</p>")), id="callout"),
        pytest.param(step(callout(title="Dear {{surname}}")), id="title"),
        pytest.param(step(text("<p>Dear &#123;&#123;surname&#125;&#125;</p>")), id="entities"),
    ],
)
def test_a_field_that_does_not_exist_is_refused_with_the_number_of_its_step(
    faulty: dict[str, object],
) -> None:
    with pytest.raises(CannotCompile, match=r"Step 2: \{\{surname\}\} is not a field"):
        published_sequence(steps=[step(), faulty])

    assert not Step.objects.exists()


def test_a_field_in_the_note_of_an_exercise_is_looked_at_too() -> None:
    faulty = step(card(exercise_page(), note="Well done, {{surname}}"))

    with pytest.raises(CannotCompile, match=r"Step 1: \{\{surname\}\} is not a field"):
        published_sequence(steps=[faulty])

    assert not Step.objects.exists()


def test_an_exercise_that_is_not_published_is_refused() -> None:
    exercise = exercise_page()
    exercise.unpublish()

    with pytest.raises(CannotCompile, match="Step 1: The exercise is not published"):
        published_sequence(steps=[step(card(exercise))])

    assert not Step.objects.exists()


def test_an_exercise_that_was_deleted_is_refused() -> None:
    exercise = exercise_page()
    planned = step(card(exercise))
    exercise.delete()

    with pytest.raises(CannotCompile, match="Step 1: An exercise was removed"):
        published_sequence(steps=[planned])

    assert not Step.objects.exists()


def test_a_mail_that_mail_programs_would_cut_off_is_refused() -> None:
    endless = text("<p>" + "one more word " * 8_000 + "</p>")

    with pytest.raises(CannotCompile, match="Step 1: this mail is longer than"):
        published_sequence(steps=[step(endless)])

    assert not Step.objects.exists()


def test_two_steps_with_one_key_are_refused() -> None:
    planned = step()

    with pytest.raises(CannotCompile, match="Step 2"):
        published_sequence(steps=[planned, planned])

    assert not Step.objects.exists()


def test_a_window_without_a_weekday_is_refused_also_where_no_form_looked() -> None:
    sequence = published_sequence(steps=1)
    sequence.weekdays = []

    with pytest.raises(ValidationError, match="weekday"):
        publish(sequence)

    assert Sequence.objects.get().weekdays == [0, 1, 2, 3, 4, 5, 6]


# ------------------------------------------------------------------ what a mail looks like


def test_the_html_loads_nothing_but_pictures_of_our_own_site() -> None:
    published_sequence(steps=1, exercises=[pictured_exercise()])

    html = only_version().html

    sources = re.findall(r'src="([^"]*)"|url\(([^)]*)\)|<link[^>]*href="([^"]*)"', html)
    addresses = [address for found in sources for address in found if address]
    assert addresses
    assert all(address.startswith(f"{installation.SITE_URL}/media/") for address in addresses)


def test_the_html_has_no_script_and_no_trace_of_templates() -> None:
    published_sequence(steps=1, exercises=[pictured_exercise()])

    html = only_version().html

    assert "<script" not in html
    assert "{%" not in html
    fields = {"{{first_name}}", "{{unsubscribe_url}}", "{{preferences_url}}"}
    assert set(re.findall(r"\{\{.*?\}\}", html)) == fields
    assert "<mj-" not in html


def test_a_full_mail_is_smaller_than_what_mail_programs_show() -> None:
    published_sequence(steps=1, exercises=[exercise_page() for _number in range(6)])

    size = len(only_version().html.encode())

    assert 5_000 < size < 100_000


def test_links_to_exercises_do_not_say_which() -> None:
    published_sequence(steps=1, exercises=[pictured_exercise()])

    links = re.findall(r'href="([^"]*)"', only_version().html)

    assert links
    assert all(
        re.fullmatch(
            rf"{installation.SITE_URL}/p/[0-9a-f-]{{36}}/|{{{{(unsubscribe|preferences)_url}}}}",
            link,
        )
        for link in links
    )


def test_rich_text_cannot_break_out_of_its_place() -> None:
    hostile = (
        "<p>before</p><script>alert(1)</script></mj-text><mj-raw><script>alert(2)</script></mj-raw>"
        '<p onclick="alert(3)"><a href="javascript:alert(4)">here</a>'
        '<img src="https://spy.example/pixel.gif"></p>'
    )

    published_sequence(steps=[step(text(hostile))])

    html = only_version().html
    assert "before" in html
    assert not re.search(r"<script|javascript:|onclick|spy\.example|alert\(1\)", html)


def test_headings_and_notes_are_text_and_no_markup() -> None:
    exercise = exercise_page(title="Bridge & <b>lift</b>")

    published_sequence(steps=[step(text(heading="<i>Why</i>"), card(exercise, note="<u>slow</u>"))])

    html = only_version().html
    assert "&lt;i&gt;Why&lt;/i&gt;" in html
    assert "Bridge &amp; &lt;b&gt;lift&lt;/b&gt;" in html
    assert "&lt;u&gt;slow&lt;/u&gt;" in html


def test_the_text_part_is_laid_out_for_reading() -> None:
    words = "Muscles learn by doing the same thing well, many times over. " * 4
    body = f"<p>{words}</p><ol><li>Lie down.</li><li>Breathe.</li></ol><ul><li>Rest.</li></ul>"
    exercise = exercise_page(title="Glute bridge")

    published_sequence(steps=[step(text(body, heading="Why small"), card(exercise))])

    lines = only_version().text.splitlines()
    assert lines[:2] == ["Why small", "---------"]
    assert "1. Lie down." in lines
    assert "- Rest." in lines
    assert "2 to 3 sets of 8 to 12, 3 days a week" in lines
    assert "2. Lift your hips." in lines
    assert "Stop these e-mails: {{unsubscribe_url}}" in lines
    assert all(len(line) <= 72 or "http" in line for line in lines)
    assert not re.search(r"<\w+|\{%|\n\n\n", only_version().text)


def test_the_dosage_of_a_step_wins_over_the_one_of_the_page() -> None:
    changed = {"sets_from": 4, "sets_to": 4, "side": "each_side"}
    planned = step(card(exercise_page(), dosage=[item(changed)]))

    published_sequence(steps=[planned])

    assert "4 sets of 8 to 12 on each side, 3 days a week" in only_version().html
