"""A fault in compiling is told to operators without what the page says."""

import pytest
from pydantic import BaseModel, ValidationError

from cms.documents import faults


class Shape(BaseModel):
    number: int


def test_a_fault_is_told_by_its_place_and_never_by_the_words_of_the_page() -> None:
    with pytest.raises(ValidationError) as raised:
        Shape.model_validate({"number": "sacroiliitis"})

    told = faults.told(raised.value)

    assert told.startswith("ValidationError in ")
    assert told.endswith(": number")
    assert "sacroiliitis" not in told
