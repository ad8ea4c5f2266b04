"""The same pages in English and in Spanish, each under its own address."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.models import Locale, Page, Site

from cms import public, sample, search
from cms.documents import working
from cms.models import (
    DiagnosisExercise,
    DiagnosisPage,
    DiagnosisRelated,
    ExerciseLink,
    ExercisePage,
    RegionPage,
    User,
)
from cms.review import Status
from cms.sample import Loaded
from tests.cms import clinic, samples, spanish

ENGLISH, SPANISH = "/hip/sore-hip/", "/es/cadera/cadera-adolorida/"
ALTERNATE = re.compile(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">')
SWITCH = re.compile(r'<a href="([^"]+)" hreflang="([^"]+)"')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = samples.write(
        tmp_path / "content", content=samples.pages(2), moves=samples.exercises(2)
    )
    return spanish.write(content)


@pytest.fixture
def loaded(db: None, folder: Path) -> Loaded:
    return sample.load(folder)


def page_at(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


# ------------------------------------------------------------------ the pages


def test_a_spanish_page_is_spanish_in_word_and_frame(loaded: Loaded, client: Client) -> None:
    html = page_at(client, SPANISH)

    assert '<html lang="es">' in html
    assert "Cadera adolorida" in html
    assert "Señales de alarma: primero busca ayuda" in html
    assert "Llama ahora a los servicios de emergencia" in html
    assert "6 a 12 semanas" in html
    assert "2 a 3 series de 8 a 12, 3 días a la semana" in html
    assert "Sore hip" not in html


def test_the_address_decides_and_not_what_the_browser_prefers(
    loaded: Loaded, client: Client
) -> None:
    response = client.get(ENGLISH, headers={"Accept-Language": "es"})

    assert '<html lang="en-us">' in response.content.decode()
    assert response.headers["Content-Language"] == "en-us"
    assert "Accept-Language" not in response.headers.get("Vary", "")


def test_each_version_names_all_versions(loaded: Loaded, client: Client) -> None:
    english = ALTERNATE.findall(page_at(client, ENGLISH))
    spanish_ = ALTERNATE.findall(page_at(client, SPANISH))

    assert english == spanish_
    root = Site.objects.get().root_url
    assert english == [
        ("en-us", root + ENGLISH),
        ("x-default", root + ENGLISH),
        ("es", root + SPANISH),
    ]


def test_a_page_without_a_translation_names_no_alternates(loaded: Loaded, client: Client) -> None:
    assert not ALTERNATE.findall(page_at(client, "/exercises/move-2/"))


def test_the_switch_leads_to_the_translation_of_this_page(loaded: Loaded, client: Client) -> None:
    ((there, language),) = SWITCH.findall(page_at(client, ENGLISH))
    ((back, _language),) = SWITCH.findall(page_at(client, SPANISH))

    assert (there.endswith(SPANISH), language) == (True, "es")
    assert back.endswith(ENGLISH)


@pytest.mark.parametrize(
    ("path", "other"),
    [("/exercises/move-2/", "/es/"), ("/signup/", "/es/signup/"), ("/es/signup/", "/signup/")],
)
def test_where_there_is_no_translation_the_switch_leads_home(
    loaded: Loaded, client: Client, path: str, other: str
) -> None:
    ((there, _language),) = SWITCH.findall(page_at(client, path))

    assert there == other


def test_a_missing_page_is_told_in_the_language_of_its_address(
    loaded: Loaded, client: Client
) -> None:
    response = client.get("/es/nada/")

    assert response.status_code == 404
    assert "Esta página no está aquí" in response.content.decode()
    assert SWITCH.findall(response.content.decode()) == [("/", "en-us")]


def test_an_unpublished_translation_is_named_nowhere(loaded: Loaded, client: Client) -> None:
    loaded.translations["es"].diagnoses["sore-hip"].unpublish()

    html = page_at(client, ENGLISH)

    assert not ALTERNATE.findall(html)
    assert SWITCH.findall(html) == [("/es/", "es")]


def test_a_site_in_one_language_has_no_switch(db: None, tmp_path: Path, client: Client) -> None:
    content = samples.write(tmp_path / "en", content=samples.pages(1), moves=samples.exercises(1))
    sample.load(content)

    assert not SWITCH.findall(page_at(client, ENGLISH))
    assert client.get("/es/").headers["Location"] == "/"


def test_the_menu_and_the_brand_stay_in_the_language(loaded: Loaded, client: Client) -> None:
    html = page_at(client, SPANISH)

    header = html[html.index("<header") : html.index("</header")]
    links = re.findall(r'href="(/[^"]*)"', header)
    assert "/es/ejercicios/" in links
    assert all(link.startswith("/es/") for link in links)


@pytest.mark.parametrize(
    ("prefix", "address"), [("/es", "/es/ejercicios/movimiento-1/"), ("", "/exercises/move-1/")]
)
def test_a_permanent_link_leads_to_the_page_in_its_language(
    loaded: Loaded, client: Client, prefix: str, address: str
) -> None:
    key = loaded.exercises["move-1"].translation_key

    assert client.get(f"{prefix}/p/{key}/").headers["Location"] == address


def test_a_permanent_link_to_what_is_not_translated_leads_to_what_is_there(
    loaded: Loaded, client: Client
) -> None:
    key = loaded.exercises["move-2"].translation_key

    assert client.get(f"/es/p/{key}/").headers["Location"] == "/exercises/move-2/"


# ------------------------------------------------------------------ from files


def test_a_second_load_changes_no_translation(loaded: Loaded, folder: Path) -> None:
    before = list(Page.objects.order_by("pk").values("pk", "latest_revision_id", "path"))

    again = sample.load(folder)

    assert set(again.counts) == {"unchanged"}
    assert list(Page.objects.order_by("pk").values("pk", "latest_revision_id", "path")) == before


def test_translations_share_the_key_and_the_ids_of_their_blocks(loaded: Loaded) -> None:
    here, there = loaded.exercises["move-1"], loaded.translations["es"].exercises["move-1"]

    assert here.translation_key == there.translation_key
    assert [block.id for block in here.steps] == [block.id for block in there.steps]
    assert there.drawing is not None
    assert there.drawing.description == "Una persona hace el movimiento 1."


def test_a_translation_that_an_editor_renamed_is_found_again(loaded: Loaded, folder: Path) -> None:
    page = loaded.translations["es"].exercises["move-1"]
    ExercisePage.objects.filter(pk=page.pk).update(slug="otro-nombre")

    again = sample.load(folder)

    assert again.translations["es"].exercises["move-1"].pk == page.pk


# ------------------------------------------------------------------ copying to translate


def test_a_copy_for_translation_is_a_draft_with_the_same_keys(loaded: Loaded) -> None:
    source = loaded.exercises["move-2"]

    copy = source.copy_for_translation(Locale.objects.get(language_code="es"))

    assert not copy.live
    assert copy.translation_key == source.translation_key
    assert [block.id for block in copy.steps] == [block.id for block in source.steps]


def test_a_copied_diagnosis_shows_the_exercises_of_its_language(loaded: Loaded) -> None:
    there = loaded.translations["es"]
    there.diagnoses["sore-hip"].delete()

    copy = loaded.diagnoses["sore-hip"].copy_for_translation(there.home.locale)

    shown = [link.exercise.title for link in DiagnosisPage.objects.get(pk=copy.pk).exercise_list]
    assert shown == ["Movimiento 1", "Move 2"]


def copied(page: Any, loaded: Loaded, *, alias: bool = False) -> Any:
    """A copy of an English page in the Spanish tree, live."""
    there = loaded.translations["es"].home.locale
    copy = page.copy_for_translation(there, copy_parents=True, alias=alias)
    if not alias:
        copy.save_revision().publish()
    return type(page).objects.get(pk=copy.pk)


@pytest.mark.parametrize("alias", [False, True])
def test_a_copied_diagnosis_leads_to_related_pages_of_its_language(
    loaded: Loaded, client: Client, *, alias: bool
) -> None:
    source, there = loaded.diagnoses["sore-hip"], loaded.translations["es"]
    there.diagnoses["sore-hip"].delete()
    hip, move = RegionPage.objects.get(slug="hip"), loaded.exercises["move-1"]
    for place, target in enumerate((hip, move, loaded.exercises["move-2"])):
        DiagnosisRelated.objects.create(page=source, target=target, sort_order=place)

    copy = copied(source, loaded, alias=alias)

    assert [page.title for page in copy.related_list] == ["Cadera", "Movimiento 1", "Move 2"]
    html = page_at(client, copy.get_url())
    assert "/es/cadera/" in html
    assert 'href="/exercises/move-1/"' not in html
    assert "/es/ejercicios/movimiento-1/" in html


def test_a_translation_that_is_hidden_again_gives_way_to_the_source(loaded: Loaded) -> None:
    there = loaded.translations["es"]
    there.diagnoses["sore-hip"].delete()
    copy = copied(loaded.diagnoses["sore-hip"], loaded)

    there.exercises["move-1"].unpublish()

    shown = [link.exercise.title for link in DiagnosisPage.objects.get(pk=copy.pk).exercise_list]
    assert shown == ["Move 1", "Move 2"]


def test_a_page_that_names_both_languages_shows_one_of_them(loaded: Loaded) -> None:
    page = loaded.translations["es"].diagnoses["sore-hip"]
    page.exercises.all().delete()
    for move in (loaded.exercises["move-1"], loaded.translations["es"].exercises["move-1"]):
        DiagnosisExercise.objects.create(page=page, exercise=move, why="x")

    shown = [link.exercise.title for link in DiagnosisPage.objects.get(pk=page.pk).exercise_list]

    assert shown == ["Movimiento 1"]


def test_a_ladder_is_climbed_in_one_language(loaded: Loaded, client: Client) -> None:
    """The copy's link leads to the English Move 1, which is there in Spanish."""
    easier = loaded.translations["es"].exercises["move-1"]
    second = loaded.exercises["move-2"]
    second.links.add(
        ExerciseLink(to=loaded.exercises["move-1"], kind="regression", criterion="When sore.")
    )
    second.save()

    copy = copied(second, loaded)

    assert [page.pk for page in copy.whole_ladder] == [easier.pk, copy.pk]
    assert [page.pk for page in easier.whole_ladder] == [easier.pk, copy.pk]
    assert [page.pk for page in copy.steps_down()] == [easier.pk]
    assert [link.to.pk for link in copy.ladder] == [easier.pk]
    assert [page.title for page in loaded.exercises["move-1"].whole_ladder] == ["Move 1", "Move 2"]
    assert "/es/ejercicios/movimiento-1/" in page_at(client, copy.get_url())


def test_a_loop_by_way_of_another_language_is_refused(loaded: Loaded) -> None:
    copy = copied(loaded.exercises["move-2"], loaded)
    easier = loaded.translations["es"].exercises["move-1"]
    copied_up = easier.get_latest_revision_as_object()
    copied_up.links.add(
        ExerciseLink(to=loaded.exercises["move-2"], kind="progression", criterion="x")
    )
    copied_up.save_revision().publish()
    draft = copy.get_latest_revision_as_object()
    draft.links.add(ExerciseLink(to=loaded.exercises["move-1"], kind="progression", criterion="x"))

    with pytest.raises(ValidationError, match="loop"):
        draft.save_revision().publish()


def test_a_copied_article_shows_what_it_holds_in_its_language(
    loaded: Loaded, client: Client
) -> None:
    copy = copied(loaded.articles["run-again"], loaded)

    html = page_at(client, copy.get_url())

    assert "Cadera adolorida" in html
    assert "Sore hip" not in html
    assert 'href="/es/ejercicios/movimiento-1/"' in html
    assert 'href="/exercises/move-2/"' in html


def test_the_api_leads_to_the_translation_from_when_it_is_there(
    loaded: Loaded, client: Client
) -> None:
    there = loaded.translations["es"]
    there.exercises["move-1"].unpublish()
    there.diagnoses["sore-hip"].delete()
    copy = copied(loaded.diagnoses["sore-hip"], loaded)
    address = f"/api/v1/diagnoses/{copy.translation_key}/?locale=es"

    def titles() -> list[str]:
        working.work()
        return [each["exercise"]["title"] for each in client.get(address).json()["exercises"]]

    before = titles()
    there.exercises["move-1"].get_latest_revision().publish()

    assert (before, titles()) == (["Move 1", "Move 2"], ["Movimiento 1", "Move 2"])


@pytest.fixture
def mara(loaded: Loaded) -> User:
    account = clinic.user("mara", "Editors")
    clinic.clinician(loaded, "Mara", account=account)
    return account


def test_an_approval_is_not_copied_to_a_translation(loaded: Loaded, mara: User) -> None:
    source = loaded.exercises["move-2"]
    clinic.approve(source, by=mara)
    source = ExercisePage.objects.get(pk=source.pk)

    copy = source.copy_for_translation(Locale.objects.get(language_code="es"))
    copy.save_revision().publish()

    assert source.review_status(today=clinic.TODAY) == Status.CURRENT
    copy = ExercisePage.objects.get(pk=copy.pk)
    assert copy.review_status(today=clinic.TODAY) == Status.NEVER
    assert not copy.last_approvals


def test_a_translation_is_approved_by_itself(loaded: Loaded, mara: User) -> None:
    there = loaded.translations["es"].exercises["move-1"]

    clinic.approve(there, by=mara)

    assert public.in_review(there.pk, today=clinic.TODAY)
    assert not public.in_review(loaded.exercises["move-1"].pk, today=clinic.TODAY)


# ------------------------------------------------------------------ what others read


def test_the_api_answers_by_locale(loaded: Loaded, client: Client) -> None:
    query = {"type": "cms.DiagnosisPage", "locale": "es"}

    (found,) = client.get("/api/v2/pages/", query).json()["items"]

    assert found["title"] == "Cadera adolorida"
    assert found["meta"]["locale"] == "es"
    assert found["meta"]["html_url"].endswith(SPANISH)


def test_a_mail_takes_the_exercise_in_its_own_language(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"].pk

    assert public.exercise(page, language="es").title == "Movimiento 1"
    assert public.exercise(page, language="en-us").title == "Move 1"
    assert public.exercise(loaded.exercises["move-2"].pk, language="es").title == "Move 2"


def test_the_names_of_a_diagnosis_are_private_in_every_language(loaded: Loaded) -> None:
    names = public.diagnosis_names(loaded.diagnoses["sore-hip"].pk)

    assert {"Sore hip", "Hip ache", "Hip", "Cadera adolorida", "Cadera"} <= {*names}


def test_a_search_finds_the_pages_of_its_own_language(loaded: Loaded, client: Client) -> None:
    assert "Movimiento 1" in page_at(client, "/es/search/?q=movimiento")
    assert "Movimiento 1" not in page_at(client, "/search/?q=movimiento")


@pytest.fixture
def limping(loaded: Loaded) -> ExercisePage:
    """A Spanish page with a verb that English rules do not know, and a number that they drop."""
    page = loaded.translations["es"].exercises["move-1"]
    clinic.publish(page, summary="Si cojeas, descansa once minutos.")
    return page


def test_spanish_words_are_cut_by_spanish_rules(loaded: Loaded, limping: ExercisePage) -> None:
    def titles(text: str, page: Any) -> list[str]:
        return [hit.title for hit in search.find(text, locale=page.locale)]

    assert titles("cojear", limping) == ["Movimiento 1"]
    assert titles("descansando", limping) == ["Movimiento 1"]
    assert titles("once", limping) == ["Movimiento 1"]
    assert titles("once", loaded.home) == []
    assert titles("moving", loaded.home) == ["Move 1", "Move 2"]


def test_a_typo_is_mended_by_words_of_the_language_asked_in(
    loaded: Loaded, limping: ExercisePage
) -> None:
    there = limping.locale

    assert next(hit.title for hit in search.find("kadera", locale=there)) == "Cadera"
    assert "cader" in search.vocabulary(there)
    assert "cader" not in search.vocabulary(loaded.home.locale)
    assert "hip" not in search.vocabulary(there)


def test_the_search_page_and_the_api_search_by_the_same_rules(
    loaded: Loaded, limping: ExercisePage, client: Client
) -> None:
    working.repair()

    (hit,) = client.get("/api/v1/search/?q=cojear&locale=es").json()["items"]

    assert hit["page"]["title"] == "Movimiento 1"
    assert "<mark>cojeas</mark>" in hit["highlight"]
    assert "Movimiento 1" in page_at(client, "/es/search/?q=cojear")
    assert client.get("/api/v1/search/?q=cojear&locale=en-us").json()["items"] == []


def test_editors_search_across_languages(loaded: Loaded, limping: ExercisePage) -> None:
    assert [page.pk for page in ExercisePage.objects.search("cojear")] == [limping.pk]
    assert {page.title for page in ExercisePage.objects.search("moving")} == {"Move 1", "Move 2"}
    assert not ExercisePage.objects.search(" ")


# ------------------------------------------------------------------ in the admin


def test_an_editor_translates_a_page_in_the_admin(
    loaded: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    source, there = loaded.exercises["move-2"], loaded.translations["es"].home.locale

    form = client.get(f"/admin/translation/submit/page/{source.pk}/")
    response = client.post(form.request["PATH_INFO"], {"locales": [there.pk]})

    copy = source.get_translation(there)
    assert response["Location"] == f"/admin/pages/{copy.pk}/edit/"
    assert not copy.live
    editor = client.get(response["Location"]).content.decode()
    assert "Move 2" in editor


def test_the_locales_are_managed_in_the_admin(
    loaded: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)

    assert "Español" in client.get("/admin/locales/").content.decode()
