"""An autosave and a press of the button, at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from django.db import connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from wagtail.test.utils.form_data import inline_formset

from cms import sample
from cms.models import DiagnosisExercise, DiagnosisPage, RegionPage, User
from tests.cms import samples
from tests.cms.test_editing import diagnosis

AT_ONCE = 3
ROUNDS = 3


def test_saving_twice_at_once_writes_each_row_once(
    committed: None, tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = samples.write(tmp_path / "c", content=samples.pages(2), moves=samples.exercises(2))
    loaded = sample.load(folder)
    user = User.objects.create_superuser("ada", "ada@example.org")
    draft = DiagnosisPage(title="Sore knee", slug="sore-knee", live=False)
    RegionPage.objects.get().add_child(instance=draft)
    draft.save_revision(clean=False)
    rows = [{"exercise": loaded.exercises[f"move-{n}"].pk, "why": "Good."} for n in (1, 2)]
    data = diagnosis(exercises=inline_formset(rows))
    together = Barrier(AT_ONCE)
    before = DiagnosisExercise.objects.latest("pk").pk

    def save(_number: int) -> int:
        client = Client()
        client.force_login(user)
        together.wait()
        try:
            url = reverse("wagtailadmin_pages:edit", args=[draft.pk])
            return client.post(url, data).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = [list(threads.map(save, range(AT_ONCE))) for _round in range(ROUNDS)]

    assert {status for statuses in answers for status in statuses} == {302}
    assert draft.exercises.count() == 2
    assert max(draft.exercises.values_list("pk", flat=True)) - before <= AT_ONCE * len(rows)
