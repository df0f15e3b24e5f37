"""Orders by two officers, from the first draft to the end, with nothing but forms; and what the log says of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.alert import InfoState, MsgType, Status
from schemas.office import lease_source
from schemas.status import Condition, lease_subject
from services.eventlog.port import LogFull
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.history import Entry
from services.gateway.core.incident import Standing
from services.runtime.clock import SystemClock
from tests.contract.gateway.conftest import TroubledLog
from tests.contract.gateway.office.conftest import Bureau
from tests.factories import ODAWARA


async def test_a_drafts_b_approves_and_exactly_what_b_saw_is_in_the_log(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    assert "承認を求めました" in bureau.a.text
    await bureau.b.see(f"{bureau.root()}/approve")
    submission = bureau.only.submission
    assert submission is not None
    assert submission.alert in bureau.b.text
    await bureau.b.press("/approve", read="yes")
    assert "承認しました" in bureau.b.text
    (alert,) = await bureau.alerts()
    assert (alert.status, alert.msg_type, alert.info[0].area[0].code) == (Status.ACTUAL, MsgType.ALERT, ODAWARA)
    assert alert.info[0].area[0].area_desc == "小田原市 早川・風祭"
    (record,) = [one for one in await bureau.records("alerts.emergency") if one.key.startswith("office:")]
    assert record.value == submission.alert.encode()
    assert record.id == f"alert:{alert.identifier}@{alert.streams[0]}"
    cause = next(entry for entry in bureau.entries if entry.command.body.do == "approve")
    assert record.headers["ce_causationid"] == f"office:{cause.command.id}"


async def test_whoever_drafted_it_sees_no_button_and_gets_nowhere_without_one(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    theirs = bureau.b.form("/approve")
    await bureau.a.see(f"{bureau.root()}/approve")
    assert "あなたは承認できません" in bureau.a.text
    own = bureau.a.form("/return")
    forged = {name: value for name, value in theirs.fields if name in {"sha256", "kind", "command"}}
    own.action = theirs.action
    await bureau.a.send(own, **forged, read="yes")
    assert (bureau.a.status, "自分では承認" in bureau.a.text) == (409, True)
    assert bureau.only.standing is Standing.NOTHING


async def test_the_second_officer_says_that_they_have_read_it(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    await bureau.b.press("/approve")
    assert bureau.b.status == 422
    assert bureau.only.standing is Standing.NOTHING


async def test_a_second_press_issues_nothing_twice(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    form = bureau.b.form("/approve")
    await bureau.b.send(form, read="yes")
    await bureau.b.send(form, read="yes")
    assert (bureau.b.status, "承認しました" in bureau.b.text) == (200, True)
    assert len(bureau.only.issues) == 1
    assert len(await bureau.alerts()) == 1


async def test_both_press_at_the_same_moment_and_one_of_them_is_first(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    c = await bureau.browser()
    await c.log_in("officer-b")
    await bureau.b.see(f"{bureau.root()}/approve")
    await c.see(f"{bureau.root()}/approve")
    await asyncio.gather(bureau.b.press("/approve", read="yes"), c.press("/approve", read="yes"))
    assert sorted((bureau.b.status, c.status)) == [200, 409]
    assert len(await bureau.alerts()) == 1


async def test_a_form_that_was_used_once_is_not_used_for_something_else(bureau: Bureau) -> None:
    await bureau.a.see("/office/drafts/new?level=4&cause=flood")
    form = bureau.a.form("/new")
    await bureau.a.send(form, districts="早川", do="keep")
    await bureau.a.send(form, districts="曽我", do="keep")
    assert (bureau.a.status, "E5507" in bureau.a.text) == (409, True)
    assert bureau.only.draft is not None
    assert bureau.only.draft.content.districts == "早川"


async def test_a_draft_without_a_place_is_refused_with_words_and_nothing_is_lost(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a, districts="", message_ja="山側の方は避難してください。")
    assert bureau.a.status == 422
    assert "対象の地区を書いてください" in bureau.a.text
    assert dict(bureau.a.form("/new").fields)["message_ja"] == "山側の方は避難してください。"
    await bureau.a.press("/new", areas=(), districts="早川", do="submit")
    assert "対象のない発令はできません" in bureau.a.text
    assert not bureau.incidents


@pytest.mark.parametrize("area", ["class20:1420800", "class20:9999900", "tsunami:330", "nonsense"])
async def test_an_area_that_is_not_the_city_s_is_refused_whole(bureau: Bureau, area: str) -> None:
    await bureau.drafted(bureau.a, areas=("class20:1420600", area) if area != "nonsense" else (area,))
    assert bureau.a.status == 422
    assert not bureau.incidents


async def test_it_is_returned_changed_and_approved_by_whoever_did_not_write_it(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    old = bureau.b.form("/approve")
    await bureau.b.press("/return", reason="入生田も入れてください")
    await bureau.a.see(bureau.root())
    assert "入生田も入れてください" in bureau.a.text
    await bureau.a.see(f"{bureau.root()}/edit")
    await bureau.a.press("/edit", districts="早川・風祭・入生田", do="submit")
    await bureau.b.send(old, read="yes")
    assert (bureau.b.status, "E5516" in bureau.b.text) == (409, True)
    await bureau.approved(bureau.b)
    (alert,) = await bureau.alerts()
    assert alert.info[0].area[0].area_desc.endswith("入生田")


class Behind(SystemClock):
    """A clock that was read a while before."""

    def now(self) -> datetime:
        return super().now() - timedelta(seconds=2)


async def test_what_was_composed_and_submitted_in_different_seconds_is_one_moment(bureau: Bureau) -> None:
    bureau.door.app.office.desk.clock = Behind()
    await bureau.issued()
    (alert,) = await bureau.alerts()
    assert alert.sent < bureau.only.issues[0].at


async def test_a_change_and_the_end_take_two_as_well(bureau: Bureau) -> None:
    await bureau.issued()
    await bureau.b.see(f"{bureau.root()}/edit?purpose=change")
    await bureau.b.press("/edit", level="5", do="submit")
    await bureau.approved(bureau.a)
    await bureau.a.see(f"{bureau.root()}/edit?purpose=end")
    await bureau.a.press("/edit", do="submit")
    assert len(await bureau.alerts(count=2)) == 2
    await bureau.approved(bureau.b)
    first, second, end = await bureau.alerts(count=3)
    assert [one.info[0].level for one in (first, second)] == [4, 5]
    assert (end.info[0].state, end.info[0].event) == (InfoState.RELEASED, "緊急安全確保 解除")
    assert len(end.references) == 2
    await bureau.a.see(bureau.root())
    assert "終わりました" in bureau.a.text


async def test_a_mistake_is_withdrawn_by_one_and_signed_by_the_other(bureau: Bureau) -> None:
    await bureau.issued()
    await bureau.a.see(f"{bureau.root()}/withdraw")
    assert "先ほどの避難情報は誤りでした" in bureau.a.text
    await bureau.a.press("/withdraw", confirmation="まちがい")
    assert bureau.a.status == 409
    await bureau.a.see(f"{bureau.root()}/withdraw")
    await bureau.a.press("/withdraw", confirmation="誤報取消")
    assert (await bureau.alerts(count=2))[1].msg_type is MsgType.CANCEL
    subject = f"office:cosign:{bureau.only.id}:{bureau.only.issues[-1].sha256[:8]}"
    assert (await bureau.door.reported(subject)).condition is Condition.ALARM
    assert "もう一人の職員に知らせて" in (await bureau.a.see(bureau.root())).text
    await bureau.b.see(bureau.root())
    await bureau.b.press("/cosign")
    await bureau.door.until(lambda: subject not in bureau.door.app.projection.reports)


async def test_one_officer_alone_raises_an_alarm_that_leaves_the_page(bureau: Bureau) -> None:
    await bureau.a.see("/office/drafts/new?level=5&cause=flood")
    await bureau.a.press("/new", districts="曽我", do="keep")
    await bureau.a.see(f"{bureau.root()}/alone")
    await bureau.a.press("/alone", confirmation="単独発令")
    await bureau.alerts()
    await bureau.door.reported(f"office:cosign:{bureau.only.id}:{bureau.only.issues[-1].sha256[:8]}")
    _, health = await bureau.door.health(lambda body: any(one["code"] == "E5530" for one in body["reasons"]))
    assert health["status"] == "degraded"
    await bureau.b.see("/office")
    assert "一人で行われ、まだ確認されていません" in bureau.b.text


async def test_an_order_holds_by_a_lease_that_an_officer_renews_and_its_end_takes_away(bureau: Bureau) -> None:
    await bureau.issued()
    subject = lease_subject(lease_source(bureau.only.id))
    first = await bureau.door.reported(subject)
    assert first.until is not None
    assert first.until - first.reported_at == timedelta(hours=12)
    await bureau.a.see(bureau.root())
    await bureau.a.press("/renew")
    assert "継続を確認しました" in bureau.a.text
    await bureau.door.until(lambda: bureau.door.app.projection.reports[subject] != first)
    await bureau.a.see(f"{bureau.root()}/edit?purpose=end")
    await bureau.a.press("/edit", do="submit")
    await bureau.approved(bureau.b)
    await bureau.door.until(lambda: subject not in bureau.door.app.projection.reports)


async def test_a_draft_is_thrown_away(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(bureau.root())
    await bureau.b.press("/discard")
    assert "下書きを捨てました" in bureau.b.text
    assert bureau.only.standing is Standing.DISCARDED


async def test_shelters_and_notices_go_their_own_lanes(bureau: Bureau) -> None:
    for matter in ("shelter", "notice"):
        await bureau.a.see(f"/office/drafts/new?matter={matter}")
        words = {"message_ja": "給水車が来ます。", "message_easy": "みずが あります。", "message_en": "Water here."}
        await bureau.a.press("/new", districts="三の丸小学校", do="submit", **(words if matter == "notice" else {}))
        assert "承認を求めました" in bureau.a.text, bureau.a.text
        incident = bureau.a.path.partition("?")[0]
        await bureau.b.see(f"{incident}/approve")
        await bureau.b.press("/approve", read="yes")
    (shelter,) = await bureau.alerts("alerts.emergency")
    (notice,) = await bureau.alerts("alerts.routine")
    assert (shelter.event, shelter.info[0].rank, shelter.info[0].level) == ("避難所開設", 3, None)
    assert (notice.event, notice.info[0].rank, notice.lease) == ("お知らせ", 2, "")
    assert notice.info[0].expires is not None


# --- drills ---


async def test_a_drill_is_a_drill_from_its_page_to_its_topic(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a, "drills")
    assert "【訓練】" in bureau.a.text
    await bureau.b.see(f"{bureau.root()}/approve")
    assert "訓練です" in bureau.b.text
    await bureau.b.press("/approve", read="yes")
    (alert,) = await bureau.alerts("drills")
    assert (alert.status, alert.drill is not None and alert.drill.run) == (Status.EXERCISE, bureau.only.id)
    assert alert.headline.startswith("【訓練】")
    assert [one for one in await bureau.records("alerts.emergency") if one.key.startswith("office:")] == []


async def test_a_drill_names_where_it_goes(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a, "drills", surfaces=())
    assert "出す先を一つ以上" in bureau.a.text
    await bureau.a.press("/new", surfaces=("sign",), do="submit")
    assert bureau.only.drill is not None
    assert [str(one) for one in bureau.only.drill.surfaces] == ["sign"]


async def test_a_drill_s_approval_does_not_approve_the_real_thing(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    await bureau.b.press("/approve", read="yes", kind="drill")
    assert (bureau.b.status, "E5519" in bureau.b.text) == (409, True)
    assert bureau.only.standing is Standing.NOTHING


async def test_a_real_draft_is_not_posted_to_the_drills_page_to_become_one(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.a.see(f"{bureau.root()}/edit")
    await bureau.a.press("/edit", do="keep", surfaces=("sign",), matter="notice")
    assert (bureau.only.drill, bureau.only.matter) == (None, "order")


# --- when the log is in trouble ---


async def test_when_the_log_refuses_the_officer_is_told_to_use_other_means_and_nothing_comes_true(
    bureau: Bureau,
) -> None:
    log = bureau.log
    assert isinstance(log, TroubledLog)
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    log.refuses = LogFull("no space")
    await bureau.b.press("/approve", read="yes")
    assert bureau.b.status == 503
    assert "E5505" in bureau.b.text
    assert "防災行政無線" in bureau.b.text
    log.refuses = None
    assert bureau.only.standing is Standing.NOTHING
    await bureau.approved(bureau.b)
    assert len(await bureau.alerts()) == 1


async def test_what_is_appended_too_late_is_refused_although_it_was_given_in_time(bureau: Bureau) -> None:
    store = bureau.door.app.office.store
    await bureau.drafted(bureau.a)
    body = next(entry for entry in bureau.entries if entry.command.body.do == "submit").command.body
    command = store.command(id="0" * 32, incident=bureau.only.id, actor="officer-a", body=body)
    past = command.at - timedelta(minutes=1)
    given = await store.give(replace(command, at=past, deadline=past + timedelta(seconds=15)))
    assert isinstance(given, Entry)
    assert isinstance(given.outcome, Refusal)
    assert given.outcome.why is Why.LATE
