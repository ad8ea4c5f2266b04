"""Pages, brought to what the files say and published if anything differs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from wagtail.blocks import StreamBlock, StreamBlockValidationError, StreamValue
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.sample.files import SampleError

PLACED_BY_THE_TREE = ["path", "depth", "url_path", "content_type"]

Kind = TypeVar("Kind", bound=Page)


def find(kind: type[Kind], parent: Page, slug: str, *, translates: Page | None = None) -> Kind:
    """The page at this place, or a new one that is not saved yet, in the language of `parent`.

    A translation is known by what it translates, whatever an editor has called it since.
    """
    page = parent.get_children().filter(slug=slug).first()
    if translates is not None:
        page = translates.get_translation_or_none(parent.locale_id) or page
    if page is None:
        new: Kind = kind(slug=slug, locale_id=parent.locale_id)
        if translates is not None:
            new.translation_key = translates.translation_key
        return new
    specific = page.specific
    if not isinstance(specific, kind):
        raise SampleError(
            f"/{parent.slug}/{slug}/: stands in the way, it is no {kind.get_verbose_name()}"
        )
    return specific


def publish(
    page: Kind,
    parent: Page,
    values: Mapping[str, Any],
    counts: Counter[str],
    children: Mapping[str, list[Model] | None] | None = None,
) -> Kind:
    """Save and publish if anything differs. `children` holds None where nothing changed."""
    changed_children = {k: v for k, v in (children or {}).items() if v is not None}
    fresh = page.pk is None or page.latest_revision_id is None
    if page.pk is None:
        add(page, parent, values)
    changed = _assign(page, values)
    if not (fresh or changed or changed_children):
        counts["unchanged"] += 1
        return page
    for name, items in changed_children.items():
        setattr(page, name, items)
    _check(page)
    if changed_children:
        page.save()  # The revision then knows the keys of new rows.
    _go_live(page)
    page.refresh_from_db()
    counts["created" if fresh else "updated"] += 1
    return page


def _go_live(page: Page) -> None:
    try:
        page.save_revision(log_action=True).publish()
    except ValidationError as error:
        raise SampleError(f"{page.get_verbose_name()} {page.slug!r}: {_one_line(error)}") from None


def add(page: Page, parent: Page, values: Mapping[str, Any]) -> None:
    """Below `parent`, not live yet, so that others can point at it."""
    _assign(page, values)
    page.live = False
    page.has_unpublished_changes = True
    _check(page)
    parent.add_child(instance=page)


def _assign(page: Page, values: Mapping[str, Any]) -> bool:
    """Set what differs from `values`, and tell whether anything did."""
    changed = False
    for name, value in values.items():
        model_field = _field(page, name.removesuffix("_id"))
        if isinstance(model_field, StreamField):
            block = model_field.stream_block
            wanted = block.to_python(value)
            same = _stored(block, wanted) == _stored(block, getattr(page, name))
        else:
            wanted = value
            same = getattr(page, name) == value
        if not same:
            setattr(page, name, wanted)
            changed = True
    return changed


def _stored(block: StreamBlock, value: StreamValue) -> Any:
    """As it is stored once every block was read: absent values then have their defaults."""
    for child in value:
        child.value  # noqa: B018  # Blocks are read when they are first asked for.
    return block.get_prep_value(value)


def _check(page: Page) -> None:
    """What an editor's form would refuse is refused here too."""
    place = f"{page.get_verbose_name()} {page.slug!r}"
    try:
        page.full_clean(exclude=PLACED_BY_THE_TREE)
    except ValidationError as error:
        raise SampleError(f"{place}: {_one_line(error)}") from None
    for field in _streams(page):
        try:
            field.stream_block.clean(getattr(page, field.name))
        except StreamBlockValidationError as error:
            fault = _first_message(error.as_json_data())
            raise SampleError(f"{place} > {field.name}: {fault}") from None


def _field(page: Page, name: str) -> Field[Any, Any]:
    field: Field[Any, Any] = page._meta.get_field(name)  # Django documents _meta.
    return field


def _streams(page: Page) -> Iterator[Any]:
    fields = page._meta.get_fields()
    return (field for field in fields if isinstance(field, StreamField))


def _one_line(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        faults = error.message_dict.items()
        return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in faults)
    return " ".join(error.messages)


def _first_message(data: Any, place: tuple[str, ...] = ()) -> str:
    """The first fault in the tree that Wagtail makes of block errors, with the way to it."""
    if "messages" in data:
        return ": ".join(filter(None, [" > ".join(place), " ".join(data["messages"])]))
    for kind in ("blockErrors", "nonBlockErrors"):
        for key, below in dict(data.get(kind) or {}).items():
            step = f"no. {int(key) + 1}" if str(key).isdigit() else str(key)
            return _first_message(below, (*place, step))
    return " > ".join(place)


def children(
    known: Iterable[Any], model: Any, wanted: list[dict[str, Any]], identity: tuple[str, ...]
) -> list[Model] | None:
    """The rows of a page in their order, keeping those that stay; None if nothing changed."""
    rows = {tuple(getattr(row, name) for name in identity): row for row in known}
    before = [
        {name: getattr(row, name) for name in values}
        for row, values in zip(rows.values(), wanted, strict=False)
    ]
    if len(rows) == len(wanted) and before == wanted:
        return None
    items = []
    for number, values in enumerate(wanted):
        row = rows.get(tuple(values[name] for name in identity)) or model()
        for name, value in {**values, "sort_order": number}.items():
            setattr(row, name, value)
        items.append(row)
    return items
