"""The resident's page as a person uses it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import BrowserContext, Locator, Page, expect

LIVE = '[data-line="live"]'


@dataclass(slots=True)
class ResidentPage:
    """The page on one phone. What the page itself does wrong is kept in `faults`."""

    page: Page
    faults: list[str]

    @classmethod
    async def open(cls, context: BrowserContext, port: int, path: str = "/") -> ResidentPage:
        """Open it and wait for its line."""
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        await page.goto(f"http://127.0.0.1:{port}{path}")
        await expect(page.locator(f"html{LIVE}")).to_be_attached()
        return cls(page, faults)

    async def follow(self, query: str, role: str, name: str = "") -> None:
        """Choose a place by its name, or by what finds it."""
        page = self.page
        first = await page.locator("#by-name").count() > 0
        await page.locator("#by-name" if first else "#chip-more").click()
        await page.locator("#search").fill(query)
        await page.locator("dialog .result").filter(has_text=name or query).first.click()
        await page.locator("dialog .choice").filter(has_text=role).first.click()
        await page.locator("#add").click()
        await expect(page.locator("#chips button[aria-pressed=true]")).to_contain_text(role)

    async def tab(self, name: str) -> None:
        """Go to one of the tabs."""
        await self.page.locator("#tabs a").filter(has_text=name).click()

    async def speak(self, language: str) -> None:
        """Choose a language in the settings, and come back."""
        await self.page.locator("#tab-settings").click()
        await self.page.get_by_role("button", name=language, exact=True).click()
        await self.page.locator("#tab-now").click()

    async def shows(self, text: str) -> Locator:
        """Wait until an alert says this."""
        found = self.page.locator("#real .alert .name").filter(has_text=text).first
        await expect(found).to_be_visible()
        return found
