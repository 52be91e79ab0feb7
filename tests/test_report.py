"""The report: what it measures is true, and the page says it, whatever the model is called."""

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest
from toy_model import need_target

import lnncc
from lnncc import choices, cli, reference, twin
from lnncc.archive import Model
from lnncc.cells import AutoNCP
from lnncc.cells.cfc import Mode
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.report import ahead, bits, measured, memory, page, screen, settling, subject, tensors, verdict, wiring
from lnncc.report.badinput import Case
from lnncc.report.followed import follow
from lnncc.report.overtime import overtime
from lnncc.validate import compare, host
from lnncc.validate.misuse import misuse

RANGE = (-2.0, 2.0)
HOSTILE = ("</script><b>", '"><svg onload=x>', "'>\n<i>&amp;", "{{ 7*7 }}", "a\u202eb")
LARGEST = 200_000  # bytes of a page


def compiled(graph: Graph, **more: object) -> lnncc.Program:
    options = {"dt": 1.0, "ranges": {p.label: RANGE for p in graph.inputs}, "name": "m", **more}
    return lnncc.compile(Model(graph), **options)  # type: ignore[arg-type]


def fading(keeps: float = 0.5) -> Graph:
    """Three states that keep a share of themselves each step."""
    return trace(
        lambda _, h, x, dt: (keeps * h + 0.3 * x, keeps * h + 0.3 * x), None, state=jnp.zeros(3), inputs=jnp.zeros(3)
    )


def stateless() -> Graph:
    w = jax.random.normal(jax.random.key(4), (4, 3)) / 2
    return trace(lambda w, h, x, dt: (h, jnp.tanh(w @ x)), w, state=(), inputs=jnp.zeros(3))


def hostile() -> Graph:
    """Every label is markup."""
    script, svg, tag, braces, bidi = HOSTILE
    w = jax.random.normal(jax.random.key(4), (4, 7)) / 2

    def step(params, state, x, dt):  # type: ignore[no-untyped-def]
        h = jnp.tanh(params[braces] @ jnp.concatenate([x[script], state[svg]]))
        return {svg: h}, {tag: h[:2], bidi: h[2:]}

    return trace(step, {braces: w}, state={svg: jnp.zeros(4)}, inputs={script: jnp.zeros(3)})


MODELS: dict[str, tuple[Callable[[], Graph], dict[str, object]]] = {
    "cfc": (models.cfc, {"bits": 8}),
    "ltc": (models.ltc, {}),
    "timed": (models.ltc, {"dt": (0.1, 2.0)}),
    "stateless": (stateless, {"dt": None}),
    "fading": (fading, {"dt": None}),
    "hostile": (hostile, {"dt": None}),
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "STEPS", 48)


@pytest.fixture(scope="module")
def program() -> lnncc.Program:
    return compiled(models.ltc())


@pytest.fixture(scope="module")
def found(program: lnncc.Program) -> measured.Report:
    return measured.measure(program.build, {"x": models.recording(steps=40)})


@pytest.fixture
def it(program: lnncc.Program) -> subject.Subject:
    return subject.subject(program.build, None)


class Tags(HTMLParser):
    """Which elements and attributes a page has, what stands between them, and which were left open."""

    VOID = frozenset({"meta", "br"})
    OPTIONAL = frozenset({"tr", "td", "th", "thead", "tbody", "p"})  # whose ends HTML lets one leave out

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.text, self.open = set[str](), "", list[str]()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID | self.OPTIONAL:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPTIONAL:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_has_a_page(kind: str) -> None:
    """One file that needs nothing else, well formed, whatever is absent: states, a part, a target's tools."""
    make, more = MODELS[kind]
    build = compiled(make(), **more).build
    found = measured.measure(build)
    text = page.html(found)
    tags = Tags(text)
    assert not tags.open and len(text.encode()) < LARGEST
    assert not tags.names & {"script", "b", "i", "img", "link", "iframe", "object", "use", "image"}
    assert not {a for a in tags.attributes if a.startswith("on") or a in {"src", "srcset", "xlink:href", "data"}}
    assert (
        "@import" not in text
        and "url(" not in text
        and "http" not in text
        and "49" not in text.partition("7*7")[0][-9:]
    )
    assert all(ids.startswith("#") for ids in re.findall(r'href="([^"]*)"', text))
    json.dumps(measured.fields(found), allow_nan=False)
    assert sum(row.bytes for row in found.nodes) == build.facts["table_bytes"], "every constant is counted once"
    assert screen.text(found, "facts").count("\n") < 40


def test_the_same_build_gives_the_same_bytes(program: lnncc.Program, found: measured.Report) -> None:
    again = measured.measure(program.build, {"x": models.recording(steps=40)})
    assert page.html(found) == page.html(again) and measured.fields(found) == measured.fields(again)


def test_hostile_names_are_shown_and_are_no_markup() -> None:
    build = compiled(hostile(), dt=None).build
    text = page.html(measured.measure(build))
    shown, face = Tags(text).text, build.interface
    for signal in (*face.inputs, *face.states, *face.outputs):
        assert page.name(signal.label) in shown, "as the user wrote it, on one line"
    assert "</script><b>" in shown and '"><svg onload=x>' in shown
    assert "\u202e" not in text


def test_the_wires_of_an_ncp_are_those_that_were_drawn(it: subject.Subject) -> None:
    """Found by asking the float model; a neuron's own leak is a wire too."""
    drawn, found = AutoNCP(10, 2).wire(models.INPUTS), wiring.wiring(it)
    assert found is not None
    pairs = {(w.source, w.neuron) for w in found.wires}
    sensory = {(int(s), int(n)) for s, n in np.argwhere(drawn.sensory_mask)}
    inner = {(models.INPUTS + int(s), int(n)) for s, n in np.argwhere(drawn.mask)}
    own = {(models.INPUTS + n, n) for n in range(drawn.units)}
    assert pairs == sensory | inner | own
    assert dict(found.layers) == dict(
        zip(("inter", "command", "motor"), map(tuple, map(sorted, drawn.layers)), strict=True)
    )
    assert {w.source - models.INPUTS for w in found.readout} == set(range(drawn.outputs))


@pytest.mark.parametrize("mode", ["default", "no_gate"])
def test_the_wires_of_a_layered_cell_are_no_paths(mode: Mode) -> None:
    """In a wired CfC a layer reads what the layer before it made in the same step; its state is layer after layer."""
    drawn, build = AutoNCP(10, 2).wire(models.INPUTS), compiled(models.wired(mode)).build
    found = wiring.wiring(subject.subject(build, None))
    assert found is not None
    layer = np.repeat(range(3), [len(ids) for ids in drawn.layers])
    steps = {layer[w.neuron] - layer[w.source - found.inputs] for w in found.wires if w.source >= found.inputs}
    assert steps == {0, 1}, "from its own layer and the one before it"
    assert {layer[w.neuron] for w in found.wires if w.source < found.inputs} == {0}
    assert [len(ids) for _, ids in found.layers] == [len(ids) for ids in drawn.layers]


def test_a_sign_is_what_a_source_does() -> None:
    def step(_, h, x, dt):  # type: ignore[no-untyped-def]
        return jnp.stack([jnp.tanh(x[0] - x[1]), jnp.tanh(x[0] * h[1])]), h

    build = compiled(trace(step, None, state=jnp.zeros(2) + 0.5, inputs=jnp.zeros(2)), dt=None).build
    found = wiring.wiring(subject.subject(build, None))
    assert found is not None
    assert {(w.source, w.neuron): w.sign for w in found.wires} == {(0, 0): 1, (1, 0): -1, (0, 1): 0, (3, 1): 0}


def test_what_no_one_can_ask_is_not_drawn(it: subject.Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "MOST", 10)
    assert wiring.wiring(it) is None
    assert wiring.wiring(subject.subject(compiled(stateless(), dt=None).build, None)) is None


def test_settling_follows_what_a_state_keeps() -> None:
    it = subject.subject(compiled(fading(), dt=None).build, None)
    outputs = overtime(it, follow(it))
    [found] = settling.settling(it, outputs)
    assert found.apart[0] > 0.4 and found.starts == settling.CORNERS + 3
    np.testing.assert_allclose(found.apart[1:6], np.array(found.apart[:5]) / 2, atol=3 * outputs[0].step)
    assert found.steps is not None and found.apart[found.steps] <= found.within < found.apart[found.steps - 1]


def test_what_forgets_slowly_does_not_settle() -> None:
    it = subject.subject(compiled(fading(0.999), dt=None).build, None)
    assert settling.settling(it, overtime(it, follow(it)))[0].steps is None


def test_the_twin_that_is_followed_is_the_twin(it: subject.Subject) -> None:
    found = follow(it)
    states, outputs = twin.run(it.graph, it.raw)
    for seen, there in zip((*found.states, *found.outputs), (*states, *outputs), strict=True):
        np.testing.assert_array_equal(seen, there)
    for name, (low, high) in found.seen.items():
        if name in it.proof.bounds:
            bounds = it.proof.bounds[name]
            assert bounds.low.min() <= low <= high <= bounds.high.max(), "what was seen lies in what is proven"


def test_the_error_is_that_of_verify(it: subject.Subject) -> None:
    [found] = overtime(it, follow(it))
    error = compare.verify(it.build, it.data).errors["y"]
    assert (found.max_abs, found.rms) == (error.max_abs, pytest.approx(error.rms))
    assert found.worst == (error.worst.stream, error.worst.step, error.worst.element)
    assert max(w.max_abs for w in found.windows) == found.max_abs


def test_a_change_of_bits_is_the_build_with_that_change(it: subject.Subject) -> None:
    """Against a whole compilation with the same choices, over the same windows."""
    found = bits.bits(it)
    assert found.reproduced
    one = next(c for c in found.changes if c.how == "256 intervals")
    narrow = compiled(models.ltc(), choices=choices.Choices(choices.Choice(table=choices.Table("linear", 256)))).build
    for build, change in ((it.build, found.now), (narrow, one)):
        data = {label: bits._windows(x) for label, x in it.data.items()}
        exact = reference.run(build.model, data, 1.0)[0]["y"]
        got = compare.real_outputs(build, twin.run(build.integer, compare.raw_inputs(build, data))[1])["y"]
        assert change.max_abs == np.abs(got - exact).max()
        assert change.flash == build.facts["table_bytes"]


def test_a_bit_that_values_need_cuts_them_off(it: subject.Subject) -> None:
    found = bits.bits(it)
    state = {c.how: c for c in found.changes if c.what.startswith("state")}
    more, less, now = state["one fraction bit more"], state["one fraction bit less"], found.now
    assert more.max_abs is not None and less.max_abs is not None and now.max_abs is not None
    assert more.max_abs > 100 * now.max_abs, "the state reaches beyond half of its format"
    assert less.max_abs < 4 * now.max_abs


def test_a_change_that_cannot_be_had_says_why(it: subject.Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = bits._Lab(it)

    def refuse(*_: object) -> object:
        raise LnnccError("E0308", "no proof")

    monkeypatch.setattr(bits, "prove", refuse)
    assert lab.changed("x", "wider", lab.case.graph, it.build.choices).refused == "no proof"


def test_formats_that_calibration_chose_are_not_called_the_same() -> None:
    """Without the recording its roundings cannot be found again; with it they can."""
    data = models.recording()
    build = compiled(models.cfc(), calibration=data).build
    assert not bits.bits(subject.subject(build, None)).reproduced
    assert bits.bits(subject.subject(build, {"x": data})).reproduced


def test_bad_input_is_tried(it: subject.Subject) -> None:
    narrow = compiled(models.ltc(), ranges={"x": (-1.5, 1.5)}).build
    found = misuse(narrow, subject.subject(narrow, None).plan.save_bytes)
    assert found.clamped and found.counted == found.beyond > 0
    assert found.own and found.foreign and found.damaged and found.impossible is not False
    small = compiled(fading(), dt=None).build
    assert misuse(small, subject.subject(small, None).plan.save_bytes).impossible is True


def test_a_model_that_takes_anything_has_nothing_to_clamp(program: lnncc.Program, found: measured.Report) -> None:
    assert program.build.interface.inputs[0].low == -(1 << 15)
    cases = found.bad_input
    assert cases[0].tried is not None and "all that 16 bits hold" in cases[0].tried


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    host._opened.cache_clear()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ziglang", None)


def test_what_was_not_measured_is_called_so(no_compiler: None) -> None:
    found = measured.measure(compiled(models.ltc(), target="cortex-m4").build)
    marks = {a.question: a.mark for a in found.verdict}
    assert marks["Does it fit?"] == marks["Is the C what was measured?"] == marks["What does a step cost?"] == "unknown"
    assert not found.memory.linked and found.chip.exact == () and found.chip.clipped is None
    text = page.html(found)
    assert "no program was linked" in text and "no C compiler for target" in text
    assert all(case.tried is None for case in found.bad_input)


def test_a_linked_program_fills_its_treemap() -> None:
    need_target("cortex-m4")
    found = measured.measure(compiled(models.ltc(), target="cortex-m4").build)
    sizes, held = found.chip.sizes, found.memory
    assert sizes is not None and held.linked and held.part is not None
    assert held.flash_bytes == sizes.flash and held.ram_bytes == sizes.ram + sizes.stack
    assert {"weights", "table", "code"} <= {b.kind for b in held.flash}
    assert abs(sum(b.bytes for b in held.flash) - held.flash_bytes) < 64, "but for padding"
    assert dict((place, same) for place, same, _ in found.chip.exact) == {"this machine": 48, "emulated cortex-m4": 48}
    assert found.chip.costs is not None and f"{found.chip.costs.instructions:,}" in page.html(found)


def test_a_part_that_is_too_small_is_a_no(it: subject.Subject, found: measured.Report) -> None:
    held = replace(found.memory, linked=True, part=memory.Part("a tiny one", 1000, 100))
    answer = verdict._fits(it, held, found.chip)
    assert answer.mark == "no" and answer.short.startswith("no")


def change(what: str, how: str, rms: float | None, flash: int | None, saturates: int = 0) -> bits.Change:
    return bits.Change(what, how, rms, rms, flash, saturates, None if rms is not None else "no proof")


def test_the_first_screen_says_what_a_bit_would_buy() -> None:
    now, worse = change("as it is", "", 1e-3, 1000), change("state h", "one bit more", 0.5, 1000)
    better, cheap = change("y", "one bit more", 2e-4, 1200, saturates=1), change("w", "8 bits", 2e-3, 400)
    answer = verdict._bit(bits.Bits(True, 10, now, (worse, better, cheap)))
    assert (answer.mark, answer.short) == ("care", "error ÷ 5.00 at best")
    assert "y, one bit more: RMS error ÷ 5.00, flash +200 bytes, but a value could then saturate" in answer.sentence
    assert "w, 8 bits, would save 600 bytes at × 2.00 the error" in answer.sentence
    answer = verdict._bit(bits.Bits(True, 10, now, (worse, change("z", "wider", None, None))))
    assert (answer.mark, answer.short) == ("yes", "nothing") and "would save" not in answer.sentence
    assert verdict._bit(bits.Bits(True, 10, now, ())).mark == "unknown"


def test_the_first_screen_says_whether_bad_input_did_what_is_promised() -> None:
    held, broken = Case("beyond", "clamped", "so", True), Case("a state", "refused", "NOT SO: taken", False)
    assert [verdict._bad(cases).mark for cases in ((held,), (held, broken), (Case("NaN", "0"),))] == [
        "yes",
        "no",
        "unknown",
    ]
    assert "a state: NOT SO: taken" in verdict._bad((held, broken)).sentence


def test_an_assumed_state_is_not_called_proven() -> None:
    build = compiled(models.mixed(), calibration=models.recording()).build
    it = subject.subject(build, {"x": models.recording(steps=20)})
    answer = verdict._proven(it)
    assert it.assumed_states and answer.mark == "care" and "saturates beyond what was assumed" in answer.sentence
    assert any("nothing bounds this state" in t.why for t in tensors.tensors(it, follow(it)))


def test_rounding_of_other_values_is_refused(program: lnncc.Program) -> None:
    """Of a value that there is none of, or that has another size."""
    rounding = program.build.facts["rounding"]
    assert isinstance(rounding, dict)
    for name, off in (("v999", [0.0]), (next(iter(rounding["values"])), [0.0] * 999)):
        changed = {**rounding, "values": {**rounding["values"], name: off}}
        build = replace(program.build, facts={**program.build.facts, "rounding": changed})
        with pytest.raises(LnnccError, match="E0405"):
            ahead.ahead(build)


def test_the_command_writes_a_page_and_the_same_as_json(
    program: lnncc.Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program.save(tmp_path / "m")
    np.savez(tmp_path / "x.npz", x=models.recording(steps=30))
    words = ["report", str(tmp_path / "m"), "--data", str(tmp_path / "x.npz"), "--html", str(tmp_path / "r.html")]
    assert cli.main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["name"] == "m" and answer["report"]["recorded"] is True and answer["report"]["steps"] == 30
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "the first 30 steps of 2 streams of your recording" in text and str(tmp_path) not in text


def test_the_screen_says_the_same(found: measured.Report, program: lnncc.Program) -> None:
    shown = screen.text(found, program.report())
    assert all(answer.question in shown and answer.short in shown for answer in found.verdict)
    assert "m: 16-bit weights, compiled for host" in shown and "inter 5 → command 3 → motor 2" in shown


def test_a_terminal_has_colours_where_rich_is_installed(
    found: measured.Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name, value in (("TERM", "xterm-256color"), ("COLORTERM", "truecolor")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "__stdout__", Terminal())
    plain = re.sub("\x1b\\[[0-9;]*m", "", screen.text(found, "facts"))
    assert "\x1b[" in screen.text(found, "facts")
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert screen.text(found, "facts") == plain


def test_a_page_that_cannot_be_written(program: lnncc.Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LnnccError, match="E0211"):
        program.report(html=tmp_path / "file" / "r.html", data=models.recording(steps=8)[0])
