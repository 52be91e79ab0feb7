"""Training through the rounding: what is on the grid is what the compiler stores, to the last integer."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from examples.accuracy import fixed, grid, models, qat, weights
from examples.accuracy.metrics import MSE
from examples.accuracy.sets import TASKS
from examples.accuracy.task import Task, whole
from lnncc.cells import CfC, Readout
from lnncc.ir import Array, Graph
from lnncc.ops import affine

INPUTS, UNITS, BACKBONE, OUTPUTS = 3, 5, 7, 2
TUNED = [(TASKS[name], bits) for name in qat.SETS for bits in qat.BITS[1:]]
TUNED += [(task, bits) for task in TASKS.values() for _, bits in task.tuned]


@pytest.fixture(scope="module")
def toy() -> tuple[Task, models.PyTree]:
    cell = partial(models.cfc, INPUTS, OUTPUTS, units=UNITS, backbone=BACKBONE)
    task = Task("toy", (), lambda _: pytest.fail("it has no data"), INPUTS, OUTPUTS, 4.0, (MSE,), {"cfc": cell}, {})
    return task, cell().init(jax.random.key(0))


def stored(graph: Graph) -> list[Array]:
    """The real matrices that the integers of the graph stand for."""
    found = []
    for node in (n for n in graph.walk() if n.op == "affine"):
        _, x, weight, shift = node.inputs
        form, out = graph.values[x].format, graph.values[node.outputs[0]].format
        assert form is not None and out is not None
        frac = graph.constants[shift] + out.frac - form.frac
        found.append(graph.constants[weight] * 2.0 ** -frac[:, None])
    return found


def matrices(params: models.PyTree, inputs: int) -> list[Array]:
    """What the compiler should store of a CfC with the activation lecun_tanh."""
    cell = params["cell"]  # type: ignore[index]
    backbone = 0.666 * np.asarray(cell["backbone"][0]["weight"], np.float64)
    heads = [1.7159 * np.asarray(cell[name]["weight"], np.float64) for name in ("ff1", "ff2", "time_b")]
    readout = np.asarray(params["readout"]["weight"], np.float64)  # type: ignore[index]
    return [backbone[:, :inputs], backbone[:, inputs:], *heads, readout]


def assert_stored(graph: Graph, params: models.PyTree, inputs: int) -> None:
    found = stored(graph)
    for wanted in matrices(params, inputs):
        assert any(w.shape == wanted.shape and np.allclose(w, wanted, rtol=1e-6, atol=1e-9) for w in found)


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_what_is_on_the_grid_is_stored_as_it_is(toy: tuple[Task, models.PyTree], bits: int) -> None:
    task, params = toy
    on = grid.on_grid(task.cells["cfc"](), params, bits)
    program = fixed.compiled(task, "cfc", on, bits)
    assert_stored(program.build.integer, on, INPUTS)


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_the_grid_is_the_compilers_own(
    toy: tuple[Task, models.PyTree], bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of rows that clip nothing: what that is worth depends on the inputs, and training does without."""
    monkeypatch.setattr(affine, "_clipped", lambda weights, *_: np.zeros(len(weights), bool))
    task, params = toy
    program = fixed.compiled(task, "cfc", params, bits)
    assert_stored(program.build.integer, grid.on_grid(task.cells["cfc"](), params, bits), INPUTS)


def test_calibrated_rounding_leaves_the_grid_as_it_is(toy: tuple[Task, models.PyTree]) -> None:
    task, params = toy
    on = grid.on_grid(task.cells["cfc"](), params, 4)
    x = np.random.default_rng(0).uniform(-3, 3, (4, 20, INPUTS)).astype(np.float32)
    seen = whole(x, np.zeros((4, 20), np.int64))
    assert_stored(fixed.compiled(task, "cfc", on, 4, seen).build.integer, on, INPUTS)


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_rounding_keeps_to_its_bits_and_is_done_once(bits: int) -> None:
    weight = jax.random.normal(jax.random.key(1), (6, 9))
    on = grid.rounded(weight, bits)
    finest = 2.0 ** np.floor(np.log2((2 ** (bits - 1) - 0.5) / np.abs(weight).max(axis=1, keepdims=True)))
    assert np.array_equal(on * finest, np.round(on * finest))
    assert np.abs(on * finest).max() <= 2 ** (bits - 1) - 1
    assert np.abs(on - weight).max() <= 0.5 / finest.min()
    assert np.array_equal(grid.rounded(on, bits), on)


def test_gradients_pass_the_rounding_unchanged() -> None:
    weight = jax.random.normal(jax.random.key(2), (2, 3))
    assert np.array_equal(jax.grad(lambda w: (3 * grid.rounded(w, 4)).sum())(weight), jnp.full((2, 3), 3.0))


@pytest.mark.parametrize("cell", [CfC(2, 3, mode="pure"), CfC(2, 3, backbone_layers=0)])
def test_other_cells_are_refused(cell: CfC) -> None:
    model = Readout(cell, 1)
    with pytest.raises(ValueError, match="only a gated CfC"):
        grid.on_grid(model, model.init(jax.random.key(0)), 8)


@pytest.mark.parametrize(("task", "bits"), TUNED, ids=[f"{t.name}-{b}" for t, b in TUNED])
def test_trained_grids_stay_on_the_grid(task: Task, bits: int) -> None:
    params = weights.params(task, qat.CELL, weights.tuned(qat.CELL, bits))
    again = grid.on_grid(task.cells[qat.CELL](), params, bits)
    for one, other in zip(jax.tree.leaves(params), jax.tree.leaves(again), strict=True):
        assert np.allclose(one, other, rtol=1e-6, atol=1e-9)


def test_a_trained_grid_is_stored_as_it_is() -> None:
    task = TASKS[qat.SETS[0]]
    params = weights.params(task, qat.CELL, weights.tuned(qat.CELL, 4))
    program = fixed.compiled(task, qat.CELL, params, 4)
    assert_stored(program.build.integer, params, task.inputs)
