"""Pages of docs/: what a reader is told to write is written, what he is told to run is run, in the order of the page.

A fence after ``<!-- file: NAME -->`` is a file; a fence of ``sh`` is run by bash, stopping at the first failure.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"(?:<!-- file: (?P<file>[\w./-]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)```\n", re.DOTALL)
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if "```sh\n" in path.read_text(encoding="utf-8"))


def steps(page: Path) -> list[tuple[str | None, str]]:
    """(file, its text) or (None, commands), as they stand."""
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [(m["file"], m["text"]) for m in found if m["file"] or m["kind"] == "sh"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, text in steps(page):
        if name is not None:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
            continue
        command = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_a_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
