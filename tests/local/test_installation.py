import io
from pathlib import Path

import pytest

from config.local import installation
from config.local.trouble import Trouble
from nurture.models import Subscriber


def sign_up(address: str) -> None:
    Subscriber.objects.create(address=address, time_zone="UTC", language="en-us")


@pytest.mark.django_db
def test_a_database_with_people_of_its_own_is_refused() -> None:
    sign_up("somebody@clinic.example")

    with pytest.raises(Trouble, match="DATABASE_URL has subscribers of its own"):
        installation.refuse_other_peoples_subscribers()


@pytest.mark.django_db
def test_a_database_of_earlier_demos_is_welcome() -> None:
    sign_up("anna.1a2b3c@example.org")

    installation.refuse_other_peoples_subscribers()


def test_what_goes_wrong_is_one_line_and_the_rest_is_in_the_log(tmp_path: Path) -> None:
    log = io.StringIO()

    with pytest.raises(Trouble, match=r"^content: ZeroDivisionError: .*\nDetails: "):
        installation.doing("content", lambda: 1 // 0, log)

    assert "Traceback" in log.getvalue()
