"""What can be wrong between us and a source, in words for the operator: what happened, and what to do.

    E3201  no answer: no connection, cut off, or not within the time limit
    E3202  an answer that is no feed by its HTTP status (403, 429, 500 …)
    E3203  an answer that is no Atom feed
    E3204  frozen: the feed's own `updated` is older than its age limit
    E3205  empty: a feed without entries
    E3206  from the future: `updated` lies so far ahead that its age says nothing
    E3207  not heard yet since the start
    E3208  our clock and the source's differ
    E3209  more bytes received in a day than we allow ourselves
    E3210  a telegram of the feed that could not be fetched
    E3211  a telegram larger than we accept
    E3212  an entry that leads to another host
    E3213  a telegram on which our own program fails
    E3214  warnings that lapse unless their source is heard again
    E3215  a record of topic `telegrams` that is no telegram
    E3221  quiet: a feed that is rebuilt, with nothing new in it for longer than the season explains
    E3222  JMA's website says something else than its telegrams
    E3223  JMA's website cannot be compared with: no answer, another shape, frozen
    E3240  a gauge's reading that is not believed yet
    E3241  a river that rises fast
    E3242  a gauge above a threshold that has fallen silent
    E3243  a gauge whose municipality no table knows
    E3244  a record of topic `observations` that is no observation
    E3245  the folder of dropped readings cannot be used

What is wrong inside a document is a `Defect` (E31xx, core/defect.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from services.ingest.core.defect import Defect

JST = timezone(timedelta(hours=9), "JST")
DISAGREEMENTS_NAMED = 5
LINK_MAX = 300
"""Characters of an address that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong, and what to do about it."""

    code: str
    message: str
    hint: str


ALARMS_AT_ONCE = frozenset({"E3204", "E3206", "E3221"})
"""Whose limit is patience enough; anything else may pass by itself within a few polls."""


# --- the feed ---


def no_answer(source: str, reason: str) -> Trouble:
    """No usable answer from the server."""
    return Trouble(
        code="E3201",
        message=f"{source} does not answer: {reason}",
        hint="look at this machine's network, then at the source's own page",
    )


def bad_status(source: str, status: int) -> Trouble:
    """An HTTP status that brings no feed."""
    hint = (
        "the server refuses us: it is left alone for a while; if it stays so, this address may be blocked"
        if status in {403, 429}
        else "it is asked again with growing pauses; look at the source's own page"
    )
    return Trouble(code="E3202", message=f"{source} answers HTTP {status}", hint=hint)


def not_modified_since_never(source: str) -> Trouble:
    """304 to somebody who has nothing yet."""
    return Trouble(
        code="E3202",
        message=f"{source} answers 304 although we have nothing of it",
        hint="the server or a proxy before it is wrong; nothing can be read until it answers 200",
    )


def no_feed(source: str, defect: Defect) -> Trouble:
    """An answer that cannot be read as a feed."""
    return Trouble(code="E3203", message=f"{source} answers no feed: {defect.code} {defect.reason}", hint=defect.hint)


def frozen(source: str, updated_at: datetime, age_s: float, limit_s: float) -> Trouble:
    """A feed whose own word on its age is too old."""
    return Trouble(
        code="E3204",
        message=f"the feed of {source} is frozen: last updated {clock_time(updated_at)}, {span(age_s)} ago; its limit is "
        f"{span(limit_s)}",
        hint="it answers, but with old content: look at the source's own page; warnings shown hold until their lease ends",
    )


def quiet(source: str, newest_at: datetime, age_s: float, limit_s: float) -> Trouble:
    """A feed that says it is new and lists only what is old."""
    return Trouble(
        code="E3221",
        message=f"the newest telegram of {source} is of {clock_time(newest_at)}, {span(age_s)} ago; in this season "
        f"{span(limit_s)} would be unusual",
        hint="the feed is rebuilt but may be frozen behind that: compare with the source's own page",
    )


def empty(source: str) -> Trouble:
    """A feed without entries."""
    return Trouble(
        code="E3205",
        message=f"the feed of {source} is empty",
        hint="a feed always lists the last hours: look at the source's own page",
    )


def from_the_future(source: str, updated_at: datetime) -> Trouble:
    """A feed whose age says nothing."""
    return Trouble(
        code="E3206",
        message=f"the feed of {source} says it was updated {clock_time(updated_at)}, which is still to come",
        hint="compare this machine's clock with the source's; nothing counts as heard until they agree",
    )


def not_heard(source: str) -> Trouble:
    """A source that nobody has asked, or not with success, for too long."""
    return Trouble(
        code="E3207",
        message=f"{source} was not heard",
        hint="if this stays, look at the logs of ingest, the address of the feed and the network",
    )


def lapsing(source: str, until: datetime) -> Trouble:
    """A lease that runs out."""
    return Trouble(
        code="E3214",
        message=f"warnings of {source} hold until {clock_time(until)} unless it is heard again",
        hint="after that they are shown as unconfirmed, never as ended: see what is wrong with the source, tell the office",
    )


def clock_off(off_s: float) -> Trouble:
    """Our clock against a source's, `off_s` ahead (+) or behind (-)."""
    return Trouble(
        code="E3208",
        message=f"this machine's clock is {span(abs(off_s))} {'ahead of' if off_s > 0 else 'behind'} the source's",
        hint="set it (chrony, systemd-timesyncd): warnings end and lapse by this clock",
    )


def over_budget(received_bytes: int, budget_bytes: int) -> Trouble:
    """More received than a guest should take."""
    return Trouble(
        code="E3209",
        message=f"{received_bytes / 1e6:.0f} MB received today, our own limit is {budget_bytes / 1e6:.0f} MB a day",
        hint="find out why before the source blocks this address (jma.extra usually needs 30 MB a day)",
    )


def disagreement(told: Sequence[str]) -> Trouble:
    """Telegrams and website differ, and did at the last check."""
    more = f" and {len(told) - DISAGREEMENTS_NAMED} more" if len(told) > DISAGREEMENTS_NAMED else ""
    return Trouble(
        code="E3222",
        message=f"JMA's website says something else than its telegrams: {'; '.join(told[:DISAGREEMENTS_NAMED])}{more}",
        hint="look at JMA's own page; if it is right a telegram was missed: tell the office. People are told by telegrams",
    )


def unreadable_check(office: str, reason: str) -> Trouble:
    """The website's JSON gives nothing to compare with."""
    return Trouble(
        code="E3223",
        message=f"JMA's website cannot be compared with (office {office}): {reason}",
        hint="warnings are not touched by this; the website's JSON is unofficial and may have changed",
    )


# --- telegrams ---


def unfetched(source: str, address: str, tries: int, reason: str) -> Trouble:
    """A telegram that could not be had."""
    return Trouble(
        code="E3210",
        message=f"a telegram of {source} could not be fetched in {tries} polls: {address[:LINK_MAX]}: {reason}",
        hint="open the address; the next telegram of the same kind brings the whole state again",
    )


def too_large(source: str, address: str, limit_bytes: int) -> Trouble:
    """A telegram that was not read to its end."""
    return Trouble(
        code="E3211",
        message=f"a telegram of {source} is larger than {limit_bytes} bytes and was not read: {address[:LINK_MAX]}",
        hint="nothing JMA sends is this large: look at what the address serves",
    )


def leads_elsewhere(source: str, link: str) -> Trouble:
    """An entry that would make us ask somebody else."""
    return Trouble(
        code="E3212",
        message=f"an entry of {source} leads to another host and was not followed: {link[:LINK_MAX]}",
        hint="only the feed's own host is ever asked: see whether the feed was tampered with",
    )


def failing(name: str, tries: int, error: str) -> Trouble:
    """A telegram that makes our own program fail."""
    return Trouble(
        code="E3213",
        message=f"{name} could not be handled in {tries} tries: {error}",
        hint="a fault of this program: report it with the dead letter; the next telegram of its kind is taken as usual",
    )


def no_telegram(reason: str) -> Trouble:
    """Something else in topic `telegrams`."""
    return Trouble(
        code="E3215",
        message=f"a record of topic telegrams cannot be read: {reason}",
        hint="find out what wrote it: an older or newer version of this program, or somebody else",
    )


# --- gauges ---


def no_next(source: str, path: str) -> Trouble:
    """An answer that should name another address and does not."""
    return Trouble(
        code="E3203",
        message=f"{source} answers {path[:LINK_MAX]} without the address of its readings",
        hint="look at the source's own page: it may have been rebuilt",
    )


def doubted(gauge: str, value: str, why: str) -> Trouble:
    """A reading that would raise a level and is not told to people yet."""
    return Trouble(
        code="E3240",
        message=f"{gauge} reads {value}, which is not believed yet ({why})",
        hint="look at a camera or ask the site: people are told when a second reading agrees, or by your own order",
    )


def rising(gauge: str, value: str, rise_m: float, next_s: float | None) -> Trouble:
    """A river that rises fast."""
    until = f"; at this rate its next level in {span(next_s)}" if next_s is not None else ""
    return Trouble(
        code="E3241",
        message=f"{gauge} rose {rise_m:.2f} m in half an hour to {value}{until}",
        hint="see what lies along the river and who needs time to leave",
    )


def gauge_lost(gauge: str, last: datetime) -> Trouble:
    """A gauge that fell silent while above a threshold."""
    return Trouble(
        code="E3242",
        message=f"{gauge} is above a threshold and has said nothing since {clock_time(last)}",
        hint="a missing value is not a falling river: look at a camera or ask the site; its last level stays shown",
    )


def gauge_placeless(gauge: str, area: str) -> Trouble:
    """A gauge whose people nobody knows."""
    return Trouble(
        code="E3243",
        message=f"{gauge} crossed a threshold, but its municipality is not known ({area!r}): nobody was told",
        hint="name its municipality in the city's gauges.toml, or renew deploy/areas",
    )


def no_observation(reason: str) -> Trouble:
    """Something else in topic `observations`."""
    return Trouble(
        code="E3244",
        message=f"a record of topic observations cannot be read: {reason}",
        hint="find out what wrote it: an older or newer version of this program, or somebody else",
    )


def no_drop(folder: str, reason: str) -> Trouble:
    """The drop directory."""
    return Trouble(
        code="E3245",
        message=f"the folder of dropped readings {folder} cannot be used: {reason}",
        hint="make it, and let this program read, rename and write in it",
    )


# --- words ---


def clock_time(at: datetime) -> str:
    """A time of day as the operator's clock shows it."""
    return f"{at.astimezone(JST):%m-%d %H:%M:%S} JST"


def span(span_s: float) -> str:
    """A length of time in the unit that suits it."""
    if span_s < 120:
        return f"{span_s:.0f} s"
    return f"{span_s / 60:.0f} min" if span_s < 7200 else f"{span_s / 3600:.1f} h"
