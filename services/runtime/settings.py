"""Every setting, declared once: name, default, help. Read from flags, then the environment (`HANSHO_<NAME>`), then here.

Secrets are never flags: they come from the environment or from files that only their owner can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from services.runtime.errors import HanshoError


class SettingInvalid(HanshoError):
    """A setting's value cannot be used."""

    code: ClassVar[str] = "E6001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its unit is in its name; `minimum` and `maximum` bound numbers."""

    name: str
    default: str | float
    help: str
    minimum: float | None = None
    maximum: float | None = None


SETTINGS: tuple[Setting, ...] = (
    Setting(name="city", default="odawara", help="the city this deployment serves: a folder of deploy/cities"),
    Setting(
        name="feeds",
        default="demo",
        help="demo (a storm from our own feed server), live (JMA's public feeds), or the base URL of a server laid out "
        "like JMA's",
    ),
    Setting(
        name="poll_every_s",
        default=0,
        minimum=0,
        maximum=3600,
        help="seconds between polls of a feed; 0: 60 for live and other servers, 1 in the demo",
    ),
    Setting(
        name="lease_s",
        default=0,
        minimum=0,
        maximum=86_400,
        help="how long a warning without a stated end holds after its feed was last heard; 0: 10800 (3 h), 60 in the demo",
    ),
    Setting(
        name="feed_age_limit_s",
        default=0,
        minimum=0,
        maximum=604_800,
        help="how old a feed's newest word may be before it counts as frozen; 0: as the table of sources says",
    ),
    Setting(
        name="cap",
        default="",
        help="CAP and L-Alert sources to poll, as NAME=ADDRESS with spaces between: nws, meteoalarm and lalert by their rows of "
        "`hansho sources`, any other name as a source of its own; empty: none",
    ),
    Setting(
        name="gauges",
        default="",
        help="river sources to poll, with commas between, or none; empty: those of the city's gauges.toml but for sources "
        "whose terms ask for restraint (kawabou), which must be named here; none in the demo",
    ),
    Setting(
        name="river_base",
        default="",
        help="for rehearsals: base URL of one server that answers for all river sources; empty: the sources' own",
    ),
    Setting(
        name="drop_dir",
        default="",
        help="folder in which a contract's decoder leaves river readings as JSON lines (*.jsonl); empty: none",
    ),
    Setting(
        name="drills",
        default="",
        help="where drills from feeds may be shown: sign,page,public,push, or none; empty: as the city says, all four in "
        "the demo",
    ),
    Setting(
        name="clock",
        default="",
        help="for rehearsals: FROM×SPEED, as in 2026-09-01T20:00:00+09:00x1000, makes this run begin at that time and pass "
        "so many times as fast; give it a --data-dir of its own; live refuses it",
    ),
    Setting(
        name="log",
        default="",
        help="kafka://HOST:PORT[,HOST:PORT]/PREFIX for a log on Kafka (its topics: `hansho topics apply`); empty: an SQLite "
        "file in the data directory",
    ),
    Setting(
        name="dev",
        default=0,
        minimum=0,
        maximum=1,
        help="1: a Kafka of one broker is enough, for trying out; else the log's topics must have three copies",
    ),
    Setting(name="data_dir", default="", help="where the log lives; empty: var/demo, var/live or var/other by feeds"),
    Setting(
        name="deploy_dir", default="", help="the folder deploy/ with cities and area tables; empty: the project's own"
    ),
    Setting(name="host", default="127.0.0.1", help="address the gateway listens on"),
    Setting(name="port", default=8080, minimum=0, maximum=65_535, help="port the gateway listens on; 0: any free one"),
    Setting(
        name="metrics_port",
        default=-1,
        minimum=-1,
        maximum=65_535,
        help="port on which ingest and dispatcher, as processes of their own, show their metrics (the gateway shows its own at "
        "/metrics); 0: any free one, -1: none",
    ),
    Setting(name="heartbeat_s", default=15, minimum=0.1, maximum=60, help="seconds between heartbeats on the stream"),
    Setting(
        name="dead_s",
        default=40,
        minimum=0.3,
        maximum=300,
        help="seconds without a frame after which a line counts as dead",
    ),
    Setting(
        name="canary_every_s",
        default=0,
        minimum=0,
        maximum=3600,
        help="seconds between our own test telegrams; 0: 60, 10 in the demo",
    ),
    Setting(
        name="fcm_credentials",
        default="",
        help="file with FCM's service account (JSON, readable by its owner alone); empty: no pushes. The demo never uses it",
    ),
    Setting(
        name="dmdata_key",
        default="",
        help="file with the API key of DMDATA.JP (readable by its owner alone), which pushes JMA's telegrams as they are "
        "issued, early warnings of quakes among them; empty: JMA's public feeds alone. The demo never uses it",
    ),
    Setting(
        name="phones",
        default="",
        help="for rehearsals: http address on this machine of a `hansho phones` that stands in for FCM; the demo starts "
        "its own; live refuses it",
    ),
    Setting(
        name="alarm_webhook", default="", help="https (or loopback http) address that alarms are posted to as JSON"
    ),
    Setting(
        name="connections_max", default=15_000, minimum=1, maximum=20_000, help="open stream connections at the most"
    ),
    Setting(
        name="connections_per_address_max",
        default=2_000,
        minimum=1,
        maximum=20_000,
        help="open stream connections from one address at the most (a city hall's signs may share one)",
    ),
    Setting(
        name="origins",
        default="",
        help="pages of these may open the stream besides those of the gateway's own host, as https://host, with spaces "
        "between (for a proxy that changes the Host header)",
    ),
    Setting(
        name="proxies",
        default="",
        help="addresses of reverse proxies whose X-Forwarded-For is believed, with commas between; without it everybody "
        "behind a proxy is one address",
    ),
    Setting(name="log_level", default="INFO", help="DEBUG, INFO, WARNING or ERROR"),
    Setting(
        name="log_file", default="", help="where logs go; -: standard error; empty: hansho.log in the data directory"
    ),
)

LIVE_BASE = "https://www.data.jma.go.jp"
"""JMA's public feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force; a field each setting."""

    city: str
    feeds: str
    poll_every_s: float
    lease_s: float
    feed_age_limit_s: float
    cap: str
    gauges: str
    river_base: str
    drop_dir: str
    drills: str
    clock: str
    log: str
    dev: float
    data_dir: str
    deploy_dir: str
    host: str
    port: float
    metrics_port: float
    heartbeat_s: float
    dead_s: float
    canary_every_s: float
    fcm_credentials: str
    dmdata_key: str
    phones: str
    alarm_webhook: str
    connections_max: float
    connections_per_address_max: float
    origins: str
    proxies: str
    log_level: str
    log_file: str

    @property
    def is_demo(self) -> bool:
        """Whether a storm of our own is replayed."""
        return self.feeds == "demo"

    @property
    def is_live(self) -> bool:
        """Whether JMA's real feeds are polled."""
        return self.feeds == "live"

    @property
    def canary_s(self) -> float:
        """Seconds between our own test telegrams."""
        return self.canary_every_s or (10.0 if self.is_demo else 60.0)

    @property
    def poll_s(self) -> float:
        """Seconds between polls of a feed."""
        return self.poll_every_s or (1.0 if self.is_demo else 60.0)

    @property
    def jma_lease_s(self) -> float:
        """How long a JMA warning holds after its feed was last heard."""
        return self.lease_s or (60.0 if self.is_demo else 10_800.0)

    @property
    def log_url(self) -> str:
        """The address of this run's log."""
        return self.log or f"sqlite:{self.data_path / 'hansho.db'}"

    @property
    def data_path(self) -> Path:
        """The directory of this run's data: its own for each mode unless one is named."""
        return Path(self.data_dir) if self.data_dir else Path("var") / self.mode

    @property
    def mode(self) -> str:
        """demo, live or other: data of one mode is never opened in another."""
        return self.feeds if self.feeds in {"demo", "live"} else "other"


def read(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
    """The settings in force; raises `SettingInvalid` naming the setting, its value and what would do."""
    values: dict[str, str | float] = {}
    for setting in SETTINGS:
        flag = flags.get(setting.name)
        given = flag if flag is not None else environment.get(f"HANSHO_{setting.name.upper()}")
        values[setting.name] = setting.default if given is None else _value(setting, given)
    return Settings(**values)  # type: ignore[arg-type]  # the names are the same, a unit test holds them together


def _value(setting: Setting, given: str) -> str | float:
    if isinstance(setting.default, str):
        return given
    try:
        number = float(given)
    except ValueError:
        number = float("nan")
    low, high = setting.minimum, setting.maximum
    if not ((low is None or number >= low) and (high is None or number <= high)) or number != number:  # noqa: PLR0124 - NaN
        msg = f"{setting.name}={given!r}: expected a number from {low:g} to {high:g} ({setting.help})"
        raise SettingInvalid(msg)
    return number


def table() -> str:
    """All settings with default and help, for `hansho settings` and the documentation."""
    width = max(len(setting.name) for setting in SETTINGS)
    rows = [f"{s.name:<{width}}  default {s.default!r}\n{'':<{width}}  {s.help}" for s in SETTINGS]
    return "\n".join(rows)
