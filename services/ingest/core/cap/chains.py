"""What a chain of CAP messages says together: which of them still count, and one alert that is their full snapshot.

Messages that name each other are one chain, which is one stream, called after the oldest message it knows of. In it
a message counts until a later Update or Cancel names it; of two that count and speak of the same hazard in the same area
the later one is right. So an Update that comes late lowers nothing, a Cancel may come before what it cancels, and one
alert that was renewed in parts (NWS) keeps all its parts.

Whatever the order of arrival, the same messages end in the same snapshot: everything is derived from the set. A snapshot's
revision is that of its newest message and how many are known, so that one message more always ranks higher.

Sources: OASIS CAP-v1.2 §3.2.1 (msgType, references); the project's notes on CAP §4.1, §4.2 (NWS), §4.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from schemas.alert import Alert, Info, InfoState, MsgType, Urgency
from services.ingest.core.cap.message import Family
from services.ingest.core.cap.reading import name_part, stream_of
from services.ingest.core.cap.written import moment

FORGET_AFTER = timedelta(days=10)
"""How long a chain is remembered after its last message came: as long as the messages themselves stay in the log."""
MEMBERS_MAX = 500
"""Messages of one chain; a longer one loses its oldest."""

NAMED_MAX = 20
"""Messages that a Cancel's alert names; the fold of a stream keeps eight."""
_NEVER = datetime.min.replace(tzinfo=UTC)

Node = tuple[str, str, str]
"""Lane ("" for what is real, else a drill's run), sender, identifier: a drill is never linked to anything real."""


@dataclass(slots=True)
class Chain:
    """Messages that name each other. `since`: the earliest time known of each name, as it sorts."""

    since: dict[Node, str] = field(default_factory=dict)
    told: dict[Node, Alert] = field(default_factory=dict)
    versions: set[tuple[Node, str]] = field(default_factory=set)
    former: set[Node] = field(default_factory=set)
    """What parts of it were called before a message joined them."""
    heard_at: datetime = _NEVER
    """When a message of it came last, however old the message is."""

    @property
    def root(self) -> Node:
        """The oldest message that is known of, whether or not it came."""
        return min(self.since, key=lambda node: (self.since[node], node))


@dataclass(slots=True)
class Chains:
    """All chains, by every name in them."""

    _by_node: dict[Node, Chain] = field(default_factory=dict)

    def link(self, lane: str, named: Iterable[tuple[str, str, datetime | None]]) -> Chain:
        """Put these messages (sender, identifier, sent) into one chain; the first is the one that names the others."""
        nodes = {(lane, sender, identifier): at for sender, identifier, at in named}
        parts = list({id(one): one for node in nodes if (one := self._by_node.get(node))}.values())
        chain = max(parts, key=lambda one: len(one.since), default=Chain())
        called = {part.root for part in parts}
        for part in parts:
            if part is not chain:
                chain.since |= part.since
                chain.told |= part.told
                chain.versions |= part.versions
                chain.former |= part.former
                chain.heard_at = max(chain.heard_at, part.heard_at)
                self._by_node |= dict.fromkeys(part.since, chain)
        for node, at in nodes.items():
            chain.since[node] = min(chain.since.get(node, "~"), _instant(at))
            self._by_node[node] = chain
        chain.former = (chain.former | called) - {chain.root}
        return chain

    def chain_of(self, lane: str, sender: str, identifier: str) -> Chain | None:
        """The chain that a message is in."""
        return self._by_node.get((lane, sender, identifier))

    def add(self, alert: Alert, heard_at: datetime) -> Chain:
        """Take in what one message says that came into the log at `heard_at`."""
        lane = alert.drill.run if alert.drill else ""
        chain = self.link(lane, ((alert.sender, alert.identifier, alert.sent), *_named(alert)))
        chain.heard_at = max(chain.heard_at, heard_at)
        node = (lane, alert.sender, alert.identifier)
        chain.versions.add((node, alert.revision))
        before = chain.told.get(node)
        # of two messages that call themselves the same the later one is a new version of the other
        chain.told[node] = alert if before is None else max(before, alert, key=lambda one: (one.revision, repr(one)))
        if len(chain.told) > MEMBERS_MAX:
            del chain.told[min(chain.told, key=lambda one: chain.told[one].revision)]
        return chain

    def forget(self, now: datetime) -> int:
        """Let go of chains of which nothing came for `FORGET_AFTER`; answers how many."""
        chains = {id(chain): chain for chain in self._by_node.values()}.values()
        old = [chain for chain in chains if now - chain.heard_at > FORGET_AFTER]
        for chain in old:
            for node in chain.since:
                self._by_node.pop(node, None)
        return len(old)


def snapshots(chain: Chain) -> tuple[Alert, ...]:
    """What the chain says now, and the end of every stream that is now part of it under another name.

    Nothing where the chain has never named an area of ours.
    """
    if not any(info.area for alert in chain.told.values() for info in alert.info):
        return ()
    whole = _whole(chain)
    closed = replace(whole, msg_type=MsgType.UPDATE, info=(), lease="")
    ends = (replace(closed, streams=(_stream(node),)) for node in sorted(chain.former))
    return (whole, *ends)


def _whole(chain: Chain) -> Alert:
    newest, root = _newest(chain), chain.root
    counting = sorted(_counting(chain), key=lambda alert: alert.revision)
    infos = tuple(_infos(counting)) if counting else tuple(_over(newest))
    before = [one for one in _in_order(chain) if one is not newest][-NAMED_MAX:]
    # the fold of a stream takes back what a Cancel names and all before it: it names what came last
    named = tuple(f"{one.sender},{one.identifier},{one.sent.isoformat()}" for one in before)
    is_cancelled = (
        newest.msg_type is MsgType.CANCEL
        and not counting
        and not _is_all_clear(newest)
        # a name that no reference can hold could not be taken back: then it is over
        and all(one.count(",") == 2 for one in named)
    )
    is_open = any(info.state is InfoState.ACTIVE and info.area and info.expires is None for info in infos)
    lease = next((one.lease for one in reversed(counting) if one.lease), "")
    return replace(
        newest,
        msg_type=MsgType.CANCEL if is_cancelled else MsgType.UPDATE if len(chain.told) > 1 else newest.msg_type,
        streams=(_stream(root),),
        revision=f"{newest.revision}.{len(chain.versions):04}",
        references=named if is_cancelled and named else newest.references,
        lease=lease if is_open else "",
        info=tuple(_called(info, root) for info in infos),
    )


def _stream(node: Node) -> str:
    lane, sender, identifier = node
    return f"{stream_of(Family.CAP, (sender, identifier))}{f'~{lane}' if lane else ''}"


def _in_order(chain: Chain) -> list[Alert]:
    return sorted(chain.told.values(), key=lambda alert: alert.revision)


def _newest(chain: Chain) -> Alert:
    return max(chain.told.values(), key=lambda alert: alert.revision)


def _counting(chain: Chain) -> Iterator[Alert]:
    """The messages that no later one names; a Cancel says nothing of its own."""
    named_by: dict[tuple[str, str], str] = {}
    for alert in chain.told.values():
        for sender, identifier, _ in _named(alert):
            key = (sender, identifier)
            named_by[key] = max(named_by.get(key, ""), alert.revision)
    for alert in chain.told.values():
        if (
            alert.msg_type is not MsgType.CANCEL
            and named_by.get((alert.sender, alert.identifier), "") <= alert.revision
        ):
            yield alert


def _infos(counting: list[Alert]) -> Iterator[Info]:
    """The blocks of all that counts; of two for one hazard in one area the later message's."""
    last: dict[tuple[str, object], int] = {}
    for at, alert in enumerate(counting):
        last |= {(_kind(info), area.code): at for info in alert.info for area in info.area}
    for at, alert in reversed(list(enumerate(counting))):
        for info in alert.info:
            areas = tuple(area for area in info.area if last[_kind(info), area.code] == at)
            if areas:
                yield replace(info, area=areas)


def _over(cancel: Alert) -> Iterator[Info]:
    yield from (replace(info, state=InfoState.RELEASED, level=None, rank=None) for info in cancel.info if info.area)


def _is_all_clear(cancel: Alert) -> bool:
    """Whether a Cancel says that the danger is past; without that it takes back a mistake."""
    return any(info.urgency is Urgency.PAST for info in cancel.info)


def _kind(info: Info) -> str:
    return info.hazard.partition(":")[0]


def _called(info: Info, root: Node) -> Info:
    """The block with its hazard's item called after the chain's oldest message, so that it stays one through the chain."""
    kind, colon, _ = info.hazard.partition(":")
    return replace(info, hazard=f"{kind}{colon}{name_part(root[2]) if colon else ''}")


def _named(alert: Alert) -> Iterator[tuple[str, str, datetime | None]]:
    """The messages that an alert names besides itself."""
    for reference in alert.references:
        sender, identifier, sent = reference.split(",")
        if (sender, identifier) != (alert.sender, alert.identifier):
            yield sender, identifier, moment(sent)


def _instant(at: datetime | None) -> str:
    """A time as it sorts; what is no time comes last."""
    return "~" if at is None else at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")
