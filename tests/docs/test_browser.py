"""The site in a real browser: a click changes the picture, and nothing is asked outside."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docs

# The codes that a driver sends for keys.
ARROW_LEFT, ARROW_UP, ARROW_RIGHT, ENTER = "\ue012", "\ue013", "\ue014", "\ue007"
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests: starting it takes longer than most of them."""
    if BROWSER is None or DRIVER is None:
        pytest.skip("no chromium with chromedriver on this machine")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in (
        *SWITCHES,
        f"--user-data-dir={tmp_path_factory.mktemp('browser')}",
        "--window-size=1280,1400",
    ):
        options.add_argument(switch)
    started = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield started
    started.quit()


@pytest.fixture
def browser(driver: Any) -> Any:
    driver.get("about:blank")
    requests(driver)  # what an earlier page asked for does not count
    driver.get_log("browser")
    return driver


def look(browser: Any, width: int, height: int, theme: str, page: Path) -> None:
    """Open a page at a width, in the light or dark scheme."""
    scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())


def columns(browser: Any) -> list[tuple[int, str, str, float]]:
    """For each degree drawn: the label, the classes and the height of its last bar."""
    script = (
        "return [...document.querySelectorAll('#ex-chart g[data-degree]')].map(g => {"
        "const b = [...g.querySelectorAll('.bar')].pop();"
        "return [Number(g.dataset.degree), g.getAttribute('aria-label'),"
        " b.getAttribute('class'), Number(b.getAttribute('height'))]; })"
    )
    return [tuple(found) for found in browser.execute_script(script)]


def bars(browser: Any) -> dict[int, bool]:
    """For each degree drawn whether its bar is in the span."""
    return {ell: "not" not in kind.split() for ell, _, kind, _ in columns(browser)}


def heights(browser: Any) -> dict[int, int]:
    """The multiplicities said by the labels of the bars."""
    return {ell: int(label.rsplit(" ", 1)[1]) for ell, label, _, _ in columns(browser)}


def drawn(browser: Any) -> dict[int, float]:
    """The heights of the bars, in units of the picture."""
    return {ell: tall for ell, _, _, tall in columns(browser)}


def picture(browser: Any, canvas: str) -> str:
    return str(browser.execute_script(f"return document.getElementById('{canvas}').toDataURL()"))


def changed(browser: Any, canvas: str, before: str) -> None:
    """Wait until a picture is no longer the one it was."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 10).until(lambda _: picture(browser, canvas) != before)


def requests(browser: Any) -> list[str]:
    """Every address the browser asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def set_range(browser: Any, name: str, value: int) -> None:
    browser.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}));",
        f"ex-{name}",
        value,
    )


def natural_multiplicities(L: int, d: int) -> dict[int, int]:
    """By listing multisets of states (l, m), natural parity apart: a route of its own."""
    states = [(l, m) for l in range(L + 1) for m in range(-l, l + 1)]
    counts: Counter[tuple[int, int]] = Counter()
    for chosen in combinations_with_replacement(states, d):
        parity = sum(l for l, _ in chosen) % 2
        counts[sum(m for _, m in chosen), parity] += 1
    return {l: counts[l, l % 2] - counts[l + 1, l % 2] for l in range(d * L + 1)}


def test_clicks_change_the_picture(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    assert browser.find_element("id", "explorer").get_attribute("data-ready") == "yes"
    assert bars(browser) == {ell: ell <= 4 for ell in range(7)}
    seen = heights(browser)
    assert {ell: seen[ell] for ell in range(5)} == natural_multiplicities(2, 2)

    before = picture(browser, "ex-in")
    browser.find_element("css selector", "#ex-chart g[data-degree='1'] .bar").click()
    assert browser.find_element("id", "ex-in").get_attribute("data-degree") == "1"
    assert picture(browser, "ex-in") != before

    browser.find_element("css selector", "input[value='exact']").click()
    assert bars(browser) == {ell: ell <= 4 and ell % 2 == 0 for ell in range(7)}
    assert "every second degree" in browser.find_element("id", "ex-says").text

    browser.find_element("css selector", "input[value='upto']").click()
    set_range(browser, "L", 3)
    set_range(browser, "d", 3)
    assert bars(browser) == {ell: ell <= 9 for ell in range(12)}
    assert {k: v for k, v in heights(browser).items() if k <= 9} == natural_multiplicities(3, 3)
    assert browser.find_element("id", "ex-out").get_attribute("data-degree") == "10"
    assert not [e for e in browser.get_log("browser") if e["level"] == "SEVERE"]


def choose(browser: Any, name: str, value: str) -> None:
    browser.find_element("css selector", f"input[name={name}][value='{value}']").click()


def said(browser: Any) -> str:
    return str(browser.find_element("id", "ex-says").text)


def rows(browser: Any) -> list[list[str]]:
    """The numbers below the picture."""
    script = (
        "return [...document.querySelectorAll('#ex-table tbody tr')]"
        ".map(r => [...r.children].map(c => c.textContent))"
    )
    return list(browser.execute_script(script))


def test_the_height_is_the_number_on_the_stated_scale(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    set_range(browser, "L", 3)
    set_range(browser, "d", 3)
    for scale, of in (("linear", float), ("log", math.log1p)):
        choose(browser, "scale", scale)
        axis = browser.find_element("css selector", "#ex-chart .ex-scale").text
        assert ("logarithmic" in axis) == (scale == "log")
        tall, number = drawn(browser), heights(browser)
        most = max(number, key=lambda ell: number[ell])
        for ell in range(10):
            share = tall[most] * of(number[ell]) / of(number[most])
            assert tall[ell] == pytest.approx(max(3, share), abs=0.01), (scale, ell)


def test_the_full_tensor_power_has_its_own_counts(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    choose(browser, "power", "tensor")
    states = [(l, m) for l in range(3) for m in range(-l, l + 1)]
    counts = Counter((a + b, (l + k) % 2) for l, a in states for k, b in states)
    wanted = {l: counts[l, l % 2] - counts[l + 1, l % 2] for l in range(5)}
    assert {ell: n for ell, n in heights(browser).items() if ell <= 4} == wanted
    assert "from 81 products in any order" in said(browser)
    choose(browser, "power", "symmetric")
    assert "from 45 symmetric products" in said(browser)


def test_layers_of_mace(site: Path, browser: Any, repository: Path) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    choose(browser, "mode", "mace")
    record = json.loads((repository / "docs/results/exact/density.json").read_text())["rows"]
    seen = 0
    for row in record:
        if row["L"] not in (2, 3) or row["d"] != 3 or row["neighbours"] > 3:
            continue
        seen += 1
        for name, value in (("L", "L"), ("d", "d"), ("top", "L"), ("K", "neighbours")):
            set_range(browser, name, row[value])
        kept = [r for r in rows(browser) if r[1] == "yes"]
        assert sum(int(r[2]) for r in kept) == row["products"], row
        assert sum(int(r[3]) for r in kept) == row["surviving_products"], row
        assert f"all products reach degree {row['L'] * row['d']} (T1)" in said(browser)
    assert seen == 2 * 3
    for top, degree in ((0, 3), (1, 4)):
        for name, value in (("L", 3), ("d", 3), ("top", top)):
            set_range(browser, name, value)
        assert f"at most {top}, show degree {degree} of it (T7)" in said(browser)


def test_readouts_of_nequip_and_sets_of_degrees(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    choose(browser, "mode", "nequip")
    set_range(browser, "L", 2)
    set_range(browser, "d", 3)
    assert "total degree at most 6 (T4)" in said(browser)
    assert {k: v for k, v in heights(browser).items() if k <= 6} == natural_multiplicities(2, 3)

    choose(browser, "mode", "set")
    set_range(browser, "d", 2)
    for degree in ("3", "0", "2"):  # from {0, 2} to {3}
        browser.find_element("css selector", f"input[name=degree][value='{degree}']").click()
    reached = {c for a in (3,) for b in (3,) for c in range(abs(a - b), a + b + 1, 2)}
    assert {ell for ell, inside in bars(browser).items() if inside} == reached
    assert not browser.find_element("id", "ex-two").is_displayed()


def test_two_directions_share_the_budget(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    for L, d in ((2, 2), (2, 3), (3, 4)):
        set_range(browser, "L", L)
        set_range(browser, "d", d)
        pairs = browser.execute_script(
            "return [...document.querySelectorAll('#ex-budget [data-pair]')]"
            ".map(c => [c.dataset.pair, c.classList.contains('in')])"
        )
        degrees = range(d * L + 2)
        assert {pair for pair, _ in pairs} == {f"{a},{b}" for a in degrees for b in degrees}
        for pair, inside in pairs:
            a, b = map(int, pair.split(","))
            assert inside == (-(-a // L) - (-b // L) <= d), (L, d, pair)
        text = browser.find_element("id", "ex-two-text").text
        assert f"to Legendre degree {L * (d // 2)}," in text


def test_keys_move_along_the_bars_and_turn_the_balls(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")

    def press(key: str) -> None:
        browser.switch_to.active_element.send_keys(key)

    stops = browser.find_elements("css selector", "#ex-chart g[tabindex='0']")
    assert [s.get_attribute("data-degree") for s in stops] == ["4"]
    browser.execute_script("arguments[0].focus()", stops[0])
    before = picture(browser, "ex-in")
    for key in (ARROW_LEFT, ARROW_LEFT):
        press(key)
    assert browser.switch_to.active_element.get_attribute("data-degree") == "2"
    assert picture(browser, "ex-in") == before
    press(ENTER)
    assert browser.find_element("id", "ex-in").get_attribute("data-degree") == "2"
    assert picture(browser, "ex-in") != before
    press(ARROW_RIGHT)  # the focus is still on the bars
    assert browser.switch_to.active_element.get_attribute("data-degree") == "3"

    for key in (ARROW_LEFT, ARROW_UP):
        for canvas in ("ex-in", "ex-out"):
            before = picture(browser, canvas)
            browser.execute_script(f"document.getElementById('{canvas}').focus()")
            press(key)
            changed(browser, canvas, before)


CONTRAST = """
const lum = (c) => { const p = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]; };
const back = lum(getComputedStyle(document.body).backgroundColor);
const all = '#explorer text, #explorer label, #explorer legend, #explorer figcaption, #ex-says';
return [...document.querySelectorAll(all)]
  .filter(e => e.textContent.trim() && e.getClientRects().length)
  .map(e => { const s = getComputedStyle(e);
    const front = lum(e instanceof SVGElement ? s.fill : s.color);
    return [e.textContent, (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)]; });
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["span", "mace"])
def test_labels_can_be_read(site: Path, browser: Any, theme: str, mode: str) -> None:
    look(browser, 1280, 1400, theme, site / "explore.html")
    choose(browser, "mode", mode)
    found = browser.execute_script(CONTRAST)
    assert len(found) > 20
    assert not [(text, ratio) for text, ratio in found if ratio < 4.5]


def test_a_harmonic_is_on_the_canvas(site: Path, browser: Any) -> None:
    look(browser, 1280, 1400, "light", site / "explore.html")
    colours = browser.execute_script(
        "const c = document.getElementById('ex-in').getContext('2d');"
        "const d = c.getImageData(0, 0, 440, 440).data; let blue = 0, orange = 0;"
        "for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200) {"
        "  if (d[i + 2] > d[i] + 60) blue++; if (d[i] > d[i + 2] + 60) orange++; }"
        "return [blue, orange];"
    )
    assert min(colours) > 5000


@pytest.mark.parametrize("page", ["index", "explore", "map", "statements/t4", "guides/conventions"])
def test_nothing_is_asked_outside(site: Path, browser: Any, page: str) -> None:
    look(browser, 1280, 1400, "light", site / f"{page}.html")
    asked = requests(browser)
    assert len(asked) > 5
    assert not [a for a in asked if not a.startswith(("file:", "data:"))]


def test_an_outside_request_would_be_seen(tmp_path: Path, browser: Any) -> None:
    page = tmp_path / "page.html"
    page.write_text('<img src="http://127.0.0.1:9/x.png">')
    look(browser, 800, 600, "light", page)
    assert [a for a in requests(browser) if not a.startswith("file:")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "page",
    [
        "index",
        "explore",
        "map",
        "guides/options",
        "statements/t1-exact",
        "measured/runs/aspirin-rmd17",
    ],
)
def test_pages_fit_and_follow_the_scheme(
    site: Path, browser: Any, tmp_path: Path, page: str, width: int, theme: str
) -> None:
    look(browser, width, 1400, theme, site / f"{page}.html")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]) / 3
    assert (brightness > 128) == (theme == "light")
    if folder := os.environ.get("SPAN_THEOREM_SCREENSHOTS"):
        name = f"{page.replace('/', '-')}-{width}-{theme}.png"
        browser.save_screenshot(str(Path(folder) / name))


@pytest.mark.parametrize("words", ["boundary", "verify", "coupling basis"])
def test_search_shows_the_reference_after_all_other_pages(
    browser: Any, site: Path, words: str
) -> None:
    wait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
    browser.get((site / "search.html").as_uri() + f"?q={words.replace(' ', '+')}")
    wait(browser, 30).until(
        lambda b: "found" in b.execute_script("return document.body.innerText").lower()
    )
    links = browser.execute_script(
        "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    )
    reference = ["/api/" in link for link in links]
    assert 3 <= reference.index(True) < len(links)
    assert reference == sorted(reference)
