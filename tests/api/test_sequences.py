"""What anybody may know of a programme, and nothing that its mails say."""

from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import PageViewRestriction

from cms.sample import Loaded
from nurture.models import Sequence
from tests import factories
from tests.api.reading import ROOT, get


@pytest.fixture
def sequence(compiled: Loaded) -> Sequence:
    return factories.published_sequence(steps=6, diagnosis=compiled.diagnoses["sore-hip"])


def test_a_published_programme_is_on_offer(
    sequence: Sequence,
    client: Client,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        [item] = get(client, "sequences/")["items"]

    key = str(sequence.translation_key)
    assert item == {
        "id": key,
        "locale": "en-us",
        "title": "Steady weeks",
        "diagnosis": {
            "id": str(sequence.diagnosis.translation_key),
            "title": "Sore hip",
            "path": "/hip/sore-hip/",
        },
        "goal": "Carry the shopping home.",
        "what_to_expect": "One short mail a week.",
        "mails": 6,
        "weeks": 6,
        "signup_url": f"{settings.SITE_URL}/signup/?programme={sequence.translation_key.hex}",
    }
    assert get(client, f"sequences/{key}/") == item
    assert get(client, f"sequences/?diagnosis={item['diagnosis']['id']}")["items"] == [item]
    assert get(client, f"sequences/?diagnosis={uuid4()}")["items"] == []


def test_its_mails_stay_with_those_who_signed_up(sequence: Sequence, client: Client) -> None:
    said = client.get(f"{ROOT}sequences/{sequence.translation_key}/").content.decode()

    for step in sequence.steps:
        assert step.value["subject"] not in said
        assert step.value["preheader"] not in said


def test_it_is_offered_no_more_when_it_is_taken_back(sequence: Sequence, client: Client) -> None:
    sequence.live = False
    sequence.save()

    assert get(client, "sequences/")["items"] == []
    get(client, f"sequences/{sequence.translation_key}/", status=404)


def test_nor_when_readers_may_not_see_its_diagnosis(sequence: Sequence, client: Client) -> None:
    PageViewRestriction.objects.create(page=sequence.diagnosis, restriction_type="login")

    assert get(client, "sequences/")["items"] == []
    get(client, f"sequences/{sequence.translation_key}/", status=404)


def test_a_client_that_has_it_is_not_sent_it_again(sequence: Sequence, client: Client) -> None:
    etag = client.get(f"{ROOT}sequences/").headers["ETag"]

    assert client.get(f"{ROOT}sequences/", headers={"If-None-Match": etag}).status_code == 304


def test_a_language_that_has_none_falls_back_or_not(sequence: Sequence, client: Client) -> None:
    assert len(get(client, "sequences/?locale=es")["items"]) == 1
    assert get(client, "sequences/?locale=es&fallback=false")["items"] == []
