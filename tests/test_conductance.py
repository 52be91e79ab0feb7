"""Units of conductances: where neurons have many synapses their g gets bits of e, and the chip errs less."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc.cells import LTC, AutoNCP, FullyConnected
from lnncc.ir import Format, Graph
from lnncc.means import lost
from lnncc.passes import quantise
from lnncc.passes.conductance import MOST_FINER, units

XS = np.random.default_rng(2).uniform(-1, 1, (4, 60, 3)).astype(np.float32)


def compiled(wiring: AutoNCP | FullyConnected, leak: float = 1.0, **options: object) -> lnncc.Program:
    """Trained reversal potentials are anywhere; those of ``init`` are ±1, which few bits cannot hold."""
    cell = LTC(wiring.wire(3), unfolds=3)
    params, rng = cell.init(jax.random.key(0)), np.random.default_rng(4)
    for name in ("erev", "sensory_erev"):
        params[name] = params[name] * rng.uniform(0.3, 0.9, params[name].shape)
    params["gleak"] = params["gleak"] * leak
    given = {"state": cell.initial_state(), "inputs": jnp.zeros(3), "dt": 1.0, "ranges": {"x": (-1.0, 1.0)}}
    return lnncc.compile(cell.step, params, name="net", **given, **options)  # type: ignore[arg-type]


def shifts(graph: Graph) -> list[object]:
    return [node.attrs["shift"] for node in graph.walk() if node.op == "coarsen"]


@pytest.mark.parametrize("optimise", ["balanced", "speed"])
def test_a_neuron_of_many_synapses_rounds_each_of_them_less(optimise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one table for all, or with one a synapse; the C has the bits of the twin."""
    fine = compiled(FullyConnected(20, 2), optimise=optimise)
    monkeypatch.setattr(quantise, "units", partial(units, most_finer=0))
    coarse = compiled(FullyConnected(20, 2), optimise=optimise)
    assert all(0 < int(str(s)) <= MOST_FINER for s in shifts(fine.build.integer)) and shifts(fine.build.integer)
    assert shifts(coarse.build.integer) == []
    told = [program.verify({"x": XS}) for program in (fine, coarse)]
    assert all(one.bit_exact for one in told)
    assert told[0].errors["y"].rms < 0.6 * told[1].errors["y"].rms


def test_where_synapses_are_few_nothing_is_gained_and_nothing_done() -> None:
    assert shifts(compiled(AutoNCP(20, 2)).build.integer) == []


def test_weights_that_may_change_decide_of_no_node() -> None:
    assert shifts(compiled(FullyConnected(20, 2), updatable=True).build.integer) == []


@pytest.mark.parametrize("leak", [0.0, 1.0])
def test_the_half_that_rounds_a_sum_up_is_in_the_error_of_the_leak(
    leak: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which makes it good, unless it is smaller."""
    seen, constant = list[np.ndarray](), quantise._Quantiser.constant

    def kept(
        self: quantise._Quantiser, ints: np.ndarray, form: Format, *, label: str, error: object, **more: bool
    ) -> str:
        seen.extend([np.asarray(error)] if label.startswith("leak") else [])
        return constant(self, ints, form, label=label, error=error, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(quantise._Quantiser, "constant", kept)
    made = shifts(compiled(FullyConnected(20, 2), leak).build.integer)
    assert len(made) == 1 and seen
    assert all(one[:, 1].min() >= lost(int(str(made[0]))) > 0 for one in seen)
