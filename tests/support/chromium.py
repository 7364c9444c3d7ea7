"""A real browser for end-to-end tests: Debian's Chromium without a screen, driven through chromedriver."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

MISSING_BROWSER = (
    "没有找到 chromium 和 chromedriver：浏览器测试没有运行。Debian/Ubuntu：apt install chromium chromium-driver"
)
# As root it has no sandbox; everything that would speak to the outside by itself is off.
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
    "--lang=zh-CN",
)  # fmt: skip
# Everything else (data:, the browser's own pages) leaves for nowhere.
NETWORK = {"http", "https", "ws", "wss", "ftp"}


@dataclass(frozen=True)
class Binaries:
    chromium: str
    driver: str


def find_browser() -> Binaries | None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return Binaries(chromium, driver) if chromium and driver else None


@contextmanager
def open_browser(binaries: Binaries, profile: Path, size: tuple[int, int] = (390, 844)) -> Iterator[Chrome]:
    """With a new, empty profile, as wide as a phone. What it asked for and complained of is kept (see below)."""
    options = ChromeOptions()
    options.binary_location = binaries.chromium
    for argument in (*QUIET, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options=options, service=Service(binaries.driver))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


def hosts_asked(driver: Chrome) -> set[str]:
    """`host:port` of every request since the last look, redirects and refused ones included."""
    hosts = set()
    for line in driver.get_log("performance"):
        event = json.loads(line["message"])["message"]
        if event["method"] in {"Network.requestWillBeSent", "Network.webSocketCreated"}:
            url = event["params"].get("request", event["params"])["url"]
            parts = urlsplit(url)
            if parts.scheme in NETWORK:
                hosts.add(parts.netloc)
    return hosts


def complaints(driver: Chrome) -> list[str]:
    """Console lines of warning or worse: broken scripts, missing files, violations of the content security policy."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in {"WARNING", "SEVERE"}]
