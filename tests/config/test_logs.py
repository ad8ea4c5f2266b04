"""Log lines tell what happened, and never what somebody has or who they are."""

import logging
import sys

import pytest

from config.logs import Line, WithoutPaths, part


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/c/AAAAtoken/", "link"),
        ("/u/AAAAtoken/", "link"),
        ("/si-joint/sacroiliitis/", "page"),
        ("/", "page"),
        ("/signup/?programme=abc", "signup"),
        ("/admin/pages/3/", "admin"),
    ],
)
def test_a_path_is_told_by_its_part_only(path: str, told: str) -> None:
    assert part(path) == told


def test_djangos_warning_about_a_missing_page_names_no_page() -> None:
    record = logging.LogRecord(
        "d", logging.WARNING, "", 0, "Not Found: %s", ("/si-joint/x/",), None
    )

    WithoutPaths().filter(record)

    assert record.getMessage() == "Not Found: page"


def test_a_traceback_does_not_repeat_the_value_that_the_database_refused() -> None:
    try:
        raise ValueError(
            "duplicate key\nDETAIL:  Key (canonical_address)=(anna@example.org) exists."
        )
    except ValueError:
        record = logging.LogRecord("d", logging.ERROR, "", 0, "failed", (), sys.exc_info())

    line = Line("%(message)s").format(record)

    assert "duplicate key" in line
    assert "anna@example.org" not in line
