"""The forms in a real browser, without a script: phone and desktop, keyboard, both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page
from tests.browsers import SIZES, browsing
from tests.forms.conftest import Site, serving, token_of

from trainloop.needs.competency_pages import share_results

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PULSE = "quarterly_pulse"
# Contrast of text against the nearest background that is not transparent, per WCAG 2.2; and what a finger can hit.
MEASURE = """() => {
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const numbers = t => t.match(/[\\d.]+/g).map(Number);
  const light = t => { const [r, g, b] = numbers(t).map(linear); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (numbers(c).length < 4 || numbers(c)[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
  const faint = [], small = [];
  for (const e of document.querySelectorAll('main *, header *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (own && e.offsetParent) {
      const a = light(getComputedStyle(e).color), b = light(ground(e));
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) faint.push([e.textContent.trim().slice(0, 20), ratio]);
    }
  }
  for (const e of document.querySelectorAll('button, .point, .choice, header a')) {
    const box = e.getBoundingClientRect();
    if (box.height < 44 || box.width < 44) small.push([e.textContent.trim().slice(0, 20), box.width, box.height]);
  }
  return {faint, small, overflow: document.documentElement.scrollWidth - window.innerWidth};
}"""


def open_page(browser: Browser, address: str, size: str, **options: object) -> Page:
    settings = {"viewport": SIZES[size], "java_script_enabled": False} | options
    page = browser.new_context(**settings).new_page()  # type: ignore[arg-type]
    page.goto(address)
    return page


def test_a_person_fills_the_form_on_a_phone_without_a_script(site: Site) -> None:
    """Errors lead to their questions, the draft comes back, the thank-you page ends it."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    with serving() as (_, address), browsing() as browser:
        page = open_page(browser, f"{address}/f/{token_of(wave, 'E1')}", "phone", locale="zh-CN")
        page.locator("#q_content_match input[value='4']").click()
        page.get_by_role("button", name="提交").click()
        assert page.title().startswith("错误：")
        alert = page.get_by_role("alert")
        assert "还有 4 处需要处理" in alert.inner_text()
        alert.get_by_role("link").first.click()
        assert page.url.endswith("#q_applied_at_work")
        assert page.locator("#q_content_match input[value='4']").is_checked()
        page.get_by_label("还有什么想告诉培训师和 HR？").fill("谢谢")
        page.get_by_role("button", name="保存，稍后继续").click()
        assert "草稿已加密保存" in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="English").click()
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.get_by_role("textbox").input_value() == "谢谢"
        for code in ("applied_at_work", "manager_support", "time_to_apply", "overall"):
            page.locator(f"#q_{code} input[value='5']").click()
        page.get_by_role("button", name="Submit").click()
        assert page.get_by_role("heading").inner_text() == "Received, thank you"
    assert len(site.run("select * from forms.submissions")) == 1


def test_the_keyboard_alone_is_enough_and_every_field_has_a_name(site: Site) -> None:
    """Tab enters a question, arrows choose, Tab leaves it; a screen reader hears question, hint and error."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    with serving() as (_, address), browsing() as browser:
        page = open_page(browser, f"{address}/f/{token_of(wave, 'E1')}", "desktop", locale="zh-CN")
        page.locator("#q_content_match input").first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.locator("#q_content_match input[value='3']").is_checked()
        page.keyboard.press("Tab")
        assert page.locator("#q_applied_at_work input").first.evaluate("e => document.activeElement === e")
        groups = page.get_by_role("group").all()
        assert len(groups) == 5
        assert all("培训" in group.aria_snapshot() or "我" in group.aria_snapshot() for group in groups)
        assert page.get_by_role("radio", name="4 同意").count() == 4
        page.get_by_role("button", name="提交").press("Enter")
        assert page.locator("fieldset[aria-invalid=true]").count() == 4
        for field in page.locator("fieldset[aria-describedby]").all():
            for name in (field.get_attribute("aria-describedby") or "").split():
                assert page.locator(f"#{name}").count() == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_targets_are_large_and_nothing_runs_out_of_the_screen(
    site: Site, size: str, scheme: str
) -> None:
    """WCAG AA contrast, 44 px targets, no sideways scrolling: longest form, widest scale, errors, both languages."""
    site.topics("T-A", "T-B", "T-C")
    site.run("update ops.survey_waves set source = 'forms'")
    needs = site.wave("annual_needs", "2027", "E1", subject_kind="year")
    for code in ("talk", "plan"):
        site.run(
            "insert into core.competency_requirements values ('sales', 'P5', %s, '谈判', 'Talk', 4, 1.5, 1, 1)", code
        )
        site.run("insert into core.competency_assessments values ('E1', %s, '2026-02-20', 4.5, 2.5, null, 1, 1)", code)
    share_results()
    (page,) = site.run("select token from ops.competency_pages")
    paths = [
        f"/f/{token_of('EVAL-2026-C001', 'E1')}",
        f"/f/{token_of(needs, 'E1')}",
        "/f/unknown",
        f"/r/{page['token']}",
    ]
    with serving() as (_, address), browsing() as browser:
        for path in paths:
            for language in ("zh-CN", "en"):
                url = f"{address}{path}?lang={language}"
                page = open_page(browser, url, size, java_script_enabled=True, color_scheme=scheme)
                assert page.evaluate(MEASURE) == {"faint": [], "small": [], "overflow": 0}, url
                if page.get_by_role("group").count():
                    page.locator("button[value=submit]").click()
                    assert page.evaluate(MEASURE) == {"faint": [], "small": [], "overflow": 0}, f"errors of {url}"


def test_no_page_asks_for_anything_outside_or_runs_a_script(site: Site) -> None:
    """The policy holds in the browser: nothing is blocked, because nothing is asked for."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    asked, complaints = [], []
    with serving() as (_, address), browsing() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{address}/f/{token_of(wave, 'E1')}")
        assert page.locator("script").count() == 0
        assert all(url.startswith(address) for url in asked)
        assert complaints == []
