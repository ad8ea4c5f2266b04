"""Easier and harder exercises: the ladder up and down, and loops, which there are none of."""

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from cms import progressions, sample
from cms.forms import ExercisePageForm
from cms.models import ExerciseLink, ExercisePage
from cms.sample import Loaded, SampleError
from tests.cms import clinic, samples

UP, DOWN = "progression", "regression"
LINKS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([UP, DOWN])), max_size=12
)


def test_harder_and_easier_are_two_names_of_one_step() -> None:
    assert progressions.rungs([(1, 2, UP), (3, 2, DOWN), (1, 9, "variation")]) == {1: {2}, 2: {3}}


@given(LINKS)
def test_going_up_always_ends(links: list[tuple[int, int, str]]) -> None:
    ups = progressions.rungs(links)

    for start in range(1, 7):
        assert len(progressions.above(ups, start)) <= 6


@given(LINKS)
def test_links_that_close_nothing_leave_a_ladder_without_a_loop(
    links: list[tuple[int, int, str]],
) -> None:
    closing = set(progressions.closing({}, links))
    ups = progressions.rungs(links)

    loops = [n for n in range(1, 7) if n in progressions.above(ups, n)]

    assert bool(closing) == bool(loops)


@given(LINKS)
def test_in_order_no_step_goes_down(links: list[tuple[int, int, str]]) -> None:
    kept = [link for link in links if not set(progressions.closing({}, links))]
    ups = progressions.rungs(kept)

    order = progressions.in_order(ups, range(1, 7))

    assert sorted(order) == [1, 2, 3, 4, 5, 6]
    for low, highs in ups.items():
        assert all(order.index(low) < order.index(high) for high in highs)


# ------------------------------------------------------------------ pages


@pytest.fixture
def chain(db: None, tmp_path: Path) -> Loaded:
    """move-1 < move-2 < move-3 < move-4."""
    folder = samples.write(tmp_path / "c", content=samples.pages(4), moves=samples.exercises(4))
    return sample.load(folder)


def link(here: ExercisePage, there: ExercisePage, kind: str) -> None:
    """A draft of `here` with one more link, published."""
    draft = here.get_latest_revision_as_object()
    draft.links.add(ExerciseLink(to=there, kind=kind, criterion="When easy."))
    draft.save_revision().publish()


def slugs(pages: list[ExercisePage]) -> list[str]:
    return [page.slug for page in pages]


def test_the_ladder_is_followed_up_and_down_from_the_middle(chain: Loaded) -> None:
    second = chain.exercises["move-2"]

    assert slugs(second.steps_up()) == ["move-3"]
    assert slugs(second.steps_down()) == ["move-1"]
    assert slugs(second.whole_ladder) == ["move-1", "move-2", "move-3", "move-4"]


def test_a_rung_that_nobody_may_see_is_left_out(chain: Loaded) -> None:
    chain.exercises["move-3"].unpublish()

    assert slugs(chain.exercises["move-2"].whole_ladder) == ["move-1", "move-2"]


def test_an_exercise_alone_has_no_ladder(chain: Loaded) -> None:
    ExerciseLink.objects.all().delete()

    assert chain.exercises["move-1"].whole_ladder == []


def test_readers_see_the_ladder_in_order_and_where_they_stand(
    chain: Loaded, client: Client
) -> None:
    page = BeautifulSoup(client.get("/exercises/move-2/").content, "html.parser")

    rungs = page.select("ol.whole-ladder > li")
    assert [rung.get_text(strip=True) for rung in rungs] == ["Move 1", "Move 2", "Move 3", "Move 4"]
    assert [rung.get("aria-current") for rung in rungs] == [None, "true", None, None]


@pytest.mark.parametrize(
    ("here", "there", "kind"),
    [
        ("move-2", "move-1", UP),
        ("move-4", "move-1", UP),
        ("move-1", "move-4", DOWN),
        ("move-3", "move-4", DOWN),
    ],
)
def test_a_loop_of_any_length_is_not_published(
    chain: Loaded, here: str, there: str, kind: str
) -> None:
    with pytest.raises(ValidationError, match="loop"):
        link(chain.exercises[here], chain.exercises[there], kind)

    assert ExerciseLink.objects.filter(page__slug=here, to__slug=there, kind=kind).count() == 0


def test_a_short_cut_and_a_variation_are_no_loops(chain: Loaded) -> None:
    link(chain.exercises["move-1"], chain.exercises["move-4"], UP)
    link(chain.exercises["move-4"], chain.exercises["move-1"], "variation")

    assert slugs(chain.exercises["move-1"].whole_ladder) == ["move-1", "move-2", "move-3", "move-4"]


def test_two_drafts_that_are_fine_alone_are_no_loop_together(chain: Loaded) -> None:
    """The second of them is refused when it is published, whoever publishes it."""
    first, last = chain.exercises["move-1"], chain.exercises["move-4"]
    ExerciseLink.objects.filter(page__slug="move-2").delete()
    draft = last.get_latest_revision_as_object()
    draft.links.add(ExerciseLink(to=first, kind=UP, criterion="x"))
    waiting = draft.save_revision()
    link(chain.exercises["move-2"], chain.exercises["move-3"], UP)

    with pytest.raises(ValidationError, match="loop"):
        waiting.publish()


def test_a_clinician_who_approves_a_loop_sends_it_back(chain: Loaded) -> None:
    mara = clinic.user("mara")
    clinic.clinician(chain, "Mara", account=mara)
    draft = chain.exercises["move-4"].get_latest_revision_as_object()
    draft.links.add(ExerciseLink(to=chain.exercises["move-1"], kind=UP, criterion="x"))
    draft.save_revision()
    state = clinic.submit(chain.exercises["move-4"])

    state.task.specific.on_action(state, mara, "approve")

    state = type(state).objects.get(pk=state.pk)
    assert state.status == state.STATUS_REJECTED
    assert "loop" in state.comment


class LinksForm(ExercisePageForm):
    """The part of the editor's form that is about links."""

    class Meta:
        model = ExercisePage
        fields: list[str] = []
        formsets = {"links": {"fields": ["to", "kind", "criterion"]}}


def form_with(page: ExercisePage, *links: tuple[ExercisePage | None, str]) -> Any:
    """The rows of the form, in which the links are those given."""
    data = {"links-TOTAL_FORMS": str(len(links)), "links-INITIAL_FORMS": "0"}
    for number, (to, kind) in enumerate(links):
        data |= {
            f"links-{number}-to": str(to.pk) if to else "",
            f"links-{number}-kind": kind,
            f"links-{number}-criterion": "When easy.",
            f"links-{number}-ORDER": str(number + 1),
        }
    form = LinksForm(data, instance=page)
    form.is_valid()
    return form.formsets["links"]


def test_the_editor_is_told_at_the_link_that_closes_the_loop(chain: Loaded) -> None:
    first, last = chain.exercises["move-1"], chain.exercises["move-4"]
    other = chain.exercises["move-3"]

    links = form_with(last, (other, DOWN), (first, UP))

    assert links.errors[0] == {}
    assert "loop" in str(links.errors[1]["to"])


def test_the_editor_is_told_that_an_exercise_does_not_lead_to_itself(chain: Loaded) -> None:
    first = chain.exercises["move-1"]

    links = form_with(first, (first, "variation"))

    assert links.errors[0]["to"] == ["Choose another exercise than this one."]


def test_two_links_that_close_a_loop_between_them_are_both_named(chain: Loaded) -> None:
    ExerciseLink.objects.all().delete()
    first, second = chain.exercises["move-1"], chain.exercises["move-2"]

    links = form_with(first, (second, UP), (second, DOWN))

    assert [list(errors) for errors in links.errors] == [["to"], ["to"]]


def test_unfinished_links_do_not_trouble_the_check(chain: Loaded) -> None:
    links = form_with(chain.exercises["move-4"], (None, UP), (chain.exercises["move-1"], ""))

    assert [list(errors) for errors in links.errors] == [["to"], ["kind"]]
    assert "loop" not in str(links.errors)


def test_files_with_a_loop_are_refused_with_their_place(db: None, tmp_path: Path) -> None:
    moves = samples.exercises(2)
    moves[1]["links"] = [{"to": "move-1", "kind": "progression", "criterion": "x"}]
    folder = samples.write(tmp_path / "c", content=samples.pages(2), moves=moves)

    with pytest.raises(SampleError, match=r"move-2.*loop"):
        sample.load(folder)


def test_a_long_ladder_costs_as_many_queries_as_a_short_one(
    db: None, tmp_path: Path, client: Client
) -> None:
    def queries(count: int) -> int:
        folder = samples.write(
            tmp_path / str(count), content=samples.pages(2), moves=samples.exercises(count)
        )
        sample.load(folder)
        client.get("/exercises/move-1/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/exercises/move-1/")
        return len(captured)

    assert queries(2) == queries(20)
