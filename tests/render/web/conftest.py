"""What the tests of replay pages share: headless Chromium, driven through its debugging pipe."""

import base64
import io
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FLAGS = (
    "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage", "--no-first-run",
    "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 120.0


class Browser:
    """One tab of headless Chromium. Speaks the DevTools protocol over two pipes: JSON, each message ended by a zero byte."""

    def __init__(self, command: str, home: Path) -> None:
        theirs, self._write = os.pipe()
        self._read, theirs_too = os.pipe()
        shell = ["bash", "-c", f'exec "$@" 3<&{theirs} 4>&{theirs_too}', "bash", command, *FLAGS, f"--user-data-dir={home}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(shell, pass_fds=(theirs, theirs_too), **quiet)  # type: ignore[call-overload]
        os.close(theirs)
        os.close(theirs_too)
        self._received, self._number, self._session = b"", 0, ""
        self.complaints: list[str] = []
        tabs = [info for info in self.call("Target.getTargets")["targetInfos"] if info["type"] == "page"]
        self._session = self.call("Target.attachToTarget", targetId=tabs[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command of the protocol; what the console says meanwhile is kept in ``complaints``."""
        self._number += 1
        told = {"id": self._number, "method": method, "params": params} | ({"sessionId": self._session} if self._session else {})
        os.write(self._write, json.dumps(told).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            if answer.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(answer["params"]))
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE_S
        while b"\0" not in self._received:
            assert select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0], "the browser does not answer"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has ended"
            self._received += piece
        first, self._received = self._received.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        return message

    def js(self, expression: str) -> Any:
        """The value of an expression in the page, awaited."""
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression holds in the page; fails when it does not within two minutes."""
        self.until_true(lambda: bool(self.js(f"Boolean({expression})")), expression)

    def until_true(self, holds: Callable[[], bool], what: str = "something") -> None:
        """Wait until something holds; fails when it does not within two minutes."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.05)

    def drawn(self) -> None:
        """Wait until what has changed is drawn."""
        self.until("player.figures && !player.pending")

    def look(self, width: int = 900, height: int = 560, **features: str) -> None:
        """Give the page a size and media features, such as prefers_color_scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=listed)

    def open(self, path: Path, link: str = "", before: str = "") -> None:
        """Show a page that has or gets a player or an alert; ``before`` runs first."""
        self.call("Page.navigate", url="about:blank")
        script = self.call("Page.addScriptToEvaluateOnNewDocument", source=before)["identifier"]
        self.call("Page.navigate", url=f"{path.as_uri()}{link}")
        self.until("window.player || document.querySelector('[role=alert]')")
        self.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    def key(self, key: str, shift: bool = False) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=8 if shift else 0)

    def mouse(self, *moves: tuple[str, float, float]) -> None:
        """mousePressed, mouseMoved, mouseReleased at places (px)."""
        for kind, x, y in moves:
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=0 if kind == "mouseReleased" else 1, clickCount=1
            )

    def picture(self) -> np.ndarray:
        """What the page looks like, uint8 [h, w, 3]."""
        return self.decoded(self.call("Page.captureScreenshot", format="png")["data"])

    def decoded(self, png: str) -> np.ndarray:
        """A PNG in base64, or as a data URL, as uint8 [h, w, 3]."""
        image = pytest.importorskip("PIL.Image")
        return np.asarray(image.open(io.BytesIO(base64.b64decode(png.partition(",")[2] or png))).convert("RGB"))

    def close(self) -> None:
        """End the browser."""
        os.write(self._write, b'{"id": 0, "method": "Browser.close"}\0')
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for pipe in (self._read, self._write):
            os.close(pipe)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests here; skips, saying why, where there is none."""
    command = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if command is None:
        pytest.skip("no page can be looked at: chromium is not installed")
    browser = Browser(command, tmp_path_factory.mktemp("home"))
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser with a page of ordinary size; whatever it complains about fails the test."""
    chromium.complaints.clear()
    chromium.look(prefers_color_scheme="light")
    yield chromium
    chromium.js("window.player?.destroy()")
    assert chromium.complaints == []
