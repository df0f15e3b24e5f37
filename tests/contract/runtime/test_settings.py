from __future__ import annotations

from dataclasses import fields

import pytest

from services.runtime.settings import SETTINGS, SettingInvalid, Settings, read, table


def test_a_start_without_any_setting_is_the_demo() -> None:
    settings = read({}, {})
    assert (settings.is_demo, settings.is_live, settings.mode) == (True, False, "demo")
    assert (settings.poll_s, settings.jma_lease_s, settings.canary_s) == (1, 60, 10)


def test_live_polls_as_jma_asks_and_holds_a_warning_for_three_hours() -> None:
    settings = read({"feeds": "live"}, {})
    assert (settings.poll_s, settings.jma_lease_s, settings.canary_s) == (60, 10_800, 60)


def test_any_other_server_has_a_place_of_its_own() -> None:
    assert read({"feeds": "http://127.0.0.1:8000"}, {}).mode == "other"


def test_a_flag_wins_over_the_environment_and_that_over_the_default() -> None:
    environment = {"HANSHO_PORT": "9000", "HANSHO_CITY": "zushi"}
    settings = read({"port": "9001", "city": None}, environment)
    assert (settings.port, settings.city) == (9001, "zushi")


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "-1"), ("port", "70000"), ("port", "http"), ("port", "nan"), ("dead_s", "inf"), ("dead_s", "")],
)
def test_a_value_that_cannot_be_is_refused_with_what_would_do(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=f"{name}='{value}': expected a number from"):
        read({name: value}, {})


def test_each_setting_is_a_field_and_the_other_way_round() -> None:
    assert {setting.name for setting in SETTINGS} == {field.name for field in fields(Settings)}


def test_the_table_names_every_setting_with_its_help() -> None:
    assert all(setting.name in table() and setting.help in table() for setting in SETTINGS)
