"""What a translation must have in common with its source: the same steps ask, or ask nothing."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from nurture.authoring.faults import Fault
from nurture.authoring.planned import checkin_of


def faults(own: Any, source: Any) -> Iterator[Fault]:
    """`own` and `source` are the steps of both. When mails go and what answers do is the source's;
    a question without its block would be asked by no button, and one too many by dead ones."""
    asks = {str(child.id): checkin_of(child.value) is not None for child in source}
    for number, child in enumerate(own):
        found = checkin_of(child.value)
        asked = asks.get(str(child.id))
        if asked and found is None:
            text = _("the original asks a check-in here; add the block, or nobody could answer")
            yield Fault((number, "body"), text)
        if asked is False and found is not None:
            text = _("the original asks nothing here, so nothing would follow from an answer")
            yield Fault((number, "body", found[0], "question"), text)
