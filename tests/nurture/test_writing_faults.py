"""What editors get wrong in a sequence, through the form of the admin: each is told at its field,
in their words, and nothing that was typed is lost."""

from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from nurture.models import MailTimes, Sequence
from tests.cms import clinic
from tests.factories import card, checkin, exercise_page, published_sequence, step, text
from tests.nurture.editing import form_data
from tests.nurture.test_pieces import block, image, photo

pytestmark = pytest.mark.django_db

KEPT = "Words that must not be lost."
ASKING = "steps-0-value-body-3-value"  # the check-in of the first step
AGAIN = {f"{ASKING}-answers-{number}-value-does": "repeat" for number in range(4)}
VIEWS = ["sequence_timeline", "sequence_effect", "sequence_hints"]


@pytest.fixture
def editor(db: None, client: Client) -> Client:
    client.force_login(clinic.user("eddie", "Editors"))
    return client


@pytest.fixture
def sequence(db: None) -> Sequence:
    picture = block("picture", picture=image(photo()), caption="")
    first = step(text(), card(exercise_page()), picture, checkin(), name="week 1")
    return published_sequence(
        steps=[first, step(text(), checkin(), name="week 2", wait_days=7)], live=False
    )


def post(client: Client, sequence: Sequence, changes: dict[str, Any], **action: str) -> Any:
    path = reverse("wagtailsnippets_nurture_sequence:edit", args=[sequence.pk])
    typed = {"steps-1-value-preheader": KEPT, **changes}
    return client.post(path, {**form_data(sequence, **typed), **action})


def submit(client: Client, sequence: Sequence, changes: dict[str, Any]) -> Any:
    return post(client, sequence, changes, **{"action-submit": "yes"})


def told(answer: Any, name: str) -> dict[str, list[str]]:
    """What stands at which control below this field."""
    faults: dict[str, list[str]] = {}

    def walk(data: Any, path: str) -> None:
        if "messages" in data:
            faults[path] = data["messages"]
        for key, inner in data.get("blockErrors", {}).items():
            walk(inner, f"{path}-{key}")

    for error in answer.context["form"].errors.as_data()[name]:
        if hasattr(error, "as_json_data"):
            walk(error.as_json_data(), name)
        else:
            faults.setdefault(name, []).extend(error.messages)
    return faults


def test_what_is_right_goes_to_review(editor: Client, sequence: Sequence) -> None:
    answer = submit(editor, sequence, {})

    assert answer.status_code == 302, answer.context["form"].errors
    row = Sequence.objects.get(pk=sequence.pk)
    assert row.get_latest_revision_as_object().steps[1].value["preheader"] == KEPT


@pytest.mark.parametrize(
    ("changes", "control", "words"),
    [
        (
            {"steps-0-value-subject": "Hi {{surname}}"},
            "steps-0-subject",
            "{{surname}} is not a field. You can use: {{first_name}}.",
        ),
        (
            {"steps-0-value-subject": "  "},
            "steps-0-subject",
            "A mail needs a subject: people see it before they open it.",
        ),
        (
            {"steps-1-value-wait-count": "0"},
            "steps-1-wait-count",
            "a wait of nothing would send two mails at once; wait at least an hour",
        ),
        (
            {
                f"{ASKING}-answers-2-value-does": "step_back",
                f"{ASKING}-answers-2-value-to": "Week 2",
            },
            "steps-0-body-3-answers-2-to",
            "a step back leads to an earlier step, and this is a later one",
        ),
        (
            AGAIN,
            "steps-0-body-3-answers",
            "No answer leads on: this would be a loop that never ends.",
        ),
        (
            {"weekdays": []},
            "weekdays",
            "Choose at least one day, or no mail would ever leave.",
        ),
        (
            {"opens": "22:00", "closes": "23:00"},
            "opens",
            "All these hours are quiet hours of the practice: no mail would ever leave.",
        ),
        (
            {"steps-0-value-body-1-value-exercise": "999999"},
            "steps-0-body-1-exercise",
            "Choose an exercise. If one stood here before, its page was removed.",
        ),
        (
            {"steps-1-value-wait-after": "date", "steps-1-value-wait-date_name": "surgery"},
            "steps-1-wait-date_name",
            "nobody is asked for this date; add it to what the signup asks",
        ),
        (
            {"entry-count": 1, "entry-0-type": "weeks_since", "entry-0-order": 0}
            | {"entry-0-deleted": "", "entry-0-value-date_name": "birth"},
            "entry-0-date_name",
            "Nobody is asked for this date; add it to what the signup asks.",
        ),
    ],
)
def test_what_could_not_work_is_told_at_its_field(
    editor: Client, sequence: Sequence, changes: dict[str, Any], control: str, words: str
) -> None:
    MailTimes.objects.update_or_create(defaults={"quiet_from": time(21), "quiet_until": time(7)})

    answer = submit(editor, sequence, changes)

    assert answer.status_code == 200
    assert told(answer, control.partition("-")[0]) == {control: [words]}
    assert KEPT in answer.content.decode()


def test_a_picture_of_three_megabytes_is_told_at_its_field(
    editor: Client, sequence: Sequence
) -> None:
    large = photo(noise=3_000_000)

    answer = submit(editor, sequence, {"steps-0-value-body-2-value-picture-image": str(large.pk)})

    assert told(answer, "steps") == {
        "steps-0-body-2-picture": ["This picture has 3.0 MB. Make it smaller than 2 MB."]
    }
    assert KEPT in answer.content.decode()


@pytest.mark.parametrize("changes", [{"steps-1-value-wait-count": ""}, AGAIN])
def test_an_unfinished_draft_is_kept_and_each_view_beside_it_says_what_is_missing(
    editor: Client, sequence: Sequence, changes: dict[str, Any]
) -> None:
    saved = post(editor, sequence, changes)

    answers = [editor.get(reverse(view, args=[sequence.pk])) for view in VIEWS]
    preview = reverse("wagtailsnippets_nurture_sequence:preview_on_edit", args=[sequence.pk])
    editor.post(preview, form_data(sequence, **changes))
    shown = editor.get(preview)
    assert saved.status_code == 302
    assert all(answer.status_code == 200 for answer in [*answers, shown])
    assert all("required" in page or "never ends" in page for page in map(words, answers))


def words(answer: Any) -> str:
    page: str = answer.content.decode()
    return page
