from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cms.sample import Loaded
from tests.api.reading import ROOT, get, refused, titles


def test_publishing_compiles_a_document(compiled: Loaded, client: Client) -> None:
    key = compiled.exercises["move-1"].translation_key

    exercise = get(client, f"exercises/{key}/")

    assert exercise["type"] == "exercise"
    assert exercise["path"] == "/exercises/move-1/"
    assert exercise["dosage"]["sentence"] == "2 to 3 sets of 8 to 12, 3 days a week"
    assert exercise["dosage"]["sets_to"] == 3
    assert [step["text"] for step in exercise["steps"]] == ["Lie down.", "Lift."]
    assert [link["exercise"]["title"] for link in exercise["links"]] == ["Move 2"]
    assert [diagnosis["title"] for diagnosis in exercise["diagnoses"]] == ["Sore hip"]


def test_a_list_gives_cards_page_by_page(compiled: Loaded, client: Client) -> None:
    first = get(client, "exercises/?limit=1&order=-title")

    second = get(client, f"exercises/?limit=1&order=-title&cursor={first['next']}")

    assert [item["title"] for item in first["items"] + second["items"]] == ["Move 2", "Move 1"]
    assert second["next"] is None


def test_lists_are_filtered_by_what_documents_say(compiled: Loaded, client: Client) -> None:
    region = compiled.diagnoses["sore-hip"].get_parent().translation_key
    both = ["Move 1", "Move 2"]

    assert titles(client, "exercises/?level__in=beginner,advanced") == both
    assert titles(client, "exercises/?level=advanced") == []
    assert titles(client, f"exercises/?region={region}") == both
    assert titles(client, "exercises/?title__contains=OVE 2") == ["Move 2"]
    assert titles(client, "exercises/?title__contains=%25") == []
    assert titles(client, "exercises/?last_published__gte=2199-01-01T00:00:00Z") == []


def test_only_some_members_are_sent_when_asked_for(compiled: Loaded, client: Client) -> None:
    item = get(client, "exercises/?fields=title,steps&limit=1")["items"][0]

    assert set(item) == {"id", "type", "locale", "title", "steps"}


def test_documents_that_a_page_leads_to_come_along(compiled: Loaded, client: Client) -> None:
    key = compiled.diagnoses["sore-hip"].translation_key

    diagnosis = get(client, f"diagnoses/{key}/?expand=exercises")

    assert [exercise["title"] for exercise in diagnosis["included"]] == ["Move 1", "Move 2"]


def test_a_client_that_has_it_is_not_sent_it_again(compiled: Loaded, client: Client) -> None:
    for path in (f"exercises/{compiled.exercises['move-1'].translation_key}/", "exercises/"):
        etag = client.get(ROOT + path).headers["ETag"]

        again = client.get(ROOT + path, headers={"If-None-Match": etag})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag


def test_each_answer_costs_one_query(
    compiled: Loaded, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key = compiled.diagnoses["sore-hip"].translation_key
    for path in (
        f"diagnoses/{key}/",
        f"diagnoses/{key}/?expand=exercises&locale=en-us",
        "exercises/?fields=title",
        "exercises/?level=beginner&order=-last_reviewed",
    ):
        with django_assert_num_queries(1):
            get(client, path)


def test_wrong_parameters_are_named_with_what_may_stand_there(client: Client, db: None) -> None:
    assert refused(client, "exercises/?level=easy") == {
        "level": ["beginner", "intermediate", "advanced"]
    }
    assert "level__in" in (refused(client, "exercises/?levle=easy")["levle"] or [])
    assert "en-us" in (refused(client, "exercises/?locale=tlh")["locale"] or [])
    for wrong in ("limit=0", "limit=101", "cursor=abc", "region=hip", "fields=secret"):
        assert list(refused(client, f"exercises/?{wrong}")) == [wrong.partition("=")[0]]
    assert list(refused(client, "exercises/7/")) == ["id"]
