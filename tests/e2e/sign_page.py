"""A sign as a person sees it, and as a test asks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.e2e.gateway import now

SOON_MS = 10_000
LOOK_MS = 50
"""Between two looks at the page: one a frame would be most of what the browser does."""

READ = """() => {
  const plain = (one) => one.textContent.replace(/\\s+/g, " ").trim();
  const text = (selector) => Array.from(document.querySelectorAll(selector), plain);
  const root = document.documentElement;
  return {
    scene: root.dataset.scene, line: root.dataset.line, drill: "drill" in root.dataset,
    name: text(".card .name").join(""), mark: text(".card .mark").join(""), place: text(".card .place").join(""),
    action: text(".card .action").join(""), source: text("#foot .source").join(""),
    level: (document.querySelector(".card") || document.body).dataset.level || "",
    dots: document.querySelectorAll(".dot").length, bars: text(".bar"), lapsed: text(".panel.lapsed").join(""),
    page: document.body.innerText,
  };
}"""

JUMPING_CLOCK = """(() => {
  const Real = Date;
  let jump = 0;
  window.jumpClock = (ms) => { jump = ms; };
  window.Date = class extends Real {
    constructor(...given) { if (given.length === 0) { super(Real.now() + jump); } else { super(...given); } }
    static now() { return Real.now() + jump; }
  };
})();"""
"""The device's own clock, which a test can set."""

HASTY_COUNT = """(() => {
  const real = performance.now.bind(performance);
  let factor = 1, from = 0, at = 0;
  window.hasten = (by) => { at = performance.now(); from = real(); factor = by; };
  performance.now = () => at + (real() - from) * factor;
})();"""
"""The page's monotonic count, which a test can hasten where only order counts."""


@dataclass(slots=True)
class SignPage:
    """One sign in a browser."""

    page: Page
    faults: list[str]

    @classmethod
    async def open(cls, context: BrowserContext, port: int, *, area: str = "1420600") -> SignPage:
        """Open it at an address; everything that the page itself does wrong is kept in `faults`."""
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        await page.add_init_script(JUMPING_CLOCK + HASTY_COUNT)
        await page.goto(f"http://127.0.0.1:{port}/sign?area={area}&name=駅前")
        return cls(page, faults)

    async def sees(self) -> dict[str, Any]:
        """What stands on the screen."""
        seen: dict[str, Any] = await self.page.evaluate(READ)
        return seen

    async def until(self, condition: str, *, timeout_ms: float = SOON_MS) -> dict[str, Any]:
        """Wait until this (JavaScript over `s`, what stands on the screen) holds, and give what then stands there."""
        await self.page.wait_for_function(
            f"() => {{ const s = ({READ})(); return {condition}; }}", timeout=timeout_ms, polling=LOOK_MS
        )
        return await self.sees()

    async def late_by_s(self, condition: str, due: datetime) -> float:
        """Wait until this holds, and give how many seconds after `due` that was (negative: before)."""
        await self.until(condition, timeout_ms=SOON_MS + 1000 * (due - now()).total_seconds())
        return (now() - due).total_seconds()
