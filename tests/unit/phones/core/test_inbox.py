"""What each phone has got: newest first, replaced by tag, counted in any case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from services.phones.core.inbox import PHONES_MAX, SHOWN_MAX, Inbox, Phone, deliver, drawn, empty, identity
from services.phones.core.wire import Received

NOW = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)


def received(title: str = "警報", *, address: str = "demo-1", tag: str = "t1", revision: str = "r1") -> Received:
    return Received(
        address=address,
        title=title,
        body="b",
        tag=tag,
        silent=False,
        urgent=True,
        ttl_s=60,
        data=MappingProxyType({"alert": "a1", "revision": revision, "level": "4", "language": "en"}),
    )


def told(inbox: Inbox, *messages: Received, repeat: bool = False) -> Inbox:
    for minute, one in enumerate(messages):
        inbox = deliver(inbox, one, NOW + timedelta(minutes=minute), repeat=repeat)
    return inbox


def titles(inbox: Inbox, address: str = "demo-1") -> list[tuple[str, bool]]:
    return [(one.title, one.replaced) for one in inbox.phones[address].shown]


def test_a_phone_shows_the_newest_first() -> None:
    inbox = told(empty(), received("大雨", tag="t1"), received("暴風", tag="t2"))
    assert titles(inbox) == [("暴風", False), ("大雨", False)]


def test_a_later_message_of_the_same_tag_replaces_the_one_before() -> None:
    inbox = told(empty(), received("警報", revision="r1"), received("解除", revision="r2"))
    assert titles(inbox) == [("解除", False), ("警報", True)]


def test_messages_without_a_tag_replace_nothing() -> None:
    assert titles(told(empty(), received("a", tag=""), received("b", tag=""))) == [("b", False), ("a", False)]


def test_a_repeat_is_shown_where_it_was_and_counted() -> None:
    inbox = told(empty(), received())
    inbox = told(inbox, received(), repeat=True)
    (one,) = inbox.phones["demo-1"].shown
    assert (one.repeats, inbox.accepted, inbox.repeats) == (1, 2, 1)


def test_a_repeat_of_what_is_not_kept_any_more_is_shown_anew() -> None:
    assert titles(told(empty(), received(), repeat=True)) == [("警報", False)]


def test_the_same_message_is_the_same_whoever_counts() -> None:
    assert identity(received()) == identity(received())
    different = [received("x"), received(address="demo-2"), received(tag="t2"), received(revision="r2")]
    assert len({identity(one) for one in (received(), *different)}) == 5


def test_only_so_many_notifications_are_kept_of_a_phone() -> None:
    inbox = told(empty(), *(received(str(number), tag=str(number)) for number in range(SHOWN_MAX + 3)))
    assert len(inbox.phones["demo-1"].shown) == SHOWN_MAX
    assert titles(inbox)[0] == (str(SHOWN_MAX + 2), False)


def test_listed_phones_are_drawn_first_and_others_as_long_as_there_is_room() -> None:
    book = (Phone(address="demo-1", name="小田原に住む人", place="小田原市", language="ja", listed=True),)
    inbox = told(empty(book), *(received(address=f"x-{number}") for number in range(PHONES_MAX + 2)), received())
    assert list(inbox.phones)[:2] == ["demo-1", "x-0"]
    assert len(inbox.phones) == PHONES_MAX
    assert (inbox.elsewhere, inbox.accepted) == (3, PHONES_MAX + 3)
    assert inbox.phones["x-0"].language == "en"


def test_the_page_draws_what_there_is() -> None:
    page = drawn(told(empty(), received()), NOW)
    assert (page["now"], page["accepted"], page["repeats"], page["elsewhere"]) == (NOW.isoformat(), 1, 0, 0)
    (phone,) = page["phones"]
    (one,) = phone["shown"]
    assert (one["title"], one["level"], one["rank"], one["replaced"]) == ("警報", "4", "", False)
