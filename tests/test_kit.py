"""The kit: it passes with sound compilers, holds all that the emitter may write, and names what a bad one breaks."""

import functools
import json
import re
import shutil
import subprocess
import sys
import typing
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from toy_model import compiler, need_target, seldom

from lnncc import cli, fx, kit, share, target
from lnncc.cli import selftest
from lnncc.errors import LnnccError
from lnncc.kit import Part, graphs, words
from lnncc.ops import NAMES
from lnncc.plan import layouts, prototypes
from lnncc.plan.calls import STREAMS
from lnncc.plan.program import Call, Loop, Statement
from lnncc.plan.prototypes import Prototype
from lnncc.target import HOST, Target
from lnncc.validate import kit as runs
from lnncc.validate import toolchain

RUNTIME = share.folder("runtime")
CORES = ("cortex-m0plus", "cortex-m4", "avr-atmega328p", "rv32imac")
DESK = ("scalar", "narrow", "thumb1", "dsp", "mve", "rvv")  # whose words are plain C elsewhere
BUILDS = (("gcc", ("-O3", "-funsigned-char")), ("clang", ("-O2",)), ("zig", ("-O1", "-DLNN_CHECK")))
_PARTS: dict[Target, tuple[Part, ...]] = {}


def parts(chosen: Target) -> tuple[Part, ...]:
    if chosen not in _PARTS:
        _PARTS[chosen] = kit.parts(chosen)
    return _PARTS[chosen]


def desk(isa: str) -> Target:
    """This machine with the words of another, in plain C."""
    below = {"mve": ("dsp", "thumb"), "dsp": ("thumb",), "thumb1": ("thumb",)}.get(isa, ())
    return replace(target.load(HOST), isa=tuple(dict.fromkeys((isa, *below, "scalar"))))


def host_compiler(kind: str) -> toolchain.Compiler:
    try:
        return toolchain.find(target.load(HOST), kind)
    except LnnccError as error:
        pytest.skip(error.title)


def failed(done: runs.Run) -> list[str]:
    return [result.name for result in done.results if not result.passed]


@pytest.mark.parametrize("build", seldom(BUILDS, BUILDS[0]), ids=lambda build: build[0])
def test_it_passes_on_this_machine(build: tuple[str, tuple[str, ...]]) -> None:
    kind, flags = build
    chosen = target.load(HOST)
    done = runs.run(chosen, parts(chosen), compiler=host_compiler(kind), flags=flags)
    assert not failed(done) and len(done.results) > 40


@pytest.mark.parametrize("isa", seldom(DESK))
def test_other_machines_words_in_plain_c(isa: str) -> None:
    """With undefined behaviour an error."""
    chosen = desk(isa)
    flags = ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-DLNN_CHECK")
    assert not failed(runs.run(chosen, parts(chosen), compiler=host_compiler("gcc"), flags=flags))


@pytest.mark.parametrize("core", seldom(CORES))
def test_it_passes_on_an_emulated_core(core: str) -> None:
    need_target(core)
    chosen = target.load(core)
    done = runs.run(chosen, parts(chosen))
    assert not failed(done) and done.emulator is not None
    assert chosen.board is not None and all(
        image.flash <= chosen.board.flash.size for image in done.images if image.flash
    )
    assert [name for image in done.images for name in image.parts] == [part.name for part in parts(chosen)]


@pytest.mark.matrix
@pytest.mark.parametrize("core", [name for name in target.names() if name not in (*CORES, HOST)])
def test_it_passes_on_every_core(core: str) -> None:
    need_target(core)
    assert not failed(runs.run(target.load(core), parts(target.load(core))))


@pytest.mark.parametrize("core", [entry for entry in CORES if entry != "avr-atmega328p"])
def test_it_passes_with_gcc(core: str) -> None:
    need_target(core)
    chosen = target.load(core)
    chosen_parts = tuple(p for p in parts(chosen) if p.name in ("words", "literals", "affine8", "synapses", "clocks"))
    assert not failed(runs.run(chosen, chosen_parts, compiler=compiler(core, "gcc")))


# What it holds.


def called(statements: tuple[Statement, ...]) -> set[str]:
    names: set[str] = set()
    for statement in statements:
        names |= {statement.function} if isinstance(statement, Call) else set()
        names |= called(statement.body) if isinstance(statement, Loop) else set()
    return names


def calls(chosen: Target) -> set[str]:
    plans = [part.plan for part in parts(chosen) if part.plan is not None]
    streams = [made.batch.statements for made in plans if made.batch is not None]
    return {name for made in (*(p.statements for p in plans), *streams) for name in called(made)}


def always(own: Prototype) -> bool:
    """Whether a machine's kernel takes all constants, so that no other is called."""
    return own.layout is None or typing.get_type_hints(layouts.LAYOUTS[own.layout])["return"] is layouts.Packed


def idle(chosen: Target) -> set[str]:
    """Kernels for which the target has no use: constants that an ordinary load reaches are not fetched, but for those
    put out; the vectors of RISC-V leave synapses to the portable text with 32,768 sources only; and those of the
    Cortex-M55 leave to its DSP words only tables that reach beyond 32 bits, which no table of 16 bits does."""
    never = {"rvv": {"ln_synapses"}, "mve": {"ln_synapses_dsp_first", "ln_synapses_dsp", "ln_table_s16_dsp"}}
    return set().union(*(never.get(isa, ()) for isa in chosen.isa), () if chosen.split else {"ln_fetch"})


def reachable(chosen: Target) -> Iterator[str]:
    """Every kernel that a plan for the target may call."""
    for op in sorted(NAMES | {"copy"}):
        for portable in prototypes.kernels(op).values():
            function = portable.name.removeprefix("ln_")
            if not function.startswith(op) or function == "divided":
                continue  # a helper
            own = list(prototypes.variants(op, function, chosen.isa))
            last = next((i for i, each in enumerate(own) if always(each)), len(own))
            yield from (each.name for each in own[: last + 1] if each.name not in idle(chosen))
            if last == len(own) and portable.name not in idle(chosen):
                yield portable.name
            if not chosen.split:
                yield from (each.name for each in prototypes.variants(op, function, (STREAMS,)))


@pytest.mark.parametrize("name", target.names())
def test_every_kernel_of_a_target_is_called(name: str) -> None:
    chosen = target.load(name)
    expected = set(reachable(chosen))
    assert len(expected) > 30
    assert expected <= calls(chosen), f"the kit lacks {sorted(expected - calls(chosen))}: see lnncc/kit/graphs.py"


def test_every_op_is_there() -> None:
    made = [graph() for graph in (*graphs.GRAPHS.values(), graphs.gated, graphs.streamed)]
    used = {node.op for graph in made for node in graph.walk()}
    assert used >= NAMES - {"fetch"}, "only the planner writes fetch"


FUNCTION = re.compile(
    r"^LN_(?:FN|INLINE|SHARED|KERNEL) [\w ]+?\**(ln_\w+)\([^{;]*?\)\n\{(.*?)^\}", re.MULTILINE | re.DOTALL
)


def functions(text: str) -> dict[str, str]:
    """Bodies by name, those of all alternatives together."""
    found: dict[str, str] = {}
    for match in FUNCTION.finditer(text):
        found[match[1]] = found.get(match[1], "") + match[2]
    return found


def test_every_function_of_the_runtime_is_reached() -> None:
    """It is a kernel, of which the test above knows, or a word that is tested alone, or called by another text."""
    alone = {match for word in words.words() for match in re.findall(r"ln_\w+", word.call)}
    choosing = {"ln_read", "ln_element"}  # one word or load of two, as the kernel says
    assert alone | choosing | {"ln_checked"} >= set(functions((RUNTIME / "lnn_fx.h").read_text()))
    text = "\n".join(path.read_text() for path in sorted(RUNTIME.rglob("*.h")))
    text += "\n".join(path.read_text() for path in share.folder("templates").glob("*.j2"))
    defined = functions(text)
    kernels = {name for op in NAMES | {"copy"} for path in RUNTIME.glob(f"kernels/{op}*.h")
               for name in prototypes.kernels(path.name.removesuffix(".h"))}  # fmt: skip
    uses = Counter(re.findall(r"ln_\w+(?=\()", text))
    definitions = Counter(match for match in re.findall(r"^LN_\w+ [\w ]+?\**(ln_\w+)\(", text, re.MULTILINE))
    asked_for = {"ln_tap16", "ln_tap32"}  # in a build with --tap: tests/test_taps.py
    idle_words = {name for name in defined if uses[name] <= definitions[name]} - kernels - alone - asked_for
    assert len(defined) > 150 and not idle_words, f"nothing calls {sorted(idle_words)}"


def test_every_word_has_combinations_at_both_ends() -> None:
    for word in words.words():
        assert len(word.results) >= 5 and len(word.results) == int(word.valid.sum())
        assert word.table is not None or int(word.axes[0].min()) <= 0 <= int(word.axes[0].max()) or word.name == "div"
    names = {word.name for word in words.words()}
    assert names - {"lower", "upper"} - {name for name in names if name.startswith("ld")} <= set(dir(fx))


# What it finds.


def part_of(name: str) -> Part:
    return next(part for part in parts(target.load(HOST)) if part.name == name)


@functools.cache
def only(name: str) -> Mapping[str, str]:
    """The kit of one part for this machine."""
    return kit.files(target.load(HOST), [part_of(name)])


def of_words(file: str, old: str, new: str) -> list[str]:
    """The checks of words that fail with one change in the runtime."""
    text = only("words")[f"lnn/{file}"]
    assert old in text, f"{file} has no {old!r} any more: mend the mutant"
    texts = {**only("words"), f"lnn/{file}": text.replace(old, new)}
    return failed(runs.run(target.load(HOST), [part_of("words")], texts=texts, flags=("-O0", "-w")))


# A change of a word, as a bad compiler or a bad edit would make it, and the checks that must fail, at the least.
WORDS = (
    ("return a + b;", "return a + b + (a == b);", "add"),
    ("return a + b;", "return a + b + (a == 2147483646);", "add"),
    ("return a - b;", "return b - a;", "sub"),
    ("return a - b;", "return a - b - (b == (-2147483647 - 1));", "sub"),
    ("return a * b;", "return (int32_t)((uint32_t)a * (uint32_t)b) + (a == -1);", "mul"),
    ("return a * b;", "return (int16_t)a * b;", "mul"),
    ("return x < 0 ? ln_sub(0, x) : x;", "return x <= -1 ? ln_sub(-1, x) : x;", "abs"),
    ("return ln_add(acc, ln_mul(a, b));", "return ln_add(acc, ln_mul(a, (int16_t)b));", "mac"),
    ("((int32_t)1 << shift) >> 1) >> shift;", "((int32_t)1 << shift) >> 1) / ((int32_t)1 << shift);", "rshift"),
    ("((int32_t)1 << shift) >> 1) >> shift;", "(((int32_t)1 << shift) - 1) >> 1) >> shift;", "rshift"),
    ("return ln_add(x, ((int32_t)1 << shift) >> 1) >> shift;",
     "return (int32_t)((uint32_t)ln_add(x, ((int32_t)1 << shift) >> 1) >> shift);", "rshift"),
    ("if (x < (int32_t)1 << (31 - step)) {", "if (x <= (int32_t)1 << (31 - step)) {", "norm"),
    ("int32_t step = 16;", "int32_t step = 8;", "norm"),
    ("((left >> 14) + 1) >> 1", "(left >> 15)", "mantissa"),
    ("return rounded > 65535 ? 65535 : rounded;", "return rounded;", "mantissa"),
    ("* (uint32_t)m + 32768u) >> 16", "* (uint32_t)m + 32767u) >> 16", "scale16"),
    ("(int32_t)((uint32_t)(x >> 16) * (uint32_t)m + lower);", "x / 65536 * m + (int32_t)lower;", "scale16"),
    ("const int32_t least = x < low ? low : x;", "const int32_t least = x < low ? low + 1 : x;", "clip"),
    ("return least > high ? high : least;", "return least >= high ? high - 1 : least;", "clip"),
    ("return left < 0 ? ln_rshift(x, -left)", "return left < 0 ? x >> -left", "shift_by"),
    ("return left < 0 ? ln_rshift(x, -left) : (int32_t)((uint32_t)x << left);",
     "return left < 0 ? ln_rshift(x, -left) : (int32_t)((uint32_t)x << (left & 15));", "shift_by"),
    ("if (x > most) {\n        return limit;", "if (x >= most) {\n        return limit;", "sat_shift"),
    ("if (x < -most) {\n        return -limit;", "if (x < -most) {\n        return -limit - !!limit;", "sat_shift"),
    ("ln_clip(x, INT16_MIN, INT16_MAX);", "ln_clip(x, -INT16_MAX, INT16_MAX);", "sat16"),
    ("return (int16_t)ln_clip(x, INT16_MIN, INT16_MAX);", "return (int16_t)x;", "sat16"),
    ("    return (int16_t)x;\n}\n\n/* The lower", "    return (int16_t)(x & 32767);\n}\n\n/* The lower", "narrow"),
    ("return (int16_t)(uint16_t)((uint32_t)pair & 65535u);", "return (int16_t)(pair & 32767);", "lower"),
    ("return (int16_t)(pair >> 16);", "return (int16_t)(pair / 65536);", "upper"),
    ("return (int16_t)(int32_t)(top / (uint32_t)d - 32768u);", "return (int16_t)(n / d);", "div"),
    ("(uint32_t)n + ((uint32_t)d >> 1) +", "(uint32_t)n + (((uint32_t)d - 1) >> 1) +", "div"),
    ("ln_mul(ln_lower(node), fraction) >> bits)", "ln_mul(ln_lower(node), fraction) / (1 << bits))", "lookup"),
    ("shift < LN_FRACTION_BITS ? shift : LN_FRACTION_BITS", "shift < 14 ? shift : 14", "lookup"),
    ("const int32_t inside = ln_clip(x, low, top);", "const int32_t inside = ln_clip(x, low, top - 1);", "lookup"),
    ("(ln_clip(x, low, top) >> shift));", "(ln_clip(x, low, top) / (1 << shift)));", "direct"),
    ("((int32_t)1 << (14 - shift));", "0;", "interpolate"),
    ("ln_mac(ln_mul(ln_ld16(left), 32768 - part), ln_ld16(left + 1), part), 16)",
     "ln_mac(ln_mul(ln_ld16(left), 32767 - part), ln_ld16(left + 1), part), 16)", "interpolate"),
)  # fmt: skip
LOADS = ("ld16", "ld8", "ldu8", "ldu16", "ld32")


@pytest.mark.parametrize(("old", "new", "word"), WORDS, ids=[f"{i} {word[2]}" for i, word in enumerate(WORDS)])
def test_a_changed_word_is_named(old: str, new: str, word: str) -> None:
    """By the check of that word, and not by those of words that do not use it."""
    found = of_words("lnn_fx.h", old, new)
    assert f"words {word}" in found and {"words ld8", "words ldu16"}.isdisjoint(found)


@pytest.mark.parametrize("word", LOADS)
def test_a_changed_load_is_named(word: str) -> None:
    scalar = (RUNTIME / "simd" / "scalar.h").read_text()
    [whole] = re.findall(rf"LN_FN \w+ ln_{word}\([^)]*\)\n\{{\n    return \*p;", scalar)
    changed = whole.replace("return *p;", "return (*p & 1) != 0 ? *p ^ 2 : *p;")
    assert f"words {word}" in of_words("simd/scalar.h", whole, changed)


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """(where, text with one change): of each function in turn its first operator of each kind, and its first number."""
    for match in FUNCTION.finditer(text):
        body, coarse = match[2], 1024 if match[1] in ROUNDED_BEHIND else 1
        for old, by, new in SWAPS:
            at, where = body.find(old), f"{match[1]}: {old.strip()}"
            if at >= 0 and where not in THE_SAME:
                begin = match.start(2) + at
                changed = f"{by * coarse} + {new}" if by else new
                yield where, text[:begin] + changed + text[begin + len(old) :]


# What is looked for, and what takes its place: a number more, or something else.
SWAPS = (
    ("ln_add(", 0, "ln_sub("),
    ("ln_mac(", 65536, "ln_mac("),
    ("numerator = ln_mac(", 0, "numerator = 1 + ln_mac("),
    ("numerator = ln_mac(", 0, "numerator = ln_mac(-1 + "),
    ("ln_rshift(", 1, "ln_rshift("),
    (" != wide", 0, " == wide"),
    ("ln_narrow(", 0, "(int16_t)~ln_narrow("),
    ("ln_sat16(", 0, "(int16_t)~ln_sat16("),
    ("ln_div(", 0, "(int16_t)~ln_div("),
    (" > best", 0, " >= best"),
    ("ln_clip(", 1, "ln_clip("),
    ("i++", 0, "i += 2"),
    ("= x[", 0, "= ~x["),
)
# What leaves these has bits that the next op rounds off, or does not tell apart from the next.
ROUNDED_BEHIND = {"ln_any_decay", "ln_diagonal"}
# Of equals either is the largest; a dt is a single number.
THE_SAME = {"ln_any_softmax: > best", "ln_door_s32: i++"}


def kernel_mutants() -> list[tuple[str, str, str]]:
    files = sorted(path for path in (RUNTIME / "kernels").glob("*.h") if path.stem in NAMES | {"copy"})
    return [(path.stem, where, text) for path in files for where, text in mutants(path.read_text())]


KERNELS = kernel_mutants()


def unnoticed(op: str, changed: Sequence[tuple[str, str]]) -> list[str]:
    """Those of the mutants (where, text) of a kernel file with which no check of the smallest users fails."""
    chosen = replace(target.load(HOST), split=True) if op == "fetch" else target.load(HOST)
    return [where for where, text in changed if not noticed(chosen, op, where.partition(":")[0], text)]


def noticed(chosen: Target, op: str, function: str, text: str) -> bool:
    """A helper is called by some kernel of the file; what calls a kernel itself is known."""
    having = [part for part in parts(chosen) if part.plan is not None and op in part.plan.kernels]
    plans = {part: called(part.plan.statements) for part in having if part.plan is not None}
    direct = [part for part, names in plans.items() if function in names]
    users = sorted(direct or plans, key=lambda part: part.table_bytes)[:3]
    return any(fails(chosen, user, f"lnn/kernels/{op}.h", text) for user in users)


def fails(chosen: Target, part: Part, file: str, text: str) -> bool:
    """Whether a check of ``part`` alone fails with another ``text`` of a ``file`` of the kit."""
    texts = {**kit.files(chosen, [part]), file: text}
    return bool(failed(runs.run(chosen, [part], texts=texts, flags=("-O0", "-w"))))


OPS_OF_KERNELS = sorted({file for file, _, _ in KERNELS})


@pytest.mark.parametrize("op", OPS_OF_KERNELS)
def test_every_changed_kernel_is_noticed(op: str) -> None:
    changed = [(where, text) for file, where, text in KERNELS if file == op]
    assert changed and not unnoticed(op, changed)


# A compiler that is wrong: the target's gcc, but with one instruction for another in what it writes of the kit's parts.
BROKEN = [
    (HOST, "sarl", "shrl"),
    (HOST, "movswl", "movzwl"),
    ("cortex-m4", "asrs?", "lsr"),
    ("cortex-m4", "ldrsh", "ldrh"),
    ("cortex-m0plus", "asrs", "lsrs"),
    ("rv32imac", "srai", "srli"),
    ("rv32imac", "divu", "div"),
    ("avr-atmega328p", "asr", "lsr"),
    ("avr-atmega328p", "brlt", "brge"),
]
WRAPPER = """#!{python}
import re, subprocess, sys
words = sys.argv[1:]
flags = [w for w in words if w.startswith("-") and w not in ("-c", "-o")]
for i, word in enumerate(words):
    if word.endswith(".c") and "/parts/" in word:
        made = word[:-2] + ".s"
        subprocess.run([{real!r}, *flags, "-S", word, "-o", made], check=True)
        text = open(made).read()
        open(made, "w").write(re.sub({old!r}, {new!r}, text))
        words[i] = made
sys.exit(subprocess.run([{real!r}, *words]).returncode)
"""


@pytest.mark.parametrize("case", seldom(BROKEN, BROKEN[0]), ids="-".join)
def test_a_compiler_that_is_wrong_is_found(case: tuple[str, str, str], tmp_path: Path) -> None:
    """And named by a check of words, or of the kernels that are assembly or nothing but that instruction."""
    name, old, new = case
    need_target(name)
    chosen = target.load(name)
    real, path = compiler(name, "gcc"), tmp_path / "broken-gcc"
    pattern = rf"(?m)^(\s+){old}(?=[\s.])"
    path.write_text(WRAPPER.format(python=sys.executable, real=real.argv[0], old=pattern, new=rf"\g<1>{new}"))
    path.chmod(0o755)
    few = tuple(p for p in parts(chosen) if p.name in ("words", "affine16", "synapses", "table"))
    try:
        done = runs.run(chosen, few, compiler=replace(real, argv=(str(path),)))
    except LnnccError as error:  # it crashes, or never ends
        assert error.code in ("E0801", "E0803")
    else:
        assert failed(done), f"{new} for {old} makes no difference"


def test_a_part_that_never_ends_is_told_apart() -> None:
    results = runs._read(
        "words add 0ED88D86 passed\nwords sub 00000001 FAILED, must be 7E59B387\n", parts(target.load(HOST))
    )
    by_name = {result.name: result for result in results}
    assert by_name["words add"].passed and by_name["words sub"].hash == 1 and by_name["table"].hash is None


# The verb.


def test_the_verb_writes_and_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words_of = [
        "selftest",
        "--target",
        "host",
        "-o",
        str(tmp_path / "kit"),
        "--parts",
        "words,edges",
        "--run",
        "--json",
    ]
    assert cli.main(words_of) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"]["passed"] and [part["name"] for part in told["parts"]] == ["words", "edges"]
    assert all((tmp_path / "kit" / name).is_file() for name in told["files"])
    text = (tmp_path / "kit" / "README.md").read_text()
    assert f"kit {told['hash']} passed" in text


def test_a_kit_leaves_what_is_not_its_own_and_takes_away_what_is(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    words = ["selftest", "--target", "host", "-o", str(tmp_path), "--parts"]
    assert cli.main([*words, "words"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"] and (
        tmp_path / "README.md"
    ).read_text() == "mine"
    (tmp_path / "README.md").unlink()
    assert cli.main([*words, "words,edges"]) == 0
    (tmp_path / "parts" / "mine.c").write_text("mine")
    assert cli.main([*words, "words"]) == 0
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {"words.c", "mine.c"}


def test_the_makefile_builds_all_or_some(tmp_path: Path) -> None:
    for tool in ("make", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here")
    chosen = target.load(HOST)
    for name, text in kit.files(chosen, parts(chosen)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for some, count in ((["SOME=1", "PARTS=edges moves"], 3), ([], 1 + sum(len(p.checks) for p in parts(chosen)))):
        flags = "CFLAGS=-O0 -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror"
        said = subprocess.run(
            ["make", "-B", "test", flags, *some], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        lines = [line for line in said.stdout.splitlines() if line.endswith("passed")]
        assert len(lines) == count and lines[-1].startswith("kit ")
    assert lines[-1] == f"kit {kit.total(parts(chosen)):08X} passed"


def test_two_runs_write_the_same_bytes() -> None:
    chosen = target.load("cortex-m4")
    assert kit.files(chosen, kit.parts(chosen)) == kit.files(chosen, parts(chosen))


def test_a_part_that_there_is_not(tmp_path: Path) -> None:
    args = cli.parser.parse(["selftest", "--target", "host", "-o", str(tmp_path / "kit"), "--parts", "words,affine"])
    with pytest.raises(LnnccError, match=r"E0231.*'affine'") as caught:
        selftest.run(args)
    assert "affine" in caught.value.helps[0] and not (tmp_path / "kit").exists()


def test_a_failing_kit_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = runs.Run("gcc 1", None, (runs.Result("words add", 1, 2), runs.Result("table", None, 3)), ())
    monkeypatch.setattr(runs, "run", lambda *_, **__: bad)
    assert cli.main(["selftest", "--target", "host", "-o", str(tmp_path), "--parts", "words", "--run"]) == 6
    said = capsys.readouterr().err
    assert "error[E0605]: 2 of 2 checks" in said and "words add: 00000001" in said and "table: did not end" in said
