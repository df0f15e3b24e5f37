"""Services apart: what they refuse before anything is started."""

from __future__ import annotations

import pytest

from services import apart
from services.runtime.settings import SettingInvalid, read


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"feeds": "live"}, "kafka://"),
        ({"feeds": "live", "log": "sqlite:x"}, "kafka://"),
        ({"log": "kafka://127.0.0.1:9/x"}, "the demo is one process"),
    ],
)
async def test_without_a_log_to_share_and_for_the_demo_they_refuse(flags: dict[str, str], said: str) -> None:
    with pytest.raises(SettingInvalid, match=said):
        await apart.run("gateway", read(flags, {}), lambda _: None)
