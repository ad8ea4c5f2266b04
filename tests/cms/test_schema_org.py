import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms import schema_org
from cms.blocks import ASPECTS


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_written_for_a_script_is_read_back_as_it_was(data: dict[str, str]) -> None:
    assert json.loads(schema_org.script_safe(data)) == data


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "&lt;", "\u2028"])
def test_no_text_can_end_the_script_that_it_stands_in(text: str) -> None:
    written = schema_org.script_safe({"name": text})

    assert not set(written) & set("<>&\u2028")


def test_what_is_empty_is_left_out_and_a_zero_is_not_empty() -> None:
    assert schema_org.filled({"a": "", "b": [], "c": None, "d": 0, "e": "x"}) == {"d": 0, "e": "x"}


def test_every_aspect_that_an_editor_can_choose_has_a_word_of_schema_org() -> None:
    for aspect, _label in ASPECTS:
        assert "hasHealthAspect" in schema_org.section(aspect, heading="Heading")


def test_an_aspect_that_nobody_knows_is_left_out() -> None:
    assert "hasHealthAspect" not in schema_org.section("astrology", heading="Heading")


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((8, 12), {"@type": "QuantitativeValue", "minValue": 8, "maxValue": 12}),
        ((8, 8), 8),
        ((8, None), 8),
        ((None, 12), 12),
        ((None, None), None),
    ],
)
def test_a_range_is_a_number_where_both_ends_are_one(
    ends: tuple[int | None, int | None], said: object
) -> None:
    assert schema_org.span(*ends) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(45, "PT45S"), (90, "PT1M30S"), (300, "PT5M"), (0, None), (None, None)]
)
def test_a_time_is_written_as_iso_8601(seconds: int | None, said: str | None) -> None:
    assert schema_org.duration(seconds) == said


def test_a_moment_is_written_with_its_zone() -> None:
    assert schema_org.when(datetime(2026, 3, 1, 9, tzinfo=UTC)) == "2026-03-01T09:00:00+00:00"


def test_the_way_to_the_home_page_is_no_way() -> None:
    assert schema_org.breadcrumbs([]) is None
