"""One way of sending 20 kB mails, in a process of its own: `python -m benchmarks.limits WAY N`.

Prints mails per second.
"""

import smtplib
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core import mail  # noqa: E402

from benchmarks.mails import HTML, SENDER, TEXT, headers, personal  # noqa: E402
from nurture.mail import prepared  # noqa: E402


def ready(mails: int) -> None:
    """`smtplib`, one kept connection, bytes that are ready: the limit that our goals name."""
    content = prepared.mime(text=TEXT, html=HTML)
    provider = settings.MAIL_PROVIDERS[0]
    with smtplib.SMTP(provider.host, provider.port) as server:
        for number in range(mails):
            server.sendmail(SENDER, [f"person{number}@example.org"], content)


def django_mail(number: int) -> mail.EmailMultiAlternatives:
    message = mail.EmailMultiAlternatives(
        "A little more",
        personal(TEXT, number),
        SENDER,
        [f"person{number}@example.org"],
        headers=headers(number),
    )
    message.attach_alternative(personal(HTML, number), "text/html")
    return message


def hundreds(mails: int) -> None:
    """Django's back end, one connection for each hundred."""
    connection = mail.get_connection()
    for start in range(0, mails, 100):
        connection.send_messages([django_mail(start + number) for number in range(100)])


def one_by_one(mails: int) -> None:
    """Django's back end, one connection for each mail."""
    for number in range(mails):
        django_mail(number).send()


WAYS: dict[str, Callable[[int], None]] = {
    "ready": ready,
    "hundreds": hundreds,
    "one_by_one": one_by_one,
}


def main() -> None:
    way, mails = WAYS[sys.argv[1]], int(sys.argv[2])
    way(min(mails, 100))
    started = time.monotonic()
    way(mails)
    print(mails / (time.monotonic() - started))


if __name__ == "__main__":
    main()
