"""The whole product on one machine: `make demo`.

Starts everything, signs up three people, and plays their programmes ahead of the clock. With
`--exit` it ends after that, with status 0 only if every planned mail came exactly once.
"""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from config.local import demo_state, installation, people, terminal
from config.local.mailbox import Mailbox
from config.local.processes import Processes
from config.local.stack import APPLICATION, Places, Stack
from config.local.trouble import Trouble

SECONDS = 120.0
SECONDS_WITH_EXIT = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

interrupted = threading.Event()


def main() -> int:
    options = arguments()
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        return demonstrate(options)
    except KeyboardInterrupt:
        return int(options.exit)
    except Trouble as trouble:
        # Libraries in C and Rust turn an interruption into an error of their own.
        if interrupted.is_set():
            return int(options.exit)
        terminal.complain(f"\n{trouble}")
        return 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.local.demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end by itself, and say if all is well")
    parser.add_argument("--seconds", type=float, help="how long the twelve weeks take")
    parser.add_argument("--port", type=int, default=8000, help="of the site")
    parser.add_argument("--folder", type=Path, default=demo_state.FOLDER, help="for data and logs")
    return parser.parse_args()


def interrupt(_number: int, _frame: FrameType | None) -> None:
    interrupted.set()
    raise KeyboardInterrupt


def demonstrate(options: argparse.Namespace) -> int:
    folder = options.folder.resolve()
    processes = Processes(folder, log_folder=folder / "logs")
    ended = processes.claim()
    terminal.say("Rehabit demo")
    if ended:
        terminal.say(f"  ended what an interrupted run left: {', '.join(ended)}")
    try:
        places = Places.choose(preferred_site=options.port)
        password = start(Stack(folder, places, processes))
        show_addresses(places, password)
        seconds = options.seconds or (SECONDS_WITH_EXIT if options.exit else SECONDS)
        is_well = show(places, processes, seconds=seconds)
        if not options.exit:
            terminal.say("\nRunning. Ctrl-C stops everything.")
            wait(processes)
        return 0 if is_well else 1
    finally:
        stop(processes)


def start(stack: Stack) -> str:
    """Everything up and ready; the password of this run."""
    stack.start_servers(os.environ)
    stack.start_inbox()
    password = installation.prepare(
        stack.environment,
        folder=stack.folder,
        own_database=not os.environ.get("DATABASE_URL"),
    )
    stack.start_application()
    demo_state.publish(stack.environment, folder=stack.folder)
    return password


def show_addresses(places: Places, password: str) -> None:
    terminal.say()
    terminal.say(f"  Site     {places.site_url}/")
    terminal.say(f"  Sign up  {places.site_url}/signup/")
    terminal.say(
        f"  Admin    {places.site_url}/admin/  "
        f"user {installation.LOGIN}, password {password} (of this run)"
    )
    terminal.say(f"  Inbox    {places.inbox_url}/")
    terminal.say(f"  API      {places.site_url}/api/v2/pages/")
    terminal.say()


def show(places: Places, processes: Processes, *, seconds: float) -> bool:
    """Sign up, play, and compare. Whether every planned mail came exactly once."""
    # Imported late: these read the models, which exist once Django is set up.
    from config.local import ledger, play  # noqa: PLC0415

    cast, mailbox = people.invite(), Mailbox(places.inbox_url)
    enter(cast, places, mailbox)
    terminal.say(f"\n  Twelve weeks in about {seconds:.0f} seconds:")
    play.play(cast.domain, seconds=seconds, check=processes.check)
    terminal.say(f"\n{ledger.table(cast.domain)}\n")
    received = mailbox.received(f"to:{cast.domain}")
    faults = ledger.faults(cast.domain, received, people=len(cast.people))
    for fault in faults:
        terminal.say(f"  WRONG: {fault}")
    if not faults:
        terminal.say(f"  All {received.total()} planned mails came, each exactly once.")
    return not faults


def enter(cast: people.Cast, places: Places, mailbox: Mailbox) -> None:
    """One person for each programme on offer."""
    site = places.site_url
    offers = people.programmes(site)
    for person, programme in zip(cast.people, offers, strict=False):
        with terminal.step(f"{person.first_name} signs up, confirms"):
            people.sign_up(person, programme, site=site)
            people.confirm(person, site=site, mailbox=mailbox)


def wait(processes: Processes) -> None:
    while True:
        processes.check()
        time.sleep(1)


def stop(processes: Processes) -> None:
    """A second Ctrl-C does not leave half of it running."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    terminal.say()
    with terminal.step("stopping everything"):
        demo_state.withdraw(processes.folder)
        installation.disconnect()
        processes.stop(at_once=APPLICATION)


if __name__ == "__main__":
    sys.exit(main())
