import signal
import smtplib
import sys
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from config.local import children, ports
from config.local.inbox import server
from config.local.inbox.mail import Mail
from config.local.inbox.store import Store


def test_only_the_newest_are_kept() -> None:
    store = Store(most_mails=2)

    for week in (1, 2, 3):
        store.add(Mail(f"Subject: {week}\r\n\r\n".encode()))

    assert [mail.subject for mail in store.newest_first()] == ["3", "2"]
    assert store.accepted == 3


def test_large_mails_do_not_fill_the_memory() -> None:
    store = Store(most_bytes=3_000)

    for _ in range(4):
        store.add(Mail(b"x" * 1_400))

    assert len(store.newest_first()) == 2


def test_one_mail_larger_than_the_memory_is_still_shown() -> None:
    store = Store(most_bytes=10)

    store.add(Mail(b"x" * 1_400))

    assert len(store.newest_first()) == 1


def test_the_spool_brings_the_mails_back(tmp_path: Path) -> None:
    before = Store(spool=tmp_path)
    for week in (1, 2, 3):
        before.add(Mail(f"Subject: {week}\r\n\r\n".encode()))
    before.delete([before.newest_first()[0].id])

    after = Store(spool=tmp_path)

    assert [mail.subject for mail in after.newest_first()] == ["2", "1"]
    assert [mail.id for mail in after.newest_first()] == [mail.id for mail in before.newest_first()]
    assert after.newest_first()[0].created == before.newest_first()[0].created


def test_the_spool_is_bounded_too(tmp_path: Path) -> None:
    store = Store(spool=tmp_path, most_mails=2)

    for week in (1, 2, 3):
        store.add(Mail(f"Subject: {week}\r\n\r\n".encode()))

    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_the_command_takes_mail_and_ends_on_sigterm(tmp_path: Path) -> None:
    smtp_port, http_port = ports.free_port(), ports.free_port()
    options = ["--smtp-port", str(smtp_port), "--http-port", str(http_port), "--spool", tmp_path]
    command = [sys.executable, "-W", "error", "-m", "config.local.inbox", *options]

    def ready() -> bool:
        with suppress(URLError), urlopen(f"http://127.0.0.1:{http_port}/readyz") as answer:
            return bool(answer.status == 200)
        return False

    child = children.start("inbox", [str(part) for part in command], log=tmp_path / "log")
    child.wait_until(ready, seconds=20)
    with smtplib.SMTP(ports.LOOPBACK, smtp_port) as connection:
        connection.sendmail("a@example.org", ["b@example.org"], b"Subject: hi\r\n\r\n")
    child.process.send_signal(signal.SIGTERM)
    child.process.wait(10)

    assert child.process.returncode == 0
    assert len(list(tmp_path.glob("*.eml"))) == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    store = Store()
    web = server.listen(store, port=ports.free_port())
    taken = str(web.server_address[1])
    command = [sys.executable, "-m", "config.local.inbox", "--http-port", taken]

    child = children.start(
        "inbox", [*command, "--smtp-port", str(ports.free_port())], log=tmp_path / "log"
    )
    child.process.wait(20)
    server.close(web)

    assert child.process.returncode == 1
    assert "The inbox cannot listen" in (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()
