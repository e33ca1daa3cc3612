"""What is wrong with a page for a person who looks at it, measured in light and dark, wide and narrow."""

from itertools import product
from typing import Any

from selenium.webdriver import Chrome

ENOUGH = 4.5
"""The least contrast of text with what is behind it (WCAG 2.2, success criterion 1.4.3)."""
NARROWEST = 320
"""Pixels in which a page has to fit without scrolling sideways (WCAG 2.2, success criterion 1.4.10)."""

_MEASURED = """
const channel = value => (value /= 255) <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4
const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b)
const numbers = colour => colour.match(/[\\d.]+/g).map(Number)
const contrast = (one, other) => {
  const [low, high] = [light(numbers(one)), light(numbers(other))].sort((a, b) => a - b)
  return (high + .05) / (low + .05)
}
const probe = document.body.appendChild(document.createElement('i'))
probe.style.background = 'Canvas'
const canvas = getComputedStyle(probe).backgroundColor
probe.remove()
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor
    if (numbers(colour)[3] !== 0) return colour
  }
  return canvas
}
const texts = [...document.querySelectorAll('body *')].filter(
  element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
return {
  canvas: light(numbers(canvas)),
  sideways: document.documentElement.scrollWidth - window.innerWidth,
  texts: texts.map(element => [element.textContent, contrast(getComputedStyle(element).color, behind(element))]),
}
"""


def flaws(browser: Chrome) -> list[str]:
    """One sentence for each flaw of the page that is open; none is what it should be."""
    found: list[str] = []
    for scheme, width in product(("light", "dark"), (NARROWEST, 1000)):
        seen = _measured(browser, scheme, width)
        where = f"in {scheme}, {width} wide"
        if (seen["canvas"] > 0.5) != (scheme == "light"):
            found.append(f"{where}: the page is not {scheme}")
        if seen["sideways"] > 0:
            found.append(f"{where}: {seen['sideways']} pixels too wide")
        assert seen["texts"]
        found += [f"{where}: {text!r} has contrast {ratio:.1f}" for text, ratio in seen["texts"] if ratio < ENOUGH]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return found


def _measured(browser: Chrome, scheme: str, width: int) -> dict[str, Any]:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    size = {"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    found: dict[str, Any] = browser.execute_script(_MEASURED)
    return found
