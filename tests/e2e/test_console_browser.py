"""The console in a real browser against a real process: in, home, out, and nothing asked of any other host."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import url_matches
from selenium.webdriver.support.wait import WebDriverWait

from demo import steps
from demo.client import Sandbox
from demo.stack import Stack
from tests.support.chromium import MISSING_BROWSER, complaints, find_browser, hosts_asked, open_browser

USERNAME, PASSWORD = "cai.leiting", "三区联创的一句长话 2026"
SECONDS = 30


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chrome]:
    binaries = find_browser()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING_BROWSER)
        pytest.skip(MISSING_BROWSER)
    with open_browser(binaries, tmp_path / "profile") as driver:
        yield driver


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "town") as running:
        yield running


def open_account(stack: Stack) -> pyotp.TOTP:
    """The administrator opens web sign-in from the mini-program; the code before the present one confirms it."""
    sandbox = Sandbox(stack.sandbox_url)
    try:
        admin = steps.login(stack, sandbox, "zhipin", "admin")
        steps.claim_first_admin(stack, admin)
        enrolment = admin.post("/me/console-account", username=USERNAME, password=PASSWORD)
        totp = pyotp.TOTP(enrolment["secret"])
        admin.post("/me/console-account/confirm", totp=totp.at(datetime.now(UTC), counter_offset=-1))
        admin.close()
    finally:
        sandbox.close()
    return totp


def type_into(driver: Chrome, name: str, text: str) -> None:
    field = driver.find_element(By.ID, name)
    field.clear()
    field.send_keys(text)


def press(driver: Chrome, name: str) -> None:
    driver.find_element(By.ID, name).click()


def arrive(driver: Chrome, pattern: str) -> str:
    """Wait for an address; the text of the page."""
    WebDriverWait(driver, SECONDS).until(url_matches(pattern))
    return str(driver.find_element(By.TAG_NAME, "body").text)


def test_in_home_out(stack: Stack, chromium: Chrome) -> None:
    totp, origin = open_account(stack), stack.api_url
    chromium.get(f"{origin}/console")
    assert "动态码" in arrive(chromium, r"/console/sign-in$")

    # Wrong once: said on the page, the name stays, the password does not.
    type_into(chromium, "username", USERNAME)
    type_into(chromium, "password", "别的一句很长的话 2026")
    type_into(chromium, "totp", "000000")
    press(chromium, "sign-in")
    WebDriverWait(chromium, SECONDS).until(lambda driver: driver.find_elements(By.ID, "error"))
    assert chromium.find_element(By.ID, "error").text == "用户名、密码或动态码不正确"
    assert chromium.find_element(By.ID, "username").get_attribute("value") == USERNAME
    assert chromium.find_element(By.ID, "password").get_attribute("value") == ""
    # The refusal's status is a line in the browser's console; nothing else may be.
    assert [line for line in complaints(chromium) if "status of 422" not in line] == []

    type_into(chromium, "password", PASSWORD)
    type_into(chromium, "totp", totp.now())
    press(chromium, "sign-in")
    home = arrive(chromium, r"/console/$")
    for expected in (steps.ADMIN, "系统管理员（全镇）", "我的待办", "补全", "本次登录", "宝盖职聘"):
        assert expected in home
    # No script sees a cookie, and a phone's width is enough.
    assert chromium.execute_script("return document.cookie") == ""
    assert chromium.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")

    # The menu of a phone opens, so the vendored script runs under the policy.
    chromium.find_element(By.CLASS_NAME, "navbar-toggler").click()
    WebDriverWait(chromium, SECONDS).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "#sidebar-menu.show"))
    press(chromium, "sign-out")
    assert "您已退出登录" in arrive(chromium, r"/console/sign-in$")

    chromium.back()
    assert steps.ADMIN not in arrive(chromium, r"/console/sign-in")
    chromium.get(f"{origin}/console/")
    assert steps.ADMIN not in arrive(chromium, r"/console/sign-in$")

    assert hosts_asked(chromium) == {origin.removeprefix("http://")}
    assert complaints(chromium) == []
