"""Run the inbox: `python -m config.local.inbox --smtp-port 1025 --http-port 8025`."""

import argparse
import signal
import threading
from pathlib import Path

from config.local import ports
from config.local.inbox import receiver, server
from config.local.inbox.store import Store


def main() -> None:
    options = arguments()
    store = Store(spool=options.spool)
    try:
        smtp = receiver.listen(store, port=options.smtp_port)
        web = server.listen(store, port=options.http_port)
    except OSError as error:
        raise SystemExit(f"The inbox cannot listen: {error}. Choose other ports.") from None
    print(f"Inbox at http://{ports.LOOPBACK}:{options.http_port}/", flush=True)
    wait_for_the_end()
    server.close(web)
    smtp.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.local.inbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    parser.add_argument("--spool", type=Path, help="keep the mails in this folder as well")
    return parser.parse_args()


def wait_for_the_end() -> None:
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()


if __name__ == "__main__":
    main()
