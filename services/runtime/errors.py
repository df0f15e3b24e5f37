"""The root of what the program raises for people to read: a stable code, what happened, what to do.

    HanshoError                 E6000
    ├── SettingInvalid          E6001  (settings.py) a setting's value cannot be used
    ├── DataDirRefused          E6002  (deployment.py) the data directory belongs to another kind of run
    ├── CityUnusable            E6003  (cities.py) the city's files are missing or damaged
    ├── ChildFailed             E6004  (child.py) a program of ours beside the services did not come up
    ├── ClockInvalid            E6005  (clock.py) a clock that cannot be, or one that live may not have
    ├── FeedServerError         E6101  (feedserver) it cannot listen, or cannot write its access log
    ├── StormError              E6102  (feedserver) a storm's file cannot be played
    ├── BookError               E6103  (phones) a book of demo phones cannot be read
    └── PhonesError             E6104  (phones) the stand-in cannot listen, or cannot write its access log

The event log has a tree of its own (E2xxx, services/eventlog/port.py).
"""

from __future__ import annotations

from typing import ClassVar


class HanshoError(Exception):
    """Something a person must put right: printed as "code: text", exit status 2."""

    code: ClassVar[str] = "E6000"
