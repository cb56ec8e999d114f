"""The site in a real browser: a click changes the picture, and nothing is asked outside."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docs

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


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    if BROWSER is None or DRIVER is None:
        pytest.skip("no chromium with chromedriver on this machine")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,1400"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.get("about:blank")
    requests(driver)  # what the browser's own first page asked for does not count
    yield driver
    driver.quit()


def look(browser: Any, width: int, height: int, theme: str, page: Path) -> None:
    """Open a page at a width, in the light or dark scheme."""
    scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())


def bars(browser: Any) -> dict[int, bool]:
    """For each degree drawn whether its bar is in the span."""
    groups = browser.find_elements("css selector", "#ex-chart g[data-degree]")
    found = {}
    for group in groups:
        kind = group.find_element("css selector", ".bar").get_attribute("class")
        found[int(group.get_attribute("data-degree"))] = "not" not in kind.split()
    return found


def heights(browser: Any) -> dict[int, int]:
    """The multiplicities said by the labels of the bars in the span."""
    groups = browser.find_elements("css selector", "#ex-chart g[data-degree]")
    labels = {int(g.get_attribute("data-degree")): g.get_attribute("aria-label") for g in groups}
    return {degree: int(text.rsplit(" ", 1)[1]) for degree, text in labels.items()}


def picture(browser: Any, canvas: str) -> str:
    return str(browser.execute_script(f"return document.getElementById('{canvas}').toDataURL()"))


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
    "page", ["index", "explore", "map", "statements/t1-exact", "measured/runs/aspirin-rmd17"]
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
