"""Articles of ten blocks, three of them exercises with a photo each.

One is published as an editor does it, the others are copies of its rows.
"""

from io import BytesIO
from typing import Any

from django.core.files.images import ImageFile
from django.db import connection
from PIL import Image
from wagtail.models import Page, Site

from cms.documents import pictures, working
from cms.models import ArticlePage, ExerciseIndexPage, ExercisePage, HomePage, Picture, RegionPage

EXERCISES, PAGES, PHOTOS = 3, 300, 3
WORDS = "The joint carries the load of each step, so a small change of how you move helps. " * 8


def photo(number: int) -> Picture:
    file = BytesIO()
    Image.new("RGB", (1_000, 700), (40 * number, 90, 120)).save(file, "JPEG")
    made = Picture.objects.create(
        title=f"Photo {number}",
        description="Somebody bends a knee.",
        file=ImageFile(BytesIO(file.getvalue()), name=f"photo-{number}.jpg"),
    )
    pictures.prepare(made)
    return made


def published(page: Any, parent: Page) -> Any:
    parent.add_child(instance=page)
    page.save_revision().publish()
    return page


def fill() -> None:
    Site.objects.all().delete()
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="Larkfield", slug="bench", tagline="Move"))
    Site.objects.create(hostname="localhost", root_page=home, is_default_site=True)
    index = published(ExerciseIndexPage(title="Exercises", slug="exercises"), home)
    region = published(RegionPage(title="Hip", slug="hip", summary="A joint."), home)
    photos = [photo(number) for number in range(PHOTOS)]
    exercises = [published(exercise(n, photos[n % PHOTOS]), index) for n in range(EXERCISES)]
    published(article(exercises), region)
    working.repair()
    grow(to=PAGES)


def exercise(number: int, drawing: Picture) -> ExercisePage:
    return ExercisePage(
        title=f"Exercise {number:03}",
        slug=f"exercise-{number}",
        summary="A small move.",
        kind="strength",
        level="beginner",
        position="lying",
        purpose=WORDS[:300],
        drawing=drawing,
        steps=[("step", {"text": "Lift slowly.", "picture": None, "seconds": None})] * 4,
        stop_if="It hurts.",
    )


def article(exercises: list[ExercisePage]) -> ArticlePage:
    texts = [("text", {"heading": "Why", "body": f"<p>{WORDS}</p>"})] * 7
    cards = [("exercise", {"exercise": page, "note": ""}) for page in exercises]
    return ArticlePage(title="Article", slug="article", summary="Read.", body=texts + cards)


def grow(*, to: int) -> int:
    """As many pages by copying rows of one article, with its entry in the index of the search and
    its document."""
    source = ArticlePage.objects.order_by("pk")[0]
    entry = Page._meta.get_field("index_entries").related_model._meta.db_table
    number = f"generate_series(1, {to - Page.objects.count()}) AS n"
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM wagtailcore_page")
        first = cursor.fetchone()[0]
        changes = {
            "id": f"{first} + n",
            "path": f"'{source.path[:-4]}' || upper(lpad(to_hex({first} + n + 40960), 4, '0'))",
            "slug": f"'copy-{first}-' || n",
            "url_path": f"rtrim(url_path, '/') || '-{first}-' || n || '/'",
            "translation_key": "gen_random_uuid()",
            "live_revision_id": "NULL",
            "latest_revision_id": "NULL",
        }
        copy(cursor, "wagtailcore_page", changes, number, f"id = {source.pk}")
        for table, key in (("cms_articlepage", "page_ptr_id"),):
            copy(cursor, table, {key: f"{first} + n"}, number, f"{key} = {source.pk}")
        changes = {"id": None, "object_id": f"({first} + n)::text"}
        copy(cursor, entry, changes, number, f"object_id = '{source.pk}'")
        changes = {
            "id": None,
            "page_id": f"{first} + n",
            "key": "gen_random_uuid()",
            "path": f"rtrim(path, '/') || '-{first}-' || n || '/'",
        }
        copy(cursor, "cms_document", changes, number, f"page_id = {source.pk}")
        cursor.execute(
            "INSERT INTO cms_source (document_id, name) SELECT document.id, source.name"
            " FROM cms_document AS document, cms_source AS source"
            " JOIN cms_document AS origin ON origin.id = source.document_id"
            " WHERE origin.page_id = %s AND document.page_id > %s",
            [source.pk, first],
        )
        cursor.execute(
            "INSERT INTO cms_relation (document_id, name, key, position)"
            " SELECT document.id, relation.name, relation.key, relation.position"
            " FROM cms_document AS document, cms_relation AS relation"
            " JOIN cms_document AS origin ON origin.id = relation.document_id"
            " WHERE origin.page_id = %s AND document.page_id > %s"
            " ORDER BY document.id, relation.id",
            [source.pk, first],
        )
        cursor.execute("ANALYZE")
    return Page.objects.count()


def copy(cursor: Any, table: str, changes: dict[str, Any], number: str, which: str) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER'",
        [table],
    )
    names = [name for (name,) in cursor.fetchall() if changes.get(name, "") is not None]
    values = ", ".join(changes.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    cursor.execute(
        f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM "{table}", {number} WHERE {which}'
    )
