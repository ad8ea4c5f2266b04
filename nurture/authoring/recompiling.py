"""Bringing steps up to date when an exercise, a picture or a setting inside has changed.

The editor who changed it waits for one statement, which says what there is to do. The doing is a
background task's; a step that cannot be compiled any more keeps its last version, and its sequence
tells why.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal
from django.utils.translation import override
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished

from nurture.authoring.compile import Reading, compile_step, plan_of, read, source_of
from nurture.authoring.faults import CannotCompile
from nurture.authoring.versions import write_version
from nurture.models import Dependency, MailSettings, Recompile, Sequence

# Sent inside the transaction that asked. The doorbell of the tasks listens: see nurture.tasks.
asked = Signal()

ASK = """
    INSERT INTO nurture_recompile (sequence_id, step_key, ticket, trouble)
    SELECT DISTINCT ON (sequence_id, step_key) sequence_id, step_key, gen_random_uuid(), '[]'::jsonb
    FROM nurture_dependency JOIN nurture_sequence AS sequence ON sequence.id = sequence_id
    WHERE kind = %s AND number = ANY(%s) AND sequence.live
    ON CONFLICT (sequence_id, step_key)
    DO UPDATE SET ticket = gen_random_uuid(), trouble = '[]'::jsonb, asked_at = now()
"""


def connect() -> None:
    for changed in (page_published, page_unpublished):
        changed.connect(on_page, dispatch_uid="mails show this page")
    post_delete.connect(on_page, sender=Page, dispatch_uid="mails showed this page")
    for saved in (post_save, post_delete):
        saved.connect(on_picture, sender=get_image_model(), dispatch_uid="mails show this picture")
    post_save.connect(on_settings, sender=MailSettings, dispatch_uid="mails show this address")


def on_page(instance: Any, **_kwargs: Any) -> None:
    ask(Dependency.Kind.PAGE, [instance.pk])


def on_picture(instance: Any, **_kwargs: Any) -> None:
    ask(Dependency.Kind.PICTURE, [instance.pk])


def on_settings(**_kwargs: Any) -> None:
    ask(Dependency.Kind.SETTING, [0])


def ask(kind: Dependency.Kind, numbers: Collection[int]) -> int:
    """Note every step that was made from these; how many. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(ASK, [kind.value, list(numbers)])
        count = int(cursor.rowcount)
    if count:
        asked.send(sender=None)
    return count


def ask_for(sequence: Sequence, keys: Collection[UUID]) -> None:
    """Note these steps of one sequence."""
    for key in keys:
        Recompile.objects.update_or_create(
            sequence=sequence, step_key=key, defaults={"ticket": uuid4(), "trouble": []}
        )
    if keys:
        asked.send(sender=None)


def work(*, between: Callable[[], None] = lambda: None) -> int:
    """Compile all that waits, one sequence per transaction; how many new versions there are.

    Safe to run anywhere, at any time, any number of times at once. `between` is called after each.
    """
    made = 0
    tried: set[int] = set()
    while sequence_id := next_sequence(tried):
        tried.add(sequence_id)
        made += bring_up_to_date(sequence_id)
        between()
    return made


def next_sequence(tried: Collection[int]) -> int | None:
    waiting = Recompile.objects.waiting().exclude(sequence__in=tried)
    return waiting.order_by("asked_at").values_list("sequence", flat=True).first()


@transaction.atomic
def bring_up_to_date(sequence_id: int) -> int:
    """The waiting steps of one sequence. Nothing if somebody else is at it: that one does it."""
    rows = Sequence.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=sequence_id)
    sequence = rows.first()
    if sequence is None:
        return 0
    jobs = list(sequence.recompiles.waiting())
    with override(sequence.locale.language_code):
        reading = read(sequence)
        return sum(do(job, reading) for job in jobs)


def do(job: Recompile, reading: Reading) -> bool:
    """Compile one step, or note what keeps it from being compiled; whether it says anything new."""
    try:
        made = compile_again(job.step_key, reading)
    except CannotCompile as error:
        conclude(job, error.messages)
        return False
    conclude(job, [])
    return made


def compile_again(key: UUID, reading: Reading) -> bool:
    """Raises `CannotCompile`. A step that has left the live plan is left as it is."""
    sequence = reading.sequence
    keys = [UUID(str(child.id)) for child in sequence.steps]
    if key not in keys:
        return False
    number = keys.index(key)
    wrong = [fault for fault in reading.errors if fault.step - 1 == number]
    if wrong:
        raise CannotCompile(wrong)
    compiled = compile_step(reading, number, plan_of(sequence)[number])
    return write_version(source_of(sequence), sequence, compiled)


def conclude(job: Recompile, trouble: list[str]) -> None:
    """The job is done, or its trouble is noted; unless it was asked for once more meanwhile."""
    mine = Recompile.objects.filter(pk=job.pk, ticket=job.ticket)
    if trouble:
        mine.update(trouble=trouble)
    else:
        mine.delete()
