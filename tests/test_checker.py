"""The checker: accepts what was proven, refuses what was changed, and shares no code with what it checks."""

import ast
import copy
import hashlib
import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lnncc
from lnncc import archive, build, certificate, checker, cli, fx, twin
from lnncc.errors import LnnccError
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.passes.prove import prove
from lnncc.validate import host
from tests import models
from tests.integer_graphs import FULL, PLANNED, Builder, drawn
from tests.toy_model import seldom

NAME = "small"
Data = dict[str, Any]  # JSON


def written(graph: Graph, folder: Path, steps: int = 8) -> Data:
    """The graph proven, its two files that the checker reads, and the certificate as JSON data."""
    graph, proof = prove(graph)
    data = build.certificate_text(certificate.certificate(graph, proof, NAME, steps=steps))
    (folder / f"{NAME}.certificate.json").write_bytes(data)
    (folder / f"{NAME}.integer.lnn").write_bytes(archive.pack(graph))
    return json.loads(data)


def every_op() -> Graph:
    """A model that has every op, a loop, a state that only its saturation holds, and another that holds itself."""
    b, rng = Builder(), np.random.default_rng(4)
    x = b.door(b.input(3), -900, 1000)
    held, grown = b.state(np.array([5, -7, 11])), b.state(np.array([0, 1]))
    b.output(b.neurons(rng, x, b.requantise(b.elapse(rng, x, flat=False), 17)))
    b.output(b.requantise(b.decay(rng, b.elapse(rng, x, flat=True)), 17))
    wide = b.diagonal(rng, b.affine(rng, b.concat(x, held), 3), x)
    gate, curve = b.table(rng, wide), b.table(rng, x, low=-1)
    mixed = b.blend(b.requantise(wide, 17), b.gather(curve, [2, 0, 1]), gate)
    first = (held,)
    [v] = b.loop(first)
    pair = b.synapse_tables(rng, b.synapses(rng, b.leak(rng, 3), x, kind="direct"), v, [2, 0, 3], 12)
    result = b.mean(rng, b.synapses(rng, pair, v), v)
    [after] = b.end(first, (v,), (result,), 3)
    fine = b.synapses(rng, b.leak(rng, 3, FULL >> 2), x, most=FULL >> 2)
    b.output(b.mean(rng, b.coarsen(fine, 2), after))
    b.output(b.argmax(x, 3))
    b.output(b.softmax(wide, 3))
    b.output(b.divide(x, wide, 2, 5, 6))
    pair = b.slice(mixed, 1, 2)
    b.becomes(held, after)
    b.becomes(grown, b.multiply(grown, b.constant([30000, 20000]), 13))
    b.output(b.ramp(b.multiply(pair, grown, 17), b.slice(wide, 0, 2), 3, -FULL, FULL))
    return b.graph()


def tiny() -> Graph:
    """The smallest model with a loop, the lemma in both its forms, and a saturation."""
    b, rng = Builder(), np.random.default_rng(6)
    x, held = b.door(b.input(2), -900, 1000), b.state(np.array([5, -7]))
    gate = b.table(rng, b.requantise(b.affine(rng, b.concat(x, held), 2), 17))
    [v] = b.loop((held,))
    pair = b.coarsen(b.synapses(rng, b.leak(rng, 2, FULL >> 2), x, most=FULL >> 2), 2)
    [after] = b.end((held,), (v,), (b.mean(rng, pair, v),), 2)
    b.becomes(held, b.blend(after, b.multiply(x, b.constant([30000, 20000]), 9), gate))
    b.output(b.slice(b.gather(after, [1, 0, 1]), 1, 2))
    return b.graph()


def timed() -> Graph:
    """The smallest model whose dt is told at each step and that has all the words of it."""
    b, rng = Builder(), np.random.default_rng(7)
    b.time()
    x, held = b.door(b.input(1), -900, 1000), b.state(np.array([5]))
    b.becomes(held, b.neurons(rng, x, held))
    b.output(b.requantise(b.decay(rng, b.elapse(rng, x, flat=True)), 17))
    return b.graph()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Data]:
    folder = tmp_path_factory.mktemp("small")
    return folder, written(every_op(), folder)


def test_the_checker_imports_the_standard_library_alone_and_is_short() -> None:
    text = Path(checker.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert "importlib" not in names and "__import__" not in text


def test_it_knows_every_word_of_the_vocabulary_and_no_other() -> None:
    words = {name for name, value in vars(fx).items() if hasattr(value, "__wrapped__")}
    assert set(checker.EACH) | set(checker.ARRAYS) == words


def test_a_model_of_every_op_is_accepted(small: tuple[Path, Data]) -> None:
    folder, stated = small
    assert checker.check(folder) == stated
    assert {node["op"] for node in nodes(stated["body"])} == NAMES - PLANNED | {"loop"}
    assert {line[4] for node in nodes(stated["body"]) for line in node.get("words", [])} == {"word", "mean"}
    assert [state["rests_on"] for state in stated["body"]["invariant"]] == [["v0"], []]


@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_are_accepted(seed: int, tmp_path: Path) -> None:
    """Intervals derived twice, by NumPy and by plain integers, and words replayed against the twin."""
    stated = written(drawn(seed), tmp_path)
    assert checker.check(tmp_path) == stated


def test_a_word_that_the_checker_does_not_know_is_named(
    compiled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(compiled, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "gyro.certificate.json"
    file.write_text(file.read_text().replace('"div"', '"divide"'))
    assert cli.main(["check", str(tmp_path)]) == 6
    assert "the checker does not know `divide`" in capsys.readouterr().err


def nodes(body: Data) -> Iterator[Data]:
    for node in body["nodes"]:
        yield node
        if "body" in node:
            yield from nodes(node["body"])


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number and text with the way to it."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from leaves(data[key], (*path, key))
    else:
        yield path, data


def holder(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


def refused(folder: Path, data: Data) -> bool:
    """Whether the checker refuses ``data`` in the place of the certificate, which it restores."""
    file = folder / f"{NAME}.certificate.json"
    kept = file.rename(folder / "kept")  # to write over a file waits for the disk, thousands of times
    file.write_text(json.dumps(data))
    try:
        checker.check(folder)
    except Exception:  # the checker is asked for nothing better
        return True
    finally:
        file.unlink()
        kept.rename(file)
    return False


SAME = {"narrow": {"concat", "sat16", "abs"}, "abs": {"concat"}, "repeat": {"mul"}}  # of a value that fits, is not
# negative, or is repeated once: the same program, and as well proven
PARTS = 8  # of the mutations, so that they share the cores


@pytest.fixture(scope="module", params=[tiny, *seldom([timed])])
def least(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Data]:
    folder = tmp_path_factory.mktemp("least")
    return folder, written(request.param(), folder, steps=2)


def accepted(least: tuple[Path, Data], path: tuple[Any, ...], values: Sequence[Any]) -> list[Any]:
    """Those ``values`` that the checker accepts at ``path``: none, if all is well."""
    folder, stated = least
    found, place = [], holder(stated, path)
    before = place[path[-1]]
    for value in values:
        place[path[-1]] = value
        if value != before and not refused(folder, stated):
            found.append((path, before, value))
    place[path[-1]] = before
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_a_certificate_in_which_any_number_was_changed_is_refused(least: tuple[Path, Data], part: int) -> None:
    """One more, one less, the other sign, the neighbour: nothing but the proof itself finds out, there is no seal."""
    numbers = [(path, n) for path, n in leaves(least[1]) if type(n) is int]
    assert len(numbers) > 150
    fixed = {int(n) for text in checker.ALWAYS for n in text.split() if n.lstrip("-").isdigit()}
    for (path, n), (_, other) in list(zip(numbers, numbers[1:] + numbers[:1], strict=True))[part::PARTS]:
        assert accepted(least, path, [n + 1, n - 1, -n, other, *(fixed if path[-2] == 2 else ())]) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_a_certificate_with_another_word_or_name_is_refused(least: tuple[Path, Data], part: int) -> None:
    texts = [(path, text) for path, text in leaves(least[1]) if isinstance(text, str)]
    for path, text in texts[part::PARTS]:
        assert accepted(least, path, [text + "0", "v0", ""]) == []
    lines = [line for node in nodes(least[1]["body"]) for line in node.get("words", [])]
    for line in lines[part::PARTS]:
        words = sorted({*checker.EACH, *checker.ARRAYS} - SAME.get(line[0], set()))
        assert accepted((least[0], least[1]), _path(least[1], line), words) == []


def _path(stated: Data, line: list[Any]) -> tuple[Any, ...]:
    """The way to the word of ``line``."""
    return next(path for path, _ in leaves(stated) if holder(stated, path) is line and path[-1] == 0)


def test_a_certificate_that_lacks_a_field_or_a_line_or_has_more_is_refused(least: tuple[Path, Data]) -> None:
    folder, stated = least
    parts = [stated, stated["body"], *nodes(stated["body"]), *(n["body"] for n in nodes(stated["body"]) if "body" in n)]
    for part in parts:
        for key in list(part):
            value = part.pop(key)
            assert refused(folder, stated), key
            part[key] = value
        part["more"] = 1
        assert refused(folder, stated)
        del part["more"]
        for lines in (part[key] for key in ("words", "nodes", "low") if key in part):
            for k, line in enumerate(list(lines)):
                del lines[k]
                assert refused(folder, stated), line
                lines[k:k] = [line, line]
                assert refused(folder, stated), line
                del lines[k]
    assert not refused(folder, stated)


def test_an_invariant_that_is_wider_is_not_the_one_derived(small: tuple[Path, Data], tmp_path: Path) -> None:
    """All of int16 for the state would be inductive too: its mean stays in the hull of itself and the potentials."""
    folder, stated = small
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    stated = copy.deepcopy(stated)
    stated["body"]["invariant"][0].update(low=[-32768] * 3, high=[32767] * 3)
    (tmp_path / f"{NAME}.certificate.json").write_text(json.dumps(stated))
    with pytest.raises(ValueError, match=r"it states 32767, where .* is derived"):
        checker.check(tmp_path)


@pytest.mark.parametrize("op, at", [("affine", 0), ("affine", 2), ("table", 1), ("mean", 2), ("multiply", 1)])
def test_a_changed_constant_is_refused(op: str, at: int, tmp_path: Path) -> None:
    """Also where the digest of the graph was made to fit."""
    stated, graph = written(tiny(), tmp_path), tiny()
    name = next(node.inputs[at] for node in graph.walk() if node.op == op)
    changed = graph.constants[name] + 1
    data = archive.pack(prove(graph.edited(constants={**graph.constants, name: changed}))[0])
    (tmp_path / f"{NAME}.integer.lnn").write_bytes(data)
    assert refused(tmp_path, stated)
    stated["graph"]["sha256"] = hashlib.sha256(data).hexdigest()
    assert refused(tmp_path, stated)


def span(low: int, high: int) -> checker.Value:
    return checker.Value([(low, high)], {"x": 1})


def nodes_of(*ints: int) -> checker.Value:
    return checker.Value([(n, n) for n in ints], {"c": 1})


def rows(node: int) -> checker.Value:
    """A table of five equal nodes."""
    return checker.Value([], {"c": 1}, columns=tuple(span(node, node) for _ in range(5)))


def test_words_that_may_leave_their_width_are_refused() -> None:
    """Each condition by itself, on values that just hold and just do not."""
    empty = checker.Checker({"values": [], "states": []}, {})
    top, pair = (1 << 31) - 1, checker.Value([], {"c": 1}, columns=(span(0, 0), span(0, 0)))
    for word, inside, outside in (
        ("add", (span(0, top), span(0, 0)), (span(0, top), span(0, 1))),
        ("sub", (span(-top, 0), span(0, 1)), (span(-top, 0), span(0, 2))),
        ("mul", (span(0, 46340), span(0, 46340)), (span(0, 46341), span(0, 46341))),
        ("mac", (span(0, top), span(0, 0), span(0, 9)), (span(0, top), span(0, 1), span(0, 1))),
        ("rshift", (span(0, top - 1), 1), (span(0, top), 1)),
        ("rshift", (span(0, 9), 30), (span(0, 9), 31)),
        ("rshift", (span(0, 9), span(0, 30)), (span(0, 9), span(-1, 30))),
        ("shift_by", (span(0, 9), span(-30, 0)), (span(0, 9), span(-31, 0))),
        ("shift_by", (span(0, 1), span(0, 30)), (span(0, 2), span(0, 30))),
        ("sat_shift", (span(0, 1), span(0, 30), 9), (span(0, 1), span(0, 31), 9)),
        ("scale16", (span(-top, top), span(0, 65535)), (span(-top, top), span(0, 65536))),
        ("scale16", (span(-top, top), span(0, 65535)), (span(-top, top), span(-1, 65535))),
        ("norm", (span(1, top),), (span(0, top),)),
        ("mantissa", (span(1, top),), (span(0, top),)),
        ("abs", (span(-top, top),), (span(-top - 1, top),)),
        ("repeat", (span(0, 9), span(2, 2)), (span(0, 9), span(1, 2))),
        ("take", (span(0, 9), span(0, 0)), (span(0, 9), span(-1, -1))),
        ("narrow", (span(-32768, 32767),), (span(-32769, 0),)),
        ("div", (span(0, 32767), span(1, 1)), (span(0, 32768), span(1, 1))),
        ("div", (span(0, 9), span(65535, 65535)), (span(0, 9), span(65535, 65536))),
        ("div", (span(0, 9), span(1, 9)), (span(0, 9), span(0, 9))),
        ("part", (span(0, 9), 0, 1), (span(0, 9), 0, 2)),
        ("part", (span(0, 9), 0, 1), (span(0, 9), -1, 1)),
        ("column", (pair, 1), (pair, 2)),
        ("column", (pair, 1), (pair, -1)),
        ("lookup", (nodes_of(0, 32767), span(0, 1), 0, 1), (nodes_of(-1, 32767), span(0, 1), 0, 1)),
        ("direct", (nodes_of(0, 1), span(0, 1), 0, 1), (span(0, 1), span(0, 1), 0, 1)),
        ("interpolate", (rows(32767), span(0, 0), 14), (rows(32768), span(0, 0), 14)),
        ("interpolate", (rows(0), span(0, 32767), 14), (rows(0), span(0, 32768), 14)),
    ):
        empty.made(word, "y", list(inside))
        with pytest.raises((ValueError, LookupError)):
            empty.made(word, "y", list(outside))


@pytest.mark.parametrize(
    ("shift", "more", "rule"), [(3, 3, "mean"), (3, 2, "word"), (3, 4, "word"), (1, 0, "mean"), (0, 0, "mean")]
)
def test_a_weight_that_may_have_been_rounded_down_is_another_one(shift: int, more: int, rule: str) -> None:
    """As on the tape: what a shift adds before makes its lemma true, and with less of it there is none."""
    empty = checker.Checker({"values": [], "states": []}, {})

    def made(word: str, name: str, *operands: object) -> checker.Value:
        return empty.made(word, name, list(operands))[0]

    x, w = checker.Value([(7, 9)], {"x": 1}), checker.Value([(100, 3000)], {"w": 1})
    d = made("rshift", "d", made("add", "s", w, more), shift)
    pair = made("stack", "pair", made("mul", "n", x, w), d)
    value, found = empty.made("div", "q", [made("column", "a", pair, 0), made("column", "b", pair, 1)])
    assert found == rule
    assert (value.ends == [(0, 9 << shift)]) == (rule == "mean")


ENDS = st.tuples(st.integers(-300, 300), st.integers(0, 40)).map(lambda p: (p[0], p[0] + p[1]))
SMALL = st.tuples(st.integers(1, 9), st.integers(0, 5)).map(lambda p: (p[0], p[0] + p[1]))
OPERANDS = {"div": (ENDS, SMALL), "rshift": (ENDS, SMALL), "shift_by": (ENDS, SMALL), "scale16": (ENDS, SMALL)}
OPERANDS |= {"sat_shift": (ENDS, SMALL, SMALL), "norm": (SMALL,), "mantissa": (SMALL,), "mac": (ENDS, ENDS, ENDS)}
OPERANDS |= {"clip": (ENDS, SMALL, SMALL), "abs": (ENDS,), "sat16": (ENDS,), "narrow": (ENDS,)}


@pytest.mark.parametrize("word", sorted(checker.EACH))
@given(data=st.data())
def test_an_interval_is_what_the_word_gives_on_all_numbers_in_it(word: str, data: st.DataObject) -> None:
    """Neither too narrow nor too wide: the certificate, and what another tool derives, agree on every end."""
    x = [data.draw(ends) for ends in OPERANDS.get(word, (ENDS, ENDS))]
    x = [(low, min(high, low + 6)) for low, high in x] if len(x) == 3 else x
    found = [checker.EACH[word](*at) for at in itertools.product(*(range(low, high + 1) for low, high in x))]
    assert checker.over(word, *x) == (min(found), max(found))


@given(data=st.data())
def test_a_table_gives_what_is_read_from_it_and_no_more(data: st.DataObject) -> None:
    word, s = data.draw(st.sampled_from(sorted(checker.TABLES))), data.draw(st.integers(1, 5))
    low = 0 if word != "interpolate" else -32768
    y = data.draw(st.lists(st.integers(-900, 900), min_size=9, max_size=9))
    ends = data.draw(st.integers(low - 40, low + 300)), data.draw(st.integers(0, 60))
    first, last = max(ends[0], low) if word == "interpolate" else ends[0], ends[0] + ends[1] + 40

    def read(first: int, last: int) -> tuple[int, ...]:
        n = 9 if word == "direct" else 8
        return checker.Value([(first, last)]).read(word, [y], low, s, n).ends[0]

    found = [v for x in range(first, last + 1) for v in read(x, x)]
    assert read(first, last) == (min(found), max(found))


def test_a_mantissa_is_least_at_a_power_of_two_and_greatest_before_one() -> None:
    for low, high in ((5, 9), (30000, 70000), (65537, 140000), (65535, 65536), ((1 << 31) - 9, (1 << 31) - 1)):
        found = [checker.EACH["mantissa"](x) for x in range(low, high + 1)]
        assert checker.over("mantissa", (low, high)) == (min(found), max(found))


def test_no_number_of_a_word_stands_for_another() -> None:
    """Where a word has several numbers that are no attributes, one of them changed must not be another of the list."""
    listed = [text.split() for text in checker.ALWAYS]
    for a, b in itertools.combinations(listed, 2):
        same = sum(p == q for p, q in zip(a, b, strict=False))
        assert a[:2] != b[:2] or len(a) != 4 or len(b) != 4 or same == 2


def test_a_sum_is_refused_if_any_order_of_it_may_leave_32_bits() -> None:
    half = 1 << 30
    for terms in ([(half, half), (-half, -half)], [(half, half), (half, half), (-half, -half)]):
        with pytest.raises(ValueError, match="beyond"):
            checker.fit_sum(terms)
    assert checker.fit_sum([(half - 1, half), (-half + 1, 0)]) == (0, half)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gyro")
    model = archive.Model(models.ltc(6))
    lnncc.compile(model, dt=1.0, ranges={p.label: (-2.0, 2.0) for p in model.graph.inputs}, name="gyro").save(folder)
    return folder


@pytest.mark.parametrize("make", [models.cfc, models.ltc, lambda: models.cfc(mode="pure")], ids=["cfc", "ltc", "pure"])
def test_a_model_whose_dt_is_told_at_each_step_is_checked_like_any_other(
    make: Callable[[], Graph], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = archive.Model(make())
    ranges = {p.label: (-2.0, 2.0) for p in model.graph.inputs}
    lnncc.compile(model, dt=(0.01, 20.0), ranges=ranges, name="gyro").save(tmp_path)
    assert cli.main(["check", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["inputs"]["dt"] == {"low": 335544, "high": 671088640} and found["replayed_steps"] == 8


def test_check_answers_what_was_proven(compiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(compiled), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["name"], found["replayed_steps"]) == ("lnncc.check/1", "gyro", 8)
    assert found["words"] > 20 and found["by_lemma"] == 1 and found["saturating"] == []
    assert cli.main(["check", str(compiled)]) == 0
    assert "gyro: the certificate holds" in capsys.readouterr().out


def test_check_refuses_a_changed_certificate_with_exit_code_6(
    compiled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = compiled / "gyro.certificate.json"
    before = file.read_text()
    for text in (before.replace("32767", "32766", 1), before[:-9], before.replace('"mean"]', '"word"]', 1)):
        assert text != before
        file.write_text(text)
        assert cli.main(["check", str(compiled)]) == 6
        assert "error[E0603]" in capsys.readouterr().err
    file.write_text(before)


def test_check_notices_c_that_is_another_program(
    compiled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin, "digest", lambda trace: "0" * 64)
    assert cli.main(["check", str(compiled)]) == 6
    assert "error[E0604]" in capsys.readouterr().err


def test_check_needs_no_compiler_but_says_what_it_left_out(
    compiled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host._opened.cache_clear()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ziglang", None)
    assert cli.main(["check", str(compiled), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["replayed_steps"] == 0 and "not compared with the C" in shown.err


def test_a_compiler_that_fails_is_no_reason_to_pass(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(build: object) -> object:
        raise LnnccError("E0702", "the compiler failed")

    monkeypatch.setattr(host, "build", failing)
    assert cli.main(["check", str(compiled)]) == 7


def test_a_folder_without_a_certificate_is_no_build(compiled: Path, tmp_path: Path) -> None:
    shutil.copytree(compiled, tmp_path / "copy")
    (tmp_path / "copy" / "gyro.certificate.json").unlink()
    assert cli.main(["check", str(tmp_path / "copy")]) == 4


def test_the_certificate_is_the_same_every_time_and_small(compiled: Path) -> None:
    data = (compiled / "gyro.certificate.json").read_bytes()
    case = models.compiled(models.ltc(6))
    again = build.certificate_text(certificate.certificate(case.integer, case.proof, "gyro"))
    assert again == data
    assert len(data) < 10_000
