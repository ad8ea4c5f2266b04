import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from wagtail.models import GroupPagePermission, Revision

from cms.admin import transfer_files, transfer_plan, transfer_rows
from cms.admin.transfer_files import FileFault
from cms.models import Citation, ExerciseIndexPage, ExercisePage, Picture, User
from cms.sample import Loaded
from tests.factories import PictureFactory

IMPORT, EXPORT_CSV, EXPORT_JSON = (
    "/admin/exercises/import/",
    "/admin/exercises/export.csv",
    "/admin/exercises/export.json",
)


def row(**changes: Any) -> dict[str, Any]:
    return {
        "slug": "heel-slide",
        "title": "Heel slide",
        "summary": "Slide your heel.",
        "kind": "mobility",
        "level": "beginner",
        "position": "lying",
        "purpose": "It loosens the knee.",
        "steps": [{"text": "Lie down."}, {"text": "Slide.", "seconds": 5}],
        "stop_if": "Stop if it hurts.",
        "dosage": {"sets_from": 2, "sets_to": 3, "reps_from": 10, "times": 3},
        **changes,
    }


def as_json(*rows: dict[str, Any]) -> bytes:
    return json.dumps(rows).encode()


def as_csv(*rows: dict[str, Any]) -> bytes:
    lines = [transfer_rows.validated(values) for values in rows]
    return transfer_files.write(lines, "csv")


def plan(content: bytes, *, form: str = "json", commit: bool = False) -> transfer_plan.Plan:
    index = ExerciseIndexPage.objects.get()
    return transfer_plan.run(transfer_files.read(content, form), index, user=None, commit=commit)


def faults(content: bytes, *, form: str = "json") -> list[tuple[int, str, str]]:
    items = plan(content, form=form).items
    return [(i.line.number, fault.column, fault.message) for i in items for fault in i.faults]


@pytest.fixture
def admin(loaded: Loaded, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    return client


def upload(client: Client, content: bytes, *, name: str = "moves.json") -> Any:
    index = ExerciseIndexPage.objects.get().pk
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), "index": index})


# ------------------------------------------------------------------ out and back in


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_was_exported_comes_back_unchanged(loaded: Loaded, form: str) -> None:
    exported = transfer_files.write(transfer_plan.rows(ExercisePage.objects.all()), form)

    outcome = plan(exported, form=form)

    assert [item.faults for item in outcome.items] == [[], []]
    assert outcome.counts == {"unchanged": 2}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_texts_that_look_like_formulas_or_lists_survive_the_way_out_and_in(
    loaded: Loaded, form: str
) -> None:
    nasty = ["=1+1", "'=1+1", "[1]", "a => b", "two\nlines", "@x", "-5", "+5", "\tx", "“é”;,"]
    page = ExercisePage.objects.get(slug="move-1")
    page.cues = [("line", text) for text in nasty]
    page.purpose = "=cmd|' /C calc'!A0"
    page.save_revision()

    exported = transfer_files.write(transfer_plan.rows([page]), form)
    outcome = plan(exported, form=form)

    assert outcome.counts == {"unchanged": 1}, outcome.items[0].columns


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_cell_of_a_csv_begins_like_a_formula(start: str) -> None:
    values = row(purpose=f"{start}cmd", cues=[f"{start}x"], other_names=[f"'{start}y"])
    rows = [
        transfer_rows.Row.model_construct(
            **{
                **transfer_rows.validated(row()).__dict__,
                "purpose": values["purpose"],
                "cues": values["cues"],
                "other_names": values["other_names"],
            }
        )
    ]

    text = transfer_files.write(rows, "csv").decode("utf-8-sig")

    cells = [cell for line in csv.reader(StringIO(text, newline="")) for cell in line]
    assert not [cell for cell in cells if cell.startswith(transfer_files.RUNS)]
    assert [transfer_files.restored(transfer_files.neutral(cell)) for cell in cells] == cells


def test_json_is_not_neutralised_as_nothing_runs_it() -> None:
    exported = transfer_files.write([transfer_rows.validated(row(purpose="=1+1"))], "json")

    assert json.loads(exported)[0]["purpose"] == "=1+1"


# ------------------------------------------------------------------ what an import does


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_new_exercise_becomes_a_draft_with_everything_the_row_says(
    loaded: Loaded, form: str
) -> None:
    link = {"to": "move-1", "kind": "progression", "criterion": "It is easy."}
    values = row(links=[link], equipment=["a chair"], mistakes=[{"mistake": "Fast", "fix": "Slow"}])
    content = as_json(values) if form == "json" else as_csv(values)

    plan(content, form=form, commit=True)

    page = ExercisePage.objects.get(slug="heel-slide")
    draft = page.get_latest_revision_as_object()
    assert not page.live
    assert [step.value["seconds"] for step in draft.steps] == [None, 5]
    assert draft.default_dosage.sentence() == "2 to 3 sets of 10, 3 days a week"
    assert [(link.to.slug, link.kind) for link in draft.links.all()] == [("move-1", "progression")]
    assert [str(line.value) for line in draft.equipment] == ["a chair"]
    assert draft.mistakes[0].value["fix"] == "Slow"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_regions_and_sides_come_and_go_with_the_row(loaded: Loaded, form: str) -> None:
    values = row(regions=["hip"], laterality="each_side")
    plan(as_json(values) if form == "json" else as_csv(values), form=form, commit=True)
    page = ExercisePage.objects.get(slug="heel-slide")
    before = [region.pk for region in page.regions.all()]

    rows = transfer_files.write(transfer_plan.rows([page]), form)
    again = plan(rows, form=form)
    plan(rows.replace(b"each_side", b"alternating"), form=form, commit=True)

    draft = ExercisePage.objects.get(slug="heel-slide").get_latest_revision_as_object()
    assert again.items[0].verdict == transfer_plan.UNCHANGED
    assert (page.laterality, draft.laterality) == ("each_side", "alternating")
    assert [(r.pk, r.region.slug) for r in draft.regions.all()] == [(before[0], "hip")]


def test_a_region_that_is_not_there_is_told(loaded: Loaded) -> None:
    assert faults(as_json(row(regions=["toe"])))[0][:2] == (1, "regions")


def test_a_known_exercise_gets_a_draft_and_its_readers_see_the_old_one(loaded: Loaded) -> None:
    before = ExercisePage.objects.get(slug="move-1")
    exported = json.loads(transfer_files.write(transfer_plan.rows([before]), "json"))
    exported[0]["title"] = "A better move"

    outcome = plan(as_json(*exported), commit=True)

    page = ExercisePage.objects.get(slug="move-1")
    assert outcome.items[0].columns == ["title"]
    assert (page.title, page.live, page.has_unpublished_changes) == ("Move 1", True, True)
    assert page.get_latest_revision_as_object().title == "A better move"


def test_columns_that_a_file_leaves_out_stay_as_they_are(loaded: Loaded) -> None:
    plan(as_json(row(slug="move-1", title="Renamed")), commit=True)

    draft = ExercisePage.objects.get(slug="move-1").get_latest_revision_as_object()
    assert draft.title == "Renamed"
    assert [str(line.value) for line in draft.cues] == ["Slowly"]
    assert draft.drawing is not None
    assert draft.links.count() == 1


def test_blocks_keep_their_ids_and_their_seconds_where_the_text_stays(loaded: Loaded) -> None:
    page = ExercisePage.objects.get(slug="move-1")
    before = {step.value["text"]: step.id for step in page.steps}

    plan(as_json(row(slug="move-1", steps=[{"text": "Lift."}, {"text": "Rest."}])), commit=True)

    page.refresh_from_db()
    draft = page.get_latest_revision_as_object()
    assert [step.value["text"] for step in draft.steps] == ["Lift.", "Rest."]
    assert draft.steps[0].id == before["Lift."]


def test_links_may_lead_to_exercises_that_the_same_file_brings(loaded: Loaded) -> None:
    link = {"to": "later", "kind": "progression", "criterion": "It is easy."}

    outcome = plan(as_json(row(links=[link]), row(slug="later", title="Later")), commit=True)

    assert outcome.done
    assert ExercisePage.objects.get(slug="heel-slide").links.get().to.slug == "later"


def test_a_dry_run_writes_nothing(loaded: Loaded) -> None:
    before = (ExercisePage.objects.count(), Revision.objects.count())

    outcome = plan(as_json(row(), row(slug="move-1")))

    assert outcome.counts == {"new": 1, "changed": 1}
    assert (ExercisePage.objects.count(), Revision.objects.count()) == before


def test_one_wrong_row_keeps_all_rows_out(loaded: Loaded) -> None:
    before = (ExercisePage.objects.count(), Revision.objects.count())

    outcome = plan(as_json(row(), row(slug="other", kind="magic")), commit=True)

    assert not outcome.done
    assert (ExercisePage.objects.count(), Revision.objects.count()) == before


# ------------------------------------------------------------------ what is told about wrong rows


@pytest.mark.parametrize(
    ("changes", "column", "word"),
    [
        ({"slug": "Heel Slide"}, "slug", "small letters"),
        ({"kind": "magic"}, "kind", "strength"),
        ({"title": ""}, "title", "blank"),
        ({"summary": "x" * 301}, "summary", "300"),
        ({"steps": []}, "steps", "minimum"),
        ({"steps": [{"text": ""}]}, "steps", "no. 1 > text"),
        ({"steps": [{"text": "x", "seconds": 900}]}, "steps", "600"),
        ({"dosage": {"sets_from": 3, "sets_to": 2}}, "dosage_sets_to", "below"),
        ({"dosage": {"sets_from": "many"}}, "dosage_sets_from", "whole number"),
        ({"dosage": {"times": 9}}, "dosage_times", "seven days"),
        ({"drawing": "No such picture"}, "drawing", "Upload it"),
        (
            {"links": [{"to": "nowhere", "kind": "progression", "criterion": "x"}]},
            "links",
            "nowhere",
        ),
        (
            {"links": [{"to": "heel-slide", "kind": "progression", "criterion": "x"}]},
            "links",
            "no. 1",
        ),
        ({"colour": "red"}, "colour", "not known"),
        ({"purpose": "a\x07b"}, "purpose", "control character"),
    ],
)
def test_a_wrong_cell_is_told_by_row_column_and_what_to_do(
    loaded: Loaded, changes: dict[str, Any], column: str, word: str
) -> None:
    found = faults(as_json(row(slug="fine"), row(**changes)))

    assert [(number, name) for number, name, _message in found] == [(2, column)]
    assert word in found[0][2]


def test_every_fault_of_a_file_is_told_at_once(loaded: Loaded) -> None:
    found = faults(as_json(row(kind="magic", level="ninja"), row(slug="move-9", title="")))

    assert [(number, column) for number, column, _message in found] == [
        (1, "kind"),
        (1, "level"),
        (2, "title"),
    ]


def test_a_loop_of_progressions_is_refused(loaded: Loaded) -> None:
    link = {"to": "move-1", "kind": "progression", "criterion": "x"}

    found = faults(as_json(row(slug="move-2", links=[link])))

    assert [(number, column) for number, column, _message in found] == [(1, "links")]


def test_a_loop_that_only_the_whole_file_makes_is_refused(loaded: Loaded) -> None:
    there, back = (
        [{"to": slug, "kind": "progression", "criterion": "x"}] for slug in ("second", "first")
    )

    found = faults(as_json(row(slug="first", links=there), row(slug="second", links=back)))

    assert {(number, column) for number, column, _message in found} == {(1, "links"), (2, "links")}


def test_the_same_slug_twice_is_told_at_both_rows(loaded: Loaded) -> None:
    found = faults(as_json(row(), row(title="Again")))

    assert [(number, column) for number, column, _message in found] == [(1, "slug"), (2, "slug")]


def test_rows_are_numbered_as_a_spreadsheet_does(loaded: Loaded) -> None:
    header, first, *_rest = as_csv(row(cues=["one", "two"])).decode("utf-8-sig").split("\r\n", 1)
    wrong = as_csv(row(slug="second")).decode("utf-8-sig").split("\r\n", 1)[1]
    wrong = wrong.replace("mobility", "magic")

    found = faults(f"{header}\r\n{first}\r\n{wrong}".encode(), form="csv")

    assert [(number, column) for number, column, _message in found] == [(4, "kind")]


@pytest.mark.parametrize(
    ("content", "form", "word"),
    [
        (b"", "csv", "missing"),
        (b"slug,title\n", "csv", "summary"),
        ("slug,title,Größe".encode("latin-1"), "csv", "UTF-8"),
        (b"slug,slug\n", "csv", "twice"),
        (b"slug,titel\na,b\n", "csv", "Did you mean title"),
        (b"slug,title\0\n", "csv", "NUL"),
        (b"x" * (transfer_files.MAX_BYTES + 1), "csv", "1 MB"),
        (b"{", "json", "no JSON"),
        (b"[" * 100_000, "json", "no JSON"),
        (b'{"slug": "a"}', "json", "list"),
        (b"[]", "json", "no rows"),
        (as_json(*[row()] * (transfer_files.MAX_ROWS + 1)), "json", "100"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(content: bytes, form: str, word: str) -> None:
    with pytest.raises(FileFault, match=word):
        transfer_files.read(content, form)


def test_a_row_with_too_many_cells_is_refused_by_its_number() -> None:
    content = as_csv(row()).decode("utf-8-sig").rstrip() + ",one,more\r\n"

    with pytest.raises(FileFault, match="Row 2"):
        transfer_files.read(content.encode(), "csv")


def test_a_semicolon_as_a_german_excel_writes_it_is_read() -> None:
    header = "slug;title;summary;kind;level;position;purpose;steps;stop_if"
    content = f"{header}\na;A, b;s;strength;beginner;lying;p;One;Stop\n"

    lines = transfer_files.read(content.encode(), "csv")

    assert lines[0].row is not None
    assert lines[0].row.title == "A, b"


# ------------------------------------------------------------------ in the admin


def test_an_editor_sees_a_dry_run_then_confirms(admin: Client) -> None:
    shown = upload(admin, as_json(row()))
    before = ExercisePage.objects.count()

    done = admin.post(IMPORT, {"token": shown.context["token"]}, follow=True)

    assert "Dry run" in shown.content.decode()
    assert before == 2
    assert "1 new draft" in done.content.decode()
    assert not ExercisePage.objects.get(slug="heel-slide").live


def test_a_dry_run_with_faults_offers_no_import(admin: Client) -> None:
    shown = upload(admin, as_json(row(kind="magic")))

    assert shown.status_code == 422
    assert shown.context["token"] == ""
    assert "<code>kind</code>" in shown.content.decode()


def test_an_edit_in_between_shows_the_list_again(admin: Client) -> None:
    shown = upload(admin, as_json(row(slug="move-1", title="Mine")))
    page = ExercisePage.objects.get(slug="move-1")
    page.title = "Theirs"
    page.save_revision()

    again = admin.post(IMPORT, {"token": shown.context["token"]})

    assert "meanwhile" in again.content.decode()
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().title == "Theirs"


def test_a_token_that_was_touched_imports_nothing(admin: Client) -> None:
    shown = upload(admin, as_json(row()))

    admin.post(IMPORT, {"token": shown.context["token"][:-2] + "xx"})

    assert not ExercisePage.objects.filter(slug="heel-slide").exists()


def test_a_file_of_another_kind_is_refused_at_the_field(admin: Client) -> None:
    shown = upload(admin, b"PK", name="moves.xlsx")

    assert "ends in .csv or .json" in str(shown.context["form"].errors["file"])


def person(*permissions: str) -> User:
    user = User.objects.create_user("eve", "eve@example.org", "x")
    group = Group.objects.create(name="Some")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for permission in permissions:
        GroupPagePermission.objects.create(
            group=group, page=ExerciseIndexPage.objects.get(), permission_type=permission
        )
    user.groups.add(group)
    return user


def test_who_may_not_add_exercises_may_not_import(loaded: Loaded, client: Client) -> None:
    client.force_login(person())

    response = client.get(IMPORT)

    assert response.status_code == 302
    assert not ExercisePage.objects.filter(slug="heel-slide").exists()


def test_who_may_only_add_cannot_change_what_others_wrote(loaded: Loaded, client: Client) -> None:
    client.force_login(person("add"))

    shown = upload(client, as_json(row(), row(slug="move-1")))

    items = shown.context["plan"].items
    assert [item.verdict for item in items] == ["new", "wrong"]
    assert "may not edit" in items[1].faults[0].message


@pytest.mark.parametrize(
    ("path", "kind"), [(EXPORT_CSV, "text/csv"), (EXPORT_JSON, "application/json")]
)
def test_the_export_holds_what_the_filters_show(admin: Client, path: str, kind: str) -> None:
    response = admin.get(path, {"q": "Move 2"})

    assert response["Content-Type"].startswith(kind)
    text = response.content.decode("utf-8-sig")
    assert "move-2" in text
    assert "Move 1" not in text


# ------------------------------------------------------------------ as commands


def test_commands_export_and_import(loaded: Loaded, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "moves.csv"
    call_command("export_exercises", file)

    call_command("import_exercises", file, "--commit")

    assert "row 2: move-1: unchanged" in capsys.readouterr().out


def test_the_import_command_is_a_dry_run_unless_told_to_commit(
    loaded: Loaded, tmp_path: Path, capsys: Any
) -> None:
    file = tmp_path / "moves.json"
    file.write_bytes(as_json(row()))

    call_command("import_exercises", file)

    assert "Dry run" in capsys.readouterr().out
    assert not ExercisePage.objects.filter(slug="heel-slide").exists()


def test_the_import_command_names_row_and_column(
    loaded: Loaded, tmp_path: Path, capsys: Any
) -> None:
    file = tmp_path / "moves.json"
    file.write_bytes(as_json(row(kind="magic")))

    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_exercises", file, "--commit")

    assert "row 1: kind:" in capsys.readouterr().out


# ------------------------------------------------------------------ pictures, films and sources


@pytest.fixture
def picture(loaded: Loaded) -> Picture:
    made: Picture = PictureFactory.create(title="Side view")
    made.file_hash = "0123456789abcdef" * 2 + "01234567"
    made.save()
    return made


@pytest.fixture
def source(loaded: Loaded) -> Citation:
    return Citation.objects.create(title="A trial", authors="Doe A", year=2020, doi="10.1000/xyz")


FILM = {
    "type": "film",
    "title": "The move",
    "address": "https://example.org/move",
    "description": "Somebody moves.",
    "transcript": "<p>Slowly.</p>",
    "author": "Oak Clinic",
    "licence": "CC BY 4.0",
}


def rich() -> dict[str, Any]:
    """A row with everything that leads out of it."""
    return row(
        steps=[
            {"text": "Lie down.", "picture": "Side view", "alt": "A person lies down."},
            {"text": "Slide.", "seconds": 5, "picture": "Side view", "decorative": True},
            {"text": "Rest."},
        ],
        media=[
            {"type": "picture", "picture": "Side view", "alt": "From the side.", "view": "side"},
            {**FILM, "view": "front", "seconds": 30},
        ],
        citations=[{"source": "https://doi.org/10.1000/XYZ", "supports": "That it helps."}],
    )


@pytest.mark.parametrize("form", ["csv", "json"])
def test_pictures_films_and_sources_come_back_as_they_went_out(
    picture: Picture, source: Citation, form: str
) -> None:
    plan(as_json(rich()), commit=True)
    page = ExercisePage.objects.get(slug="heel-slide")
    exported = transfer_files.write(transfer_plan.rows([page]), form)

    again = plan(exported, form=form)

    assert [(item.verdict, item.columns) for item in again.items] == [("unchanged", [])]
    draft = page.get_latest_revision_as_object()
    first, second, third = (step.value["picture"] for step in draft.steps)
    assert (first.pk, first.contextual_alt_text) == (picture.pk, "A person lies down.")
    assert (second.decorative, third) == (True, None)
    shown, film = draft.media
    assert (shown.value["picture"].pk, shown.value["view"]) == (picture.pk, "side")
    assert (film.value["seconds"], film.value["transcript"].source) == (30, "<p>Slowly.</p>")
    (block,) = draft.citations
    assert (block.value["citation"], block.value["supports"]) == (source, "That it helps.")


def test_a_csv_cell_holds_sources_as_lines(picture: Picture, source: Citation) -> None:
    plan(as_json(rich()), commit=True)
    page = ExercisePage.objects.get(slug="heel-slide")

    text = transfer_files.write(transfer_plan.rows([page]), "csv").decode("utf-8-sig")

    (cells,) = csv.DictReader(StringIO(text))
    assert cells["citations"] == "doi:10.1000/xyz | That it helps."
    named = f"#{picture.pk} Side view (sha1 0123456789ab)"
    assert json.loads(cells["media"])[0]["picture"] == named
    assert json.loads(cells["steps"])[0]["picture"] == named


def test_another_installation_finds_a_picture_by_the_hash_of_its_file(picture: Picture) -> None:
    elsewhere = f"#{picture.pk + 99} Its old title (sha1 0123456789ab)"

    plan(as_json(row(drawing=elsewhere)), commit=True)

    draft = ExercisePage.objects.get(slug="heel-slide").get_latest_revision_as_object()
    assert draft.drawing == picture


def test_a_step_that_says_nothing_of_its_picture_keeps_it(picture: Picture) -> None:
    steps = [{"text": "Lie down.", "picture": "Side view", "decorative": True}]
    plan(as_json(row(steps=steps)), commit=True)

    same = plan(as_json(row(steps=[{"text": "Lie down."}])))
    plan(as_json(row(steps=[{"text": "Lie down."}, {"text": "Slide."}])), commit=True)

    assert same.items[0].verdict == "unchanged"
    draft = ExercisePage.objects.get(slug="heel-slide").get_latest_revision_as_object()
    first, second = (step.value["picture"] for step in draft.steps)
    assert (first.pk, first.decorative, second) == (picture.pk, True, None)
    plan(as_json(row(steps=[{"text": "Lie down.", "picture": ""}])), commit=True)
    draft = ExercisePage.objects.get(slug="heel-slide").get_latest_revision_as_object()
    assert draft.steps[0].value["picture"] is None


@pytest.mark.parametrize(
    ("changes", "column", "word"),
    [
        ({"steps": [{"text": "x"}, {"text": "y", "picture": "None such"}]}, "steps", "no. 2"),
        ({"steps": [{"text": "x", "picture": "Side view"}]}, "steps", "picture"),
        ({"media": [{"type": "picture", "picture": "#999999 Gone"}]}, "media", "Upload it"),
        ({"media": [{"type": "song"}]}, "media", "picture or film"),
        ({"media": [{**FILM, "address": "http://example.org/"}]}, "media", "https://"),
        ({"media": [{k: v for k, v in FILM.items() if k != "transcript"}]}, "media", "transcript"),
        ({"citations": [{"source": "10.1000/nowhere"}]}, "citations", "no. 1"),
        ({"citations": [{"source": "pmid:42"}]}, "citations", "under Citations first"),
    ],
)
def test_what_a_row_leads_to_must_be_there_and_whole(
    picture: Picture, changes: dict[str, Any], column: str, word: str
) -> None:
    before = (ExercisePage.objects.count(), Revision.objects.count())

    outcome = plan(as_json(row(slug="fine"), row(**changes)), commit=True)

    found = [(i.line.number, f.column, f.message) for i in outcome.items for f in i.faults]
    assert [(number, name) for number, name, _message in found] == [(2, column)]
    assert word in found[0][2]
    assert (ExercisePage.objects.count(), Revision.objects.count()) == before
