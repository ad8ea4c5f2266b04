"""What a file would do to the exercises, and doing it: all of it or nothing.

The import makes the plan of the dry run once more, under a lock, and only then writes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.blocks import StreamBlockValidationError
from wagtail.fields import StreamField
from wagtail.log_actions import log

from cms import progressions
from cms.admin import transfer_regions, transfer_sources, transfer_streams
from cms.admin.transfer_files import Line
from cms.admin.transfer_rows import (
    LINES,
    PREFIX,
    DosageRow,
    Fault,
    Film,
    Link,
    MediaPicture,
    Mistake,
    Part,
    Row,
    Source,
    Step,
    tidy,
)
from cms.models import ExerciseIndexPage, ExerciseLink, ExercisePage

NEW, CHANGED, UNCHANGED, WRONG = "new", "changed", "unchanged", "wrong"
PLAIN = (
    "title",
    "summary",
    "kind",
    "level",
    "position",
    "laterality",
    "purpose",
    "stop_if",
    "home_alternative",
)
MAX_CRITERION = 300
STAND_IN = 1_000_000  # far from the keys of real pages, and below nought
PLACED_BY_THE_TREE = ["path", "depth", "url_path", "content_type"]


@dataclass
class Item:
    """A row of the file and what becomes of it."""

    line: Line
    page: Any = None
    verdict: str = WRONG
    columns: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.line.row.title if self.line.row else ""


@dataclass
class Plan:
    items: list[Item]
    done: bool = False

    @property
    def counts(self) -> Counter[str]:
        return Counter(item.verdict for item in self.items)

    @property
    def in_order(self) -> list[Item]:
        """What wants attention first."""
        order = [WRONG, NEW, CHANGED, UNCHANGED]
        return sorted(self.items, key=lambda item: (order.index(item.verdict), item.line.number))

    @property
    def faultless(self) -> bool:
        return not any(item.faults for item in self.items)

    @property
    def digest(self) -> str:
        """Changes with the file's effect and with every edit of a page that it is about."""
        facts = [
            (i.line.number, i.line.slug, i.verdict, i.columns, i.page and i.page.latest_revision_id)
            for i in self.items
        ]
        return sha256(json.dumps(facts).encode()).hexdigest()


# ------------------------------------------------------------------ out


def rows(pages: Iterable[ExercisePage]) -> Iterator[Row]:
    """The latest drafts as rows."""
    slugs = dict(ExercisePage.objects.values_list("pk", "slug")) | transfer_regions.slugs()
    for page in pages:
        yield row_of(page.get_latest_revision_as_object(), slugs)


def row_of(page: Any, slugs: dict[int, str]) -> Row:
    """Not validated: a draft may be unfinished, and is said as it is."""
    dosage = page.default_dosage
    values = {
        "slug": page.slug,
        **{name: getattr(page, name) for name in PLAIN},
        **{name: [str(block.value) for block in getattr(page, name)] for name in LINES},
        **transfer_streams.rows_of(page),
        "dosage": {name: getattr(dosage, name) for name in dosage.__slots__},
        "drawing": transfer_sources.picture_name(page.drawing),
        "regions": [slugs[row.region_id] for row in page.regions.all() if row.region_id in slugs],
        "links": [
            {"to": slugs[link.to_id], "kind": link.kind, "criterion": link.criterion}
            for link in page.links.all()
            if link.to_id in slugs
        ],
    }
    return unchecked(tidied(values))


def tidied(value: Any) -> Any:
    match value:
        case str():
            return tidy(value)
        case dict():
            return {name: tidied(part) for name, part in value.items()}
        case list():
            return [tidied(part) for part in value]
    return value


def unchecked(values: dict[str, Any]) -> Row:
    parts: dict[str, type[Part]] = {
        "steps": Step,
        "mistakes": Mistake,
        "links": Link,
        "citations": Source,
    }
    lists: dict[str, list[Any]] = {
        name: [part.model_construct(**item) for item in values[name]]
        for name, part in parts.items()
    }
    media: dict[str, type[Part]] = {"picture": MediaPicture, "film": Film}
    lists["media"] = [media[item["type"]].model_construct(**item) for item in values["media"]]
    dosage = DosageRow.model_construct(**values["dosage"])
    return Row.model_construct(**{**values, **lists, "dosage": dosage})


# ------------------------------------------------------------------ in


def run(
    lines: list[Line],
    index: ExerciseIndexPage,
    *,
    user: Any,
    commit: bool,
    as_shown: str | None = None,
) -> Plan:
    """Drafts only: nothing here publishes. `user` None is a command, which may do everything.

    With `as_shown`, the digest of a dry run, nothing is done if the plan is another by now.
    """
    with transaction.atomic():
        # Two imports at once would both find a slug free.
        ExerciseIndexPage.objects.select_for_update().get(pk=index.pk)
        plan = Plan(list(prepared(lines, index, user)))
        check_links(plan, index)
        if commit and plan.faultless and as_shown in (None, plan.digest):
            save_all(plan, index, user)
            plan.done = True
    return plan


def prepared(lines: list[Line], index: ExerciseIndexPage, user: Any) -> Iterator[Item]:
    """Pages with everything but their links. Nothing is written."""
    known = {page.slug: page for page in ExercisePage.objects.child_of(index)}
    slugs = {page.pk: page.slug for page in known.values()} | transfer_regions.slugs()
    for line in lines:
        item = Item(line, faults=list(line.faults))
        page = known.get(line.slug)
        if line.row is None:
            yield item
            continue
        item.page = (
            page.get_latest_revision_as_object()
            if page
            else ExercisePage(slug=line.slug, locale=index.locale)
        )
        before = row_of(item.page, slugs) if page else None
        item.columns = [
            name for name in line.row.model_fields_set if differs(name, line.row, before)
        ]
        item.columns.sort(key=list(Row.model_fields).index)
        item.verdict = NEW if not page else CHANGED if item.columns else UNCHANGED
        if item.columns:
            item.faults += allowed(item.page if page else index, user, new=not page)
            item.faults += assign(item)
            told = {fault.column for fault in item.faults}
            item.faults += [fault for fault in checked(item.page) if fault.column not in told]
        item.verdict = WRONG if item.faults else item.verdict
        yield item


def differs(name: str, row: Row, before: Row | None) -> bool:
    if before is not None and name == "steps":
        return not transfer_streams.same_steps(row.steps, before.steps)
    return before is None or getattr(row, name) != getattr(before, name)


def allowed(page: Any, user: Any, *, new: bool) -> Iterator[Fault]:
    if user is None:
        return
    may = page.permissions_for_user(user)
    if new and not may.can_add_subpage():
        yield Fault("slug", _("you may not add exercises here. Ask somebody who may."))
    if not new and (not may.can_edit() or may.page_locked()):
        yield Fault("slug", _("you may not edit this exercise, or it is locked."))


def assign(item: Item) -> Iterator[Fault]:
    page, row = item.page, item.line.row
    assert row is not None  # noqa: S101  # `prepared` looks first
    for name in item.columns:
        if name in PLAIN:
            setattr(page, name, getattr(row, name))
        elif name in LINES:
            lines = transfer_streams.of_file(getattr(page, name), "line", getattr(row, name))
            setattr(page, name, lines)
        elif name in transfer_streams.MAKE:
            yield from transfer_streams.assign(page, row, name)
        elif name == "dosage":
            dosage = [row.dosage.model_dump()]
            page.dosage = transfer_streams.of_file(page.dosage, "dosage", dosage)
    if "drawing" in item.columns:
        yield from draw(page, row.drawing)
    if "regions" in item.columns:
        yield from transfer_regions.assign(page, row.regions)


def draw(page: Any, name: str) -> Iterator[Fault]:
    try:
        page.drawing = transfer_sources.picture(name)
    except transfer_sources.Unknown as error:
        yield Fault("drawing", str(error))


def checked(page: Any) -> Iterator[Fault]:
    """What an editor's form would refuse to publish is refused here too."""
    try:
        page.full_clean(exclude=[*PLACED_BY_THE_TREE, *(f.name for f in streams(page))])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            yield Fault("" if name == "__all__" else name, " ".join(messages))
    for model_field in streams(page):
        value = getattr(page, model_field.name)
        if not value and model_field.blank:
            continue
        try:
            model_field.stream_block.clean(value)
        except StreamBlockValidationError as error:
            yield from block_faults(model_field.name, error.as_json_data())


def streams(page: Any) -> list[Any]:
    return [f for f in page._meta.get_fields() if isinstance(f, StreamField)]


def block_faults(column: str, data: Any, place: tuple[str, ...] = ()) -> Iterator[Fault]:
    """Every message in the tree that Wagtail makes of block errors, with the way to it."""
    if "messages" in data:
        if column == "dosage" and place[1:]:
            column, place = PREFIX + place[1], ()
        yield Fault(column, ": ".join(filter(None, [" > ".join(place), *data["messages"]])))
    for key, below in (data.get("blockErrors") or {}).items():
        step = f"no. {int(key) + 1}" if str(key).isdigit() else str(key)
        yield from block_faults(column, below, (*place, step))


def check_links(plan: Plan, index: ExerciseIndexPage) -> None:
    """Links may lead to pages that the file itself brings; those have a stand-in for their key."""
    known = dict(ExercisePage.objects.child_of(index).values_list("slug", "pk"))
    promised = {item.line.slug: -STAND_IN - n for n, item in enumerate(plan.items)}
    keys = {**promised, **known}
    for item in plan.items:
        if item.line.row is not None and "links" in item.columns:
            item.faults += link_faults(item.page, item.line.row.links, keys)
    check_loops([item for item in plan.items if item.line.row and not item.faults], keys)
    for item in plan.items:
        item.verdict = WRONG if item.faults else item.verdict


def check_loops(items: list[Item], keys: dict[str, int]) -> None:
    """Two rows may be fine beside what is live, and a loop together."""
    links = [
        (item, (keys[item.line.slug], keys[link.to], link.kind))
        for item in items
        if item.line.row and "links" in item.columns
        for link in item.line.row.links
    ]
    for position in progressions.closing({}, [ends for _item, ends in links]):
        fault = Fault("links", _("this row and others of the file lead in a circle."))
        if fault not in links[position][0].faults:
            links[position][0].faults.append(fault)


def link_faults(page: Any, links: list[Link], known: dict[str, int]) -> Iterator[Fault]:
    unknown = sorted({link.to for link in links if link.to not in known})
    for slug in unknown:
        yield Fault("links", _("there is no exercise with the slug %(slug)s.") % {"slug": slug})
    if unknown:
        return
    ends = [(known[link.to], link.kind) for link in links]
    if len(set(ends)) < len(ends):
        yield Fault("links", _("two links are the same. Keep one."))
    for number, message in page.link_faults(ends).items():
        yield Fault("links", f"no. {number + 1}: {message}")
    for number, link in enumerate(links, 1):
        if link.to == page.slug and not page.pk:
            yield Fault("links", f"no. {number}: " + _("leads to the exercise itself."))
        if not link.criterion or len(link.criterion) > MAX_CRITERION:
            yield Fault("links", f"no. {number}: " + _("say when, in 300 letters or fewer."))


def save_all(plan: Plan, index: ExerciseIndexPage, user: Any) -> None:
    """New drafts. Readers see nothing of them before somebody publishes them."""
    for item in plan.items:
        if item.verdict == NEW:
            place(item.page, index, user)
    known = dict(ExercisePage.objects.child_of(index).values_list("slug", "pk"))
    for item in plan.items:
        if item.verdict != UNCHANGED:
            save(item, known, user)


def place(page: Any, index: ExerciseIndexPage, user: Any) -> None:
    page.live, page.has_unpublished_changes, page.owner = False, True, user
    page.locale = index.locale
    index.add_child(instance=page)
    log(instance=page, action="wagtail.create", user=user, content_changed=True)


def save(item: Item, known: dict[str, int], user: Any) -> None:
    page, row = item.page, item.line.row
    if row is not None and "links" in item.columns:
        link(page, row.links, known)
    if not page.live and (item.verdict == CHANGED or "links" in item.columns):
        page.save()
    page.save_revision(user=user, log_action=item.verdict == CHANGED)


def link(page: Any, links: list[Link], known: dict[str, int]) -> None:
    """A link that stays keeps its row."""
    rows = {(row.to_id, row.kind): row for row in page.links.all()}
    made = []
    for number, link in enumerate(links):
        end = (known[link.to], link.kind)
        row = rows.get(end) or ExerciseLink(to_id=end[0], kind=end[1])
        row.criterion, row.sort_order = link.criterion, number
        made.append(row)
    page.links = made
