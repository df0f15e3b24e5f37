"""`hansho phones`: the stand-in for FCM and the demo phones, as a process of its own.

It says `phones http://127.0.0.1:PORT` on its first line of output as soon as it listens, and ends on SIGTERM, on Ctrl-C,
and when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from schemas.area import AreaTable
from services.phones.api.server import Phones
from services.phones.core.book import BookError, DemoPhone, drawn_as, read_book
from services.runtime import cities
from services.runtime import clock as clocks
from services.runtime.errors import HanshoError
from services.runtime.loopback import LOOPBACK

PARENT_CHECK_S = 0.3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stand-in until it is told to stop; 0 for a clean end, 2 for what it cannot start with."""
    options = _options(argv)
    try:
        deploy = cities.deploy_dir(options.deploy_dir)
        table = cities.load_table(deploy)
        book = drawn_as(load_book(options.city, deploy, table), table) if options.city else ()
        clock = clocks.read(options.clock)
        phones = Phones(host=options.host, port=options.port, book=book, access_log=options.access_log, clock=clock.now)
    except HanshoError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 2
    parent = options.parent or os.getppid()
    for told in (signal.SIGTERM, signal.SIGINT):  # Ctrl-C too where a shell had it ignored
        signal.signal(told, signal.default_int_handler)
    try:
        with phones:
            _announce(phones, options.announce)
            while os.getppid() == parent:  # nothing is left behind
                time.sleep(PARENT_CHECK_S)
    except KeyboardInterrupt:
        return 0
    return 0


def load_book(city: str, deploy: Path, table: AreaTable) -> tuple[DemoPhone, ...]:
    """The demo phones of a city; none where it has no book. Raises `BookError` (E6103)."""
    path = deploy / "cities" / city / "phones.toml"
    if city not in cities.city_ids(deploy):
        raise BookError(f"no city {city!r} in {deploy / 'cities'}; there are: {', '.join(cities.city_ids(deploy))}")
    try:
        return read_book(path.read_text("utf-8"), table)
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{path} cannot be read: {error}") from error


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hansho phones",
        description="A stand-in for FCM on this machine, with the demo phones it delivers to. Loopback only.",
    )
    parser.add_argument("--city", metavar="CITY", default="", help="draw the phones of deploy/cities/CITY/phones.toml")
    parser.add_argument("--deploy-dir", metavar="DIR", default="", help="the folder with cities/ and areas/")
    parser.add_argument("--clock", metavar="FROM×SPEED", default="", help="a rehearsal's time instead of the machine's")
    parser.add_argument("--host", default=LOOPBACK, help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--access-log", metavar="FILE", type=Path, help="append a JSON line a delivered message")
    parser.add_argument("--announce", metavar="FILE", type=Path, help="also write the line with the URL here")
    parser.add_argument("--parent", metavar="PID", type=int, help="end when this is no longer the parent process")
    return parser.parse_args(argv)


def _announce(phones: Phones, path: Path | None) -> None:
    """Say where the stand-in listens: in the file, when one is named, and then on the first line of output."""
    line = f"phones {phones.base_url}\n"
    if path is not None:
        part = path.with_name(f"{path.name}.part")
        part.write_text(line, encoding="utf-8")
        part.replace(path)  # a reader finds the whole line or no file
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
