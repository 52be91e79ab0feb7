"""The report in a browser: it is drawn, nothing leaves the page to the right, and its picture can be looked at."""

import json
import re
import shutil
import struct
import subprocess
from pathlib import Path

import models
import pytest

import lnncc
from lnncc.archive import Model
from lnncc.report import measured, page

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PNG = b"\x89PNG\r\n\x1a\n"
SECONDS = 300
PROBE = """<script>
const wide = [...document.querySelectorAll("body, body *:not(svg *)")]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((e) => e.tagName + "." + e.getAttribute("class"));
const fetched = performance.getEntriesByType("resource").length;
document.documentElement.dataset.found = JSON.stringify([wide, document.fonts.size, fetched]);
</script>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium")


@pytest.fixture(scope="module")
def text() -> str:
    program = lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="gyro")
    return page.html(measured.measure(program.build, {"x": models.recording(steps=60)}))


def browse(folder: Path, text: str, *flags: str) -> str:
    (folder / "report.html").write_text(text, encoding="utf-8")
    home = f"--user-data-dir={folder / 'profile'}"
    words = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        home,
        *flags,
        f"file://{folder / 'report.html'}",
    ]
    return subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


@pytest.mark.parametrize("width", [1280, 400])
def test_its_picture(width: int, text: str, tmp_path: Path) -> None:
    browse(
        tmp_path, text, "--hide-scrollbars", f"--window-size={width},2400", f"--screenshot={tmp_path / 'report.png'}"
    )
    data = (tmp_path / "report.png").read_bytes()
    assert data.startswith(PNG) and len(data) > 50_000, "an empty page compresses to less"
    assert struct.unpack(">II", data[16:24])[1] == 2400


def test_nothing_is_wider_than_the_screen_or_fetched(text: str, tmp_path: Path) -> None:
    """On a telephone too, for which an inner frame is as narrow as no window of Chromium's can be."""
    for width in (1280, 360):
        frame = f'<iframe id="f" width="{width}" height="4000"></iframe>'
        inner = json.dumps(text + PROBE).replace("</", "<\\/")
        script = f"""<script>f.srcdoc = {inner};
            f.onload = () => {{ document.title = f.contentDocument.documentElement.dataset.found; }};</script>"""
        shown = browse(tmp_path, frame + script, "--virtual-time-budget=20000", "--dump-dom")
        [found] = re.findall(r"<title>(.*?)</title>", shown)
        assert json.loads(found.replace("&amp;", "&")) == [[], 0, 0], f"at {width} pixels"
