"""The plan of a sequence, read from its stream: names become keys, forms become rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from nurture.authoring.faults import Fault, told_by
from nurture.blocks.planning import ANSWERS
from nurture.domain.conditions import Answered, Condition, Language, WeeksSince
from nurture.domain.feedback import Action, Answer, Rules, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A step without its words: what people's programmes follow."""

    key: UUID
    name: str
    wait_count: int
    wait_unit: str
    wait_after: str
    wait_date_name: str
    wait_weekday: int | None
    load_bearing: bool
    skippable: bool
    conditions: tuple[Condition, ...]
    rules: Rules | None


def plan(steps: Any) -> list[Planned]:
    """All steps in order. Only for steps in which `faults` finds nothing."""
    keys = keys_by_name(steps)
    return [planned(child, keys) for child in steps]


def plan_of_one(steps: Any, key: UUID) -> Planned | None:
    """As `plan`, for one step, whatever is wrong with the others."""
    found = (child for child in steps if UUID(str(child.id)) == key)
    child = next(found, None)
    return planned(child, keys_by_name(steps)) if child is not None else None


def keys_by_name(steps: Any) -> dict[str, UUID]:
    return {said(child.value["name"]): UUID(str(child.id)) for child in steps}


def said(name: str | None) -> str:
    """Names of steps are the same for a person whatever the spaces and the case."""
    return " ".join((name or "").split()).casefold()


def planned(child: Any, keys: Mapping[str, UUID]) -> Planned:
    value, wait = child.value, child.value["wait"]
    checkin = checkin_of(value)
    return Planned(
        key=UUID(str(child.id)),
        name=value["name"].strip(),
        wait_count=wait["count"],
        wait_unit=wait["unit"],
        wait_after=wait["after"],
        wait_date_name=wait["date_name"] or "",
        wait_weekday=int(wait["weekday"]) if wait["weekday"] else None,
        load_bearing=bool(value["load_bearing"]),
        skippable=bool(value["skippable"]),
        conditions=tuple(condition(block, keys) for block in value["conditions"]),
        rules=rules(checkin[1].value, keys) if checkin else None,
    )


def checkin_of(value: Any) -> tuple[int, Any] | None:
    """The check-in among the blocks of a mail, with its position; there is one at most."""
    found = ((n, block) for n, block in enumerate(value["body"]) if block.block_type == "checkin")
    return next(found, None)


def rules(checkin: Any, keys: Mapping[str, UUID]) -> Rules:
    labels = {key: str(label) for key, label in ANSWERS}
    return Rules(
        answers=tuple(
            Answer(
                key=answer["answer"],
                label=answer["label"] or labels[answer["answer"]],
                does=Action(answer["does"]),
                to=keys[said(answer["to"])] if answer["does"] == Action.STEP_BACK else None,
            )
            for answer in checkin["answers"]
        ),
        max_repeats=checkin["max_repeats"],
        silence=Silence(checkin["silence"]),
        question=checkin["question"],
        safety_text=checkin["safety_text"],
    )


def condition(block: Any, keys: Mapping[str, UUID]) -> Condition:
    value = block.value
    match block.block_type:
        case "language":
            codes = (code.strip().casefold() for code in value["languages"].split(","))
            return Language(frozenset(filter(None, codes)))
        case "weeks_since":
            return WeeksSince(value["date_name"], value["at_least"], value["less_than"])
    return Answered(keys[said(value["step"])], frozenset(value["answers"]))


def by_the_source(own: Planned, source: Planned | None) -> Planned:
    """A translation's step: when it goes and what answers do is the source's, the words its own."""
    if source is None:
        return own
    return replace(source, rules=in_the_words_of(own.rules, source.rules))


def in_the_words_of(own: Rules | None, source: Rules | None) -> Rules | None:
    if own is None or source is None:
        return source
    labels = {answer.key: answer.label for answer in own.answers}
    return replace(
        source,
        answers=tuple(
            replace(answer, label=labels.get(answer.key, answer.label)) for answer in source.answers
        ),
        question=own.question,
        safety_text=own.safety_text,
    )


# ------------------------------------------------------------------ what is wrong


def form_faults(steps: Any) -> Iterator[Fault]:
    """What the form itself would refuse: a draft may be unfinished, and no form saw an import."""
    try:
        steps.stream_block.clean(steps)
    except ValidationError as error:
        for place, text in told_by(error):
            yield Fault(place or (0,), text)


def faults(steps: Any, *, asked: frozenset[str]) -> Iterator[Fault]:
    """What no programme could follow. `asked`: the dates that the signup asks people for."""
    seen_keys: set[str] = set()
    seen_names: dict[str, int] = {}
    asking: set[str] = set()
    for number, child in enumerate(steps):
        value = child.value
        if child.id in seen_keys:
            yield Fault((number, "name"), _("it has the key of another step"))
        name = said(value["name"])
        if name in seen_names:
            yield Fault((number, "name"), _("another step has this name"))
        yield from wait_faults(number, value["wait"], asked)
        yield from checkin_faults(number, value, seen_names, steps)
        yield from condition_faults(number, value, asked, asking, seen_names)
        seen_keys.add(child.id)
        seen_names.setdefault(name, number)
        if checkin_of(value):
            asking.add(name)


def wait_faults(number: int, wait: Any, asked: frozenset[str]) -> Iterator[Fault]:
    if number > 0 and wait["after"] == "previous" and wait["count"] == 0:
        text = _("a wait of nothing would send two mails at once; wait at least an hour")
        yield Fault((number, "wait", "count"), text)
    if wait["after"] == "date" and wait["date_name"] not in asked:
        text = _("nobody is asked for this date; add it to what the signup asks")
        yield Fault((number, "wait", "date_name"), text)


def checkin_faults(
    number: int, value: Any, earlier: Mapping[str, int], steps: Any
) -> Iterator[Fault]:
    found = checkin_of(value)
    if found is None:
        if value["load_bearing"]:
            text = _("nobody goes on from here without an answer, so it needs a check-in")
            yield Fault((number, "load_bearing"), text)
        return
    at, block = found
    place = (number, "body", at)
    if value["load_bearing"] and block.value["silence"] == Silence.ADVANCE:
        text = _("silence never leads on from a load-bearing step")
        yield Fault((*place, "silence"), text)
    later = {said(child.value["name"]) for child in islice(steps, number, None)}
    for position, answer in enumerate(block.value["answers"]):
        target = said(answer["to"] or "")
        if answer["does"] == Action.STEP_BACK and target not in earlier:
            text = (
                _("a step back leads to an earlier step, and this is a later one")
                if target in later
                else _("no step has this name")
            )
            yield Fault((*place, "answers", position, "to"), text)


def condition_faults(
    number: int,
    value: Any,
    asked: frozenset[str],
    asking: set[str],
    earlier: Mapping[str, int],
) -> Iterator[Fault]:
    for at, block in enumerate(value["conditions"]):
        place = (number, "conditions", at)
        if block.block_type == "weeks_since" and block.value["date_name"] not in asked:
            text = _("nobody is asked for this date; add it to what the signup asks")
            yield Fault((*place, "date_name"), text)
        if block.block_type == "answered":
            name = said(block.value["step"])
            if name not in earlier:
                yield Fault((*place, "step"), _("no earlier step has this name"))
            elif name not in asking:
                yield Fault((*place, "step"), _("that step asks nothing"))
