"""Pages of docs/: what a reader is told to write is written, what he is told to run is run, in the order of the page.

A fence after ``<!-- file: NAME -->`` is a file; one of ``sh`` is run by bash and stops at the first failure; and
``<!-- given: PATH as NAME -->`` before it stands for a file that the reader has, here one of the tests' own. After
``<!-- needs: TOOL ... -->`` it is for those who have the tools; where one is not here, the rest of the page is run, and
the test is then called skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE, GIVEN = r"<!-- file: (?P<file>[\w./-]+) -->\n", r"<!-- given: (?P<path>\S+) as (?P<given>\S+) -->\n"
NEEDS = r"<!-- needs: (?P<needs>[\w+ ]+) -->\n"
FENCE = re.compile(rf"(?:{FILE}|{GIVEN}|{NEEDS})?```(?P<kind>\w*)\n(?P<text>.*?)```\n", re.DOTALL)
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if "```sh\n" in path.read_text(encoding="utf-8"))


def blocks(page: Path) -> list[re.Match[str]]:
    """Files and commands, as they stand."""
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [m for m in found if m["file"] or m["kind"] == "sh"]


@pytest.mark.docs
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    missing = set[str]()
    for block in blocks(page):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"], encoding="utf-8")
            continue
        if block["given"]:
            shutil.copy(ROOT / block["path"], tmp_path / block["given"])
        lacks = {tool for tool in (block["needs"] or "").split() if shutil.which(tool, path=path) is None}
        missing |= lacks
        if lacks:
            continue
        command = ["bash", "-euo", "pipefail", "-c", block["text"]]
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, f"{block['text']}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    if missing:
        pytest.skip(f"all but what needs {', '.join(sorted(missing))}")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_a_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
