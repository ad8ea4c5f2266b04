"""Which translations their sources have left behind, and by what."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from cms import sample
from cms.admin import translations_behind
from cms.models import ExercisePage, User
from cms.sample import Loaded
from tests.cms import clinic, samples, spanish


@pytest.fixture
def loaded(db: None, tmp_path: Path) -> Loaded:
    folder = samples.write(tmp_path / "c", content=samples.pages(2), moves=samples.exercises(2))
    return sample.load(spanish.write(folder))


def behind() -> dict[str, tuple[str, ...]]:
    found = translations_behind.find(Page.objects.all())
    return {Page.objects.get(pk=key).title: each.changed for key, each in found.items()}


def test_a_source_that_says_something_else_leaves_its_translation_behind(loaded: Loaded) -> None:
    assert behind() == {}

    clinic.publish(loaded.exercises["move-1"], summary="Other words.", purpose="Another use.")

    assert behind() == {"Movimiento 1": ("summary", "purpose")}


def test_a_translation_that_was_published_since_has_caught_up(loaded: Loaded) -> None:
    clinic.publish(loaded.exercises["move-1"], summary="Other words.")

    clinic.publish(loaded.translations["es"].exercises["move-1"], summary="Otras palabras.")

    assert behind() == {}


def test_an_approval_or_a_draft_leaves_nobody_behind(loaded: Loaded) -> None:
    mara = clinic.user("mara", "Editors")
    clinic.clinician(loaded, "Mara", account=mara)

    clinic.approve(loaded.exercises["move-1"], by=mara)
    clinic.edit(loaded.diagnoses["sore-hip"], summary="Not yet.")

    assert behind() == {}


def test_a_draft_that_is_older_than_the_translation_counts_from_when_it_is_live(
    loaded: Loaded,
) -> None:
    draft = clinic.edit(loaded.exercises["move-1"], summary="Other words.")
    clinic.publish(loaded.translations["es"].exercises["move-1"], summary="De nuevo.")

    draft.publish()

    assert behind() == {"Movimiento 1": ("summary",)}


def test_the_report_leads_to_the_page_and_to_what_changed(
    loaded: Loaded, client: Client, admin_user: User
) -> None:
    source, there = loaded.exercises["move-1"], loaded.translations["es"].exercises["move-1"]
    old = source.live_revision_id
    clinic.publish(source, summary="Other words.")
    client.force_login(admin_user)

    response = client.get(reverse("translation_report"))

    html = response.content.decode()
    new = ExercisePage.objects.get(pk=source.pk).live_revision_id
    assert [row.changes for row in response.context["object_list"]] == ["summary"]
    assert reverse("wagtailadmin_pages:edit", args=[there.pk]) in html
    compare = reverse("wagtailadmin_pages:revisions_compare", args=[source.pk, old, new])
    assert compare in html
    assert client.get(compare).status_code == 200
    assert "Español" in html
    assert b"Movimiento 1" in b"".join(client.get(f"{response.request['PATH_INFO']}?export=csv"))


def test_only_those_who_edit_pages_see_the_report(loaded: Loaded, client: Client) -> None:
    client.force_login(clinic.user("eve"))

    assert client.get(reverse("translation_report")).status_code == 302
