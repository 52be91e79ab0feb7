"""One sum of all products of a row: where that is exact enough, and where what is multiplied then lies."""

import jax.numpy as jnp
import numpy as np
import pytest
from integer_graphs import FULL, WIDE, Builder
from test_places import same
from test_plan import calls, planned

from lnncc import twin
from lnncc.bounds import disturbed
from lnncc.choices import Choice, Choices
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Format, Graph, Node
from lnncc.ops import affine
from lnncc.passes.chains import chains
from lnncc.passes.formats import formats
from lnncc.passes.lower import lower
from lnncc.passes.prove import prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges, ranges
from lnncc.plan.joined import joined
from lnncc.plan.once import once

INPUTS = 5
DECLARED = {"x": (-3.0, 3.0)}
RNG = np.random.default_rng


def cell(hidden: int, size: float = 0.4) -> Graph:
    """h' = tanh(W x + U h): values of two formats go into one sum."""
    rng = RNG(hidden)
    w, u = rng.uniform(-1, 1, (hidden, INPUTS)), rng.uniform(-size, size, (hidden, hidden))

    def step(params, h, x, dt):
        after = jnp.tanh(params[0] @ x + params[1] @ h)
        return after, after

    given = trace(step, (jnp.asarray(w), jnp.asarray(u)), state=jnp.zeros(hidden), inputs=jnp.zeros(INPUTS))
    return lower(given, dt=1.0)


def estimated(graph: Graph) -> Ranges:
    return ranges(graph, declared=DECLARED, calibration=None)


def integers(graph: Graph, choices: Choices | None = None) -> Graph:
    spans = estimated(graph)
    return prove(quantise(formats(graph, spans), spans, choices or Choices()))[0]


def matrices(graph: Graph) -> list[Node]:
    return [node for node in graph.walk() if node.op == "affine"]


def error(graph: Graph, integer: Graph) -> float:
    """RMS of the output over one trajectory."""
    xs = RNG(1).uniform(*DECLARED["x"], (1, 400, INPUTS))
    form, given = (integer.values[p[0].value].format for p in (integer.outputs, integer.inputs))
    assert form is not None and given is not None
    raw = twin.quantised(xs, given.frac)
    found = twin.run(integer, (raw,))[1][0] * 2.0**-form.frac
    h, off = np.zeros(graph.states[0].initial.shape), []
    for k, x in enumerate(raw[0] * 2.0**-given.frac):
        known = {graph.inputs[0].value: x[None], graph.states[0].before: h[None]}
        h = disturbed.step(graph, known, {}, lambda _, y: y)[1][0]
        off.append(found[0, k] - h)
    return float(np.sqrt(np.mean(np.square(off))))


def test_short_rows_have_one_sum_which_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cell(12)
    one = integers(graph)
    [node] = matrices(one)
    assert len(node.inputs) == 5 and one.constants[node.inputs[2]].shape == (12, INPUTS + 12)
    fracs = [one.values[x].format for x in (node.inputs[1], node.inputs[4])]
    assert fracs[0] != fracs[1]
    enough = affine.ENOUGH
    monkeypatch.setattr(affine, "ENOUGH", 0.0)
    apart = integers(graph)
    assert len(matrices(apart)) > 1 and error(graph, apart) < error(graph, one) < 2 * enough


def test_no_value_is_left_that_nothing_makes() -> None:
    graph = integers(cell(12))
    made = {name for node in graph.walk() for name in node.outputs}
    given = {p.value for p in graph.inputs} | {s.before for s in graph.states}
    assert set(graph.values) == made | given | set(graph.constants)


def test_long_rows_keep_blocks_of_columns() -> None:
    graph = integers(cell(96))
    assert len(matrices(graph)) > 2 and all(len(node.inputs) == 4 for node in matrices(graph))


def test_narrow_weights_keep_formats_of_their_own() -> None:
    """Those of x, which is coarser, would lose two of eight bits."""
    graph = cell(12)
    assert [len(n.inputs) for n in matrices(integers(graph, Choices(Choice(weight_bits=8))))] == [4, 4]
    first = matrices(graph)[0].outputs[0]
    mixed = Choices(nodes={first: Choice(weight_bits=8)})
    assert all(len(n.inputs) == 4 for n in matrices(integers(graph, mixed)))


def ends(graph: Graph) -> list[int]:
    return [len(chain) for chain in chains(graph, "affine").values()]


def test_a_sum_that_others_read_is_no_link() -> None:
    b, rng = Builder(), RNG(0)
    x, z = b.input(4), b.input(3)
    first = b.affine(rng, x, 5)
    b.output(b.requantise(b.affine(rng, z, 5, first), 12))
    alone = b.graph()
    b.output(b.requantise(first, 12))
    assert ends(alone) == [0, 2] and ends(b.graph()) == [1, 1]


def test_a_sum_before_a_loop_is_no_link_of_one_inside() -> None:
    b, rng = Builder(), RNG(0)
    x, h = b.input(4), b.state(np.zeros(5))
    first = b.affine(rng, x, 5)
    [v] = b.loop((h,))
    [after] = b.end((h,), (v,), (b.requantise(b.affine(rng, v, 5, first), 12),), trips=3)
    b.becomes(h, after)
    b.output(x)
    assert ends(b.graph()) == [1, 1]


def matrix(b: Builder, rng: np.random.Generator, xs: tuple[str, ...], rows: int) -> str:
    """Of several vectors, one behind the other."""
    cols = sum(map(b.size, xs))
    w, s = b.constant(rng.integers(-900, 900, (rows, cols))), b.constant(rng.integers(2, 9, rows), Format(8, 0))
    start = b.constant(rng.integers(-FULL, FULL, rows), WIDE)
    return b.op("affine", (start, xs[0], w, s, *xs[1:]), rows, WIDE, rows=rows, cols=cols)


def wired() -> Graph:
    """Three layers of neurons, each with its part of one state, that read themselves and what the one before makes."""
    b, rng = Builder(), RNG(0)
    x, h = b.input(8), b.state(rng.integers(-FULL, FULL, 28))
    read, parts = x, []
    for start, n in ((0, 15), (15, 9), (24, 4)):
        own = b.slice(h, start, n)
        heads = (matrix(b, rng, (own, read), n) for _ in range(3))
        read = b.blend(*(b.table(rng, wide) for wide in heads))
        parts.append(read)
    b.becomes(h, b.concat(*parts))
    b.output(read)
    return b.graph()


def test_no_number_changes() -> None:
    graph = wired()
    xs = (RNG(1).integers(-FULL, FULL, (1, 20, 8)),)
    assert twin.digest(twin.run(joined(once(graph)), xs)) == twin.digest(twin.run(graph, xs))
    assert same(joined(once(graph)), thrifty=False) and same(joined(once(graph)), thrifty=True)


def test_the_state_itself_is_the_place_of_what_a_layer_reads() -> None:
    """But for the first layer, whose inputs are the caller's."""
    made = calls(planned(wired()).statements)
    copies = [line for line in made if line.startswith("ln_copy")]
    assert copies == ["ln_copy t0 s->s0", "ln_copy t0 + 15 x0", "ln_copy s->s0 + 24 y0"]
    assert [line.split()[2:] for line in made if line.startswith("ln_affine")] == [
        ["t0"],
        ["s->s0"],
        ["s->s0", "+", "15"],
    ]


def test_matrices_of_one_vector_share_it_also_in_loops() -> None:
    b, rng = Builder(), RNG(0)
    x, h = b.input(4), b.state(np.zeros(5))
    b.output(b.requantise(matrix(b, rng, (x, h), 5), 12))
    [v] = b.loop((h,))
    heads = [b.requantise(matrix(b, rng, (x, y), 5), 12) for y in (h, v, v)]
    [after] = b.end((h,), (v,), (b.multiply(b.multiply(heads[0], heads[1], 15), heads[2], 15),), trips=3)
    b.becomes(h, after)
    graph = joined(b.graph())
    assert sum(node.op == "concat" for node in graph.walk()) == 2 and same(graph, thrifty=False)
