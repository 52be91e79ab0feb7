"""misra: where the C of a build departs from MISRA C:2012, by cppcheck's addon, beside the project's list of reasons.

The C that is looked at is the portable text, without the extensions of a compiler: assembly and intrinsics of a core
lie in functions of their own in ``simd/`` and are left out, as a checker of C cannot read them.
"""

import fnmatch
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnncc import share
from lnncc.errors import LnnccError
from lnncc.target import Target
from lnncc.validate import host

LIST = "misra.toml"
FORM = "{file}|{line}|{id}"
LINE = re.compile(r"(?P<file>[^|]+)\|(?P<line>\d+)\|misra-c2012-(?P<rule>\d+\.\d+)")
PLAIN = "LNN_PLAIN"  # one definition, so that cppcheck looks at one configuration: a compiler without extensions
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Deviation:
    """What departs from ``rules`` in files like ``files``, NAME being the model's, and why that is right."""

    rules: tuple[str, ...]
    files: tuple[str, ...]
    what: str
    why: str

    def covers(self, violation: "Violation", name: str) -> bool:
        patterns = (pattern.replace("NAME", name) for pattern in self.files)
        return violation.rule in self.rules and any(fnmatch.fnmatchcase(violation.file, p) for p in patterns)


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A place that a rule, by its number, does not like."""

    rule: str
    file: str
    line: int


def listed() -> tuple[Deviation, ...]:
    """The project's deviations, in the order of the list."""
    text = (share.folder("runtime") / LIST).read_text(encoding="utf-8")
    return tuple(
        Deviation(tuple(entry["rules"]), tuple(entry["files"]), entry["what"], entry["why"])
        for entry in tomllib.loads(text)["deviation"]
    )


def violations(sources: Mapping[str, str], target: Target) -> tuple[Violation, ...]:
    """What cppcheck finds in the C files of ``sources`` (text by name) and their headers, each place once.

    Raises:
        LnnccError: E0710 without cppcheck or its addon, E0711 if it fails.
    """
    command = shutil.which("cppcheck")
    if command is None:
        raise _missing("cppcheck is not in PATH")
    files = sorted(name for name in sources if name.endswith(".c"))
    with tempfile.TemporaryDirectory(prefix="lnncc-misra-") as place:
        host.write(Path(place), sources.items())
        options = ("--addon=misra", "--std=c99", f"--platform={_platform(target)}", "--enable=style", "--quiet")
        said = _ran((command, *options, f"-D{PLAIN}=1", "-I.", f"--template={FORM}", *files), Path(place))
    found = {Violation(m["rule"], m["file"], int(m["line"])) for m in map(LINE.fullmatch, said.splitlines()) if m}
    return tuple(sorted(found, key=lambda v: (tuple(map(int, v.rule.split("."))), v.file, v.line)))


def reasons(
    found: Sequence[Violation], deviations: Sequence[Deviation], name: str
) -> tuple[Mapping[Deviation, tuple[Violation, ...]], tuple[Violation, ...]]:
    """The places of each deviation that has some, and those that none covers."""
    covered: dict[Deviation, list[Violation]] = {}
    left: list[Violation] = []
    for violation in found:
        reason = next((d for d in deviations if d.covers(violation, name)), None)
        if reason is None:
            left.append(violation)
        else:
            covered.setdefault(reason, []).append(violation)
    return {d: tuple(covered[d]) for d in deviations if d in covered}, tuple(left)


def _platform(target: Target) -> str:
    """cppcheck's name for the widths of int, long and pointers."""
    return {"avr": "avr8", "host": "unix64", "aarch64": "unix64"}.get(target.kind, "unix32")


def _ran(command: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(f"it did not end in {SECONDS:g} s") from error
    said = done.stdout + done.stderr
    if "not find addon" in said or "misra.py: No such file" in said:
        raise _missing("this cppcheck comes without its addon misra.py")
    if done.returncode != 0 or "|internalError" in said or "|syntaxError" in said:
        raise _failed(*said.splitlines()[:5])
    return said


def _failed(*notes: str) -> LnnccError:
    helps = ("try another version of cppcheck: 2.10 is the one that is tested",)
    return LnnccError("E0711", "cppcheck failed", notes=notes, helps=helps)


def _missing(why: str) -> LnnccError:
    return LnnccError(
        "E0710",
        "MISRA C is checked by cppcheck and its addon misra.py, and they are not here",
        notes=(why,),
        helps=("install it: apt install cppcheck",),
    )
