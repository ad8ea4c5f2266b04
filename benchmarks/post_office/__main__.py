"""Its own command over a full outbox: `python -m benchmarks.post_office MAILS PROCESSES ROUNDS`.

Prints mails per second, a line for each round. Filling the outbox does not count.
"""

import logging
import sys
import time

import django

django.setup()
logging.disable(logging.INFO)  # a line for each hundred mails, which is not what is measured

from django.core.management import call_command  # noqa: E402
from post_office import mail  # noqa: E402
from post_office.models import STATUS, Email  # noqa: E402

from benchmarks.mails import HTML, SENDER, TEXT, headers, personal  # noqa: E402


def fill(mails: int) -> None:
    Email.objects.all().delete()
    mail.send_many(
        [
            {
                "sender": SENDER,
                "recipients": f"person{number}@example.org",
                "subject": "A little more",
                "message": personal(TEXT, number),
                "html_message": personal(HTML, number),
                "headers": headers(number),
            }
            for number in range(mails)
        ]
    )


def rate(mails: int, processes: int) -> float:
    fill(mails)
    started = time.monotonic()
    call_command("send_queued_mail", processes=processes)
    took = time.monotonic() - started
    assert Email.objects.filter(status=STATUS.sent).count() == mails
    return mails / took


def main() -> None:
    mails, processes, rounds = map(int, sys.argv[1:])
    call_command("migrate", verbosity=0)
    rate(100, processes)
    for _round in range(rounds):
        print(rate(mails, processes))


if __name__ == "__main__":
    main()
