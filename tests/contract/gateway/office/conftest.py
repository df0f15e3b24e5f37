"""The office of a real gateway: two officers with browsers that know nothing but links and forms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher

from schemas.alert import Alert
from schemas.office import Officer
from services.eventlog.port import EventLog, Record
from services.gateway.core.history import Entry
from services.gateway.core.incident import Incident
from services.gateway.store.office import OfficeStore
from services.gateway.store.passwords import Passwords
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.gateway.conftest import WAIT_S, Door, Opener, TroubledLog
from tests.scenario.office import Form, forms

PASSWORD = "correct horse battery"
# The parameters stand in each hash, so checking one of these takes as little as it was made with.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = CHEAP.hash(PASSWORD)


def plain(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@dataclass(slots=True)
class Browser:
    """One officer's browser without JavaScript: what it shows, and its buttons."""

    http: httpx.AsyncClient
    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200))

    @property
    def text(self) -> str:
        return plain(self.answer.text)

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        return self.answer.url.raw_path.decode()

    async def see(self, path: str) -> Browser:
        """Open a page, going wherever it leads."""
        self.answer = await self.http.get(path, follow_redirects=True)
        return self

    def form(self, action: str) -> Form:
        """A form of the page by where it goes."""
        found = [one for one in forms(self.answer.text) if one.action.endswith(action)]
        assert found, f"no form {action} in: {self.text}"
        return found[0]

    async def press(self, action: str, /, **fields: str | tuple[str, ...]) -> Browser:
        """Fill a form of this page and press its button."""
        return await self.send(self.form(action), **fields)

    async def send(self, form: Form, /, **fields: str | tuple[str, ...]) -> Browser:
        """Press the button of a form that was seen before, as one does on an old page."""
        self.answer = await self.http.post(form.action, data=_values(form.filled(**fields)), follow_redirects=True)
        return self

    async def log_in(self, officer: str, password: str = PASSWORD) -> Browser:
        await self.see("/office/login")
        return await self.press("/login", officer=officer, password=password)


def _values(pairs: list[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@dataclass(slots=True)
class Bureau:
    """A gateway with officers A and B logged in, and what came of what they did."""

    door: Door
    log: EventLog
    a: Browser
    b: Browser
    browser: Callable[[], Awaitable[Browser]]

    @property
    def incidents(self) -> Mapping[str, Incident]:
        return self.door.app.office.store.office.incidents

    @property
    def only(self) -> Incident:
        """The one incident there is."""
        (found,) = self.incidents.values()
        return found

    @property
    def entries(self) -> list[Entry]:
        return self.door.app.office.store.entries

    def root(self) -> str:
        return f"/office/incidents/{self.only.id}"

    async def drafted(self, who: Browser, page: str = "drafts", **fields: str | tuple[str, ...]) -> Browser:
        """Draft an order by the form and submit it."""
        await who.see(f"/office/{page}/new?matter=order&level=4&cause=landslide")
        return await who.press("/new", **{"districts": "早川・風祭", "do": "submit", **fields})

    async def approved(self, who: Browser) -> Browser:
        """Approve the one submission there is."""
        await who.see(f"{self.root()}/approve")
        return await who.press("/approve", read="yes")

    async def issued(self) -> Bureau:
        """With an order in force."""
        await self.drafted(self.a)
        await self.approved(self.b)
        return self

    async def alerts(self, topic: str = "alerts.emergency", count: int = 1) -> list[Alert]:
        """The office's alerts in a topic, once there are so many."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = [one for one in await self.records(topic) if one.key.startswith("office:")]
                if len(found) >= count:
                    alerts = [records.payload(record) for record in found]
                    return [alert for alert in alerts if isinstance(alert, Alert)]
                await asyncio.sleep(0.02)

    async def records(self, topic: str) -> list[Record]:
        return [record for number in range(4) for record in await self.log.read(topic, number)]


async def enrolled(log: EventLog, *officers: str, enabled: bool = True) -> None:
    """Officers as the machine's owner makes them; all have the same password."""
    store = OfficeStore(log=log, clock=SystemClock())
    for officer in officers:
        made = Officer(
            officer=officer, name=f"防災課 {officer}", password=HASH, enabled=enabled, changed_at=datetime.now(UTC)
        )
        await store.enrol(made, uuid4().hex)


@pytest.fixture
async def browsers() -> AsyncIterator[Callable[[Door], Awaitable[Browser]]]:
    """Browsers with cookies of their own."""
    async with AsyncExitStack() as stack:

        async def browser(door: Door) -> Browser:
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.port}", timeout=30, trust_env=False)
            return Browser(await stack.enter_async_context(client))

        yield browser


@pytest.fixture
async def bureau(opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path) -> Bureau:
    """A live city's gateway with two officers at their desks."""
    log = TroubledLog()
    await enrolled(log, "officer-a", "officer-b")
    door = await opened(log, feeds="http://127.0.0.1:9", data_dir=str(tmp_path))
    await door.begin()
    door.app.office.desk.passwords = Passwords(hasher=CHEAP)
    a, b = await browsers(door), await browsers(door)
    await a.log_in("officer-a")
    await b.log_in("officer-b")
    return Bureau(door=door, log=log, a=a, b=b, browser=lambda: browsers(door))
