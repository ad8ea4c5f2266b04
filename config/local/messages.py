"""The interface in other languages: `make messages` brings the catalogues up to date.

    python -m config.local.messages            read the sources again, write the .po and .mo files
    python -m config.local.messages --missing  only say what has no translation

No GNU gettext is needed. The .mo files are committed, so an installation compiles nothing. A text
that is only shown to staff may wait for its translation (see `is_for_staff`); whatever a visitor
or a subscriber can read may not, and a test holds that.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "config" / "locale"
APPS = ("cms", "nurture")
LANGUAGES = ("es",)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATES = {".html", ".txt", ".mjml"}
KEYWORDS = {
    "gettext": None,
    "pgettext": ((1, "c"), 2),
    "ngettext": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
}
FOR_STAFF = (
    "cms/admin/",
    "cms/announcements.py",
    "cms/integrations/",
    "cms/migrations/",
    "cms/templates/cms/admin/",
    "cms/templates/cms/blocks/previews/",
    "nurture/announcing.py",
    "nurture/authoring/",
    "nurture/staff/",
    "nurture/templates/nurture/admin/",
)
FOR_STAFF_FILES = {"wagtail_hooks.py", "apps.py"}
SAID_TO_EDITORS = ("cms/models/", "nurture/models/", "cms/blocks", "nurture/blocks")


@dataclass(frozen=True, slots=True)
class Found:
    """A text in the sources. `plural` is empty for most, `context` too."""

    place: str
    line: int
    text: str
    plural: str = ""
    context: str = ""
    for_staff: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.context, self.text)


def is_for_staff(place: str, *, shown: bool) -> bool:
    """Whether only people who sign in read what stands here.

    Models and blocks speak to editors, except by what is `shown`: the names of choices (a level,
    an action for a red flag), and what is put into words while a page is made (`gettext` instead
    of `gettext_lazy`). Everything else that is not listed is for visitors.
    """
    if place.startswith(FOR_STAFF) or Path(place).name in FOR_STAFF_FILES:
        return True
    return place.startswith(SAID_TO_EDITORS) and not shown


def sources() -> Iterator[Found]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.suffix == ".py":
                yield from in_python(place, path.read_text())
            elif path.suffix in TEMPLATES and "templates" in path.parts:
                yield from in_template(place, path.read_text())


def in_template(place: str, source: str) -> Iterator[Found]:
    """Django turns a template into calls of gettext, and Babel reads those."""
    calls = "\n".join(line.strip() for line in templatize(source).splitlines())
    for line, texts, _comments, context in extract(
        "python", BytesIO(calls.encode()), KEYWORDS, options={"encoding": "utf-8"}
    ):
        text, plural = texts if isinstance(texts, tuple) else (texts, "")
        staff = is_for_staff(place, shown=False)
        yield Found(place, line, text, plural, context or "", staff)


def in_python(place: str, source: str) -> Iterator[Found]:
    tree = ast.parse(source)
    names = names_of_gettext(tree)
    choices = {node for block in choice_blocks(tree) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := names.get(ast.unparse(node.func))):
            shown = node in choices or not name.endswith("_lazy")
            yield from in_call(node, name, place, for_staff=is_for_staff(place, shown=shown))


def names_of_gettext(tree: ast.Module) -> dict[str, str]:
    """What this module calls Django's functions: mostly `_`."""
    return {
        name.asname or name.name: name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
    }


def choice_blocks(tree: ast.Module) -> Iterator[ast.AST]:
    """Classes of choices, and lists of them that stand in a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and "Choices" in "".join(map(ast.unparse, node.bases)):
            yield node
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            yield node.value


def in_call(call: ast.Call, name: str, place: str, *, for_staff: bool) -> Iterator[Found]:
    kind = name.removesuffix("_lazy").removesuffix("_noop")
    texts = [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if kind not in KEYWORDS or not texts:
        return
    context = texts.pop(0) if kind.startswith(("p", "np")) else ""
    plural = texts[1] if kind.startswith("n") else ""
    yield Found(place, call.lineno, texts[0], plural, context, for_staff)


def grouped(found: Iterable[Found]) -> dict[tuple[str, str], list[Found]]:
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        groups.setdefault(one.key, []).append(one)
    return groups


# ------------------------------------------------------------------ the catalogues


def path_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return undated(read_po(file, locale=language))


def undated(catalogue: Catalog) -> Catalog:
    """The same catalogue is then the same file, whenever it is written."""
    catalogue.creation_date = catalogue.revision_date = LONG_AGO
    return catalogue


def renewed(language: str) -> Catalog:
    """The catalogue with what the sources say now: nothing stale, what is new without a text."""
    old = read(language)
    new = Catalog(
        locale=language,
        project="Rehabit",
        version="",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
        fuzzy=False,
    )
    new.header_comment = "# The interface of Rehabit. `make messages` renews this file."
    for (context, text), found in sorted(grouped(sources()).items(), key=where_first):
        known = old.get(text, context or None)
        plurals = {one.plural for one in found if one.plural}
        if len(plurals) > 1:  # gettext knows a text by its singular alone
            raise SystemExit(f"{found[0].place}: {text!r} has two plurals: {sorted(plurals)}")
        plural = next(iter(plurals), "")
        new.add(
            (text, plural) if plural else text,
            known.string if known and bool(plural) == known.pluralizable else "",
            locations=[(one.place, one.line) for one in found],
            flags=(known.flags - {"fuzzy"}) if known else (),
            user_comments=known.user_comments if known else (),
            context=context or None,
        )
    return new


def where_first(group: tuple[tuple[str, str], list[Found]]) -> tuple[str, int, str]:
    first = group[1][0]
    return (first.place, first.line, first.text)


def is_translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return bool(texts) and all(texts)


def missing(language: str, *, for_staff: bool = False) -> list[str]:
    """What has no translation, one line each: where it stands and what it says."""
    catalogue = read(language)
    return [
        f"{next(one.place for one in found if one.for_staff == for_staff)}: {text!r}"
        for (context, text), found in grouped(sources()).items()
        if all(one.for_staff for one in found) == for_staff
        and not is_translated(catalogue.get(text, context or None))
    ]


def po(catalogue: Catalog) -> bytes:
    target = BytesIO()
    write_po(target, undated(catalogue), width=100, include_lineno=False)
    return target.getvalue()


def mo(catalogue: Catalog) -> bytes:
    target = BytesIO()
    write_mo(target, undated(catalogue))
    return target.getvalue()


def write(language: str) -> None:
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(po(renewed(language)))
    path.with_suffix(".mo").write_bytes(mo(read(language)))


def main(arguments: list[str]) -> int:
    for language in LANGUAGES:
        if "--missing" not in arguments:
            write(language)
        open_texts = missing(language)
        for line in open_texts:
            print(f"{language}: {line}")
        waiting = len(missing(language, for_staff=True))
        print(f"{language}: {len(open_texts)} to translate, and {waiting} that only staff see")
    return 1 if open_texts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
