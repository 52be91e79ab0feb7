"""ncps checkpoints: the arrays of an LTC, CfC or wired CfC, with or without the LSTM of a mixed memory, as a ``Model``.

Names and layout are those of ncps 1.0.1 for torch. A state_dict lacks part of what the model computes (mode,
solver steps, positivity, activation): that is asked for, never guessed.
"""

import re
from collections.abc import Iterable
from typing import Literal

import jax
import jax.numpy as jnp

from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.frontend import jaxpr, ncps_masks
from lnncc.frontend.ncps_cells import Network, cfc, ltc, mixed, readout, timed, wired
from lnncc.frontend.ncps_options import Kind, Told, check, check_kind, conflict, settled
from lnncc.frontend.weights import Weights

READERS = {"LTC": ltc, "CfC": cfc, "WiredCfC": wired}
# Names that give a cell away; the first group is its prefix.
IN_LTC = re.compile(r"((?:.*\.)?)(?:gleak|vleak|sensory_sigma)")
IN_CFC = re.compile(r"((?:.*?\.)??)(layer_\d+\.)?ff1\.weight")
IN_STATE_SPACE = re.compile(r"(?:.*\.)?kernel\.(?:log_dt|inv_w_real|inv_A_real|log_A_real|w_imag|A_imag)")
IN_LSTM = re.compile(r"((?:.*\.)?lstm\.)(?:input_map|recurrent_map)\..*")


def traced(found: Network) -> Model:
    """One step of a network."""
    x = jax.ShapeDtypeStruct((found.cell.inputs,), jnp.float32)
    return Model(jaxpr.trace(found.cell.step, found.params, state=found.cell.initial_state(), inputs=x))


def network(weights: Weights, told: Told) -> Network:
    """The cell in ``weights`` and the readouts behind it. Raises as ``from_ncps``."""
    check(told)
    kind, prefix = _locate(weights)
    check_kind(kind, told)
    told = settled(kind, told)
    weights = ncps_masks.given(weights, prefix, told)
    found, lstm = READERS[kind](weights, prefix, told), _memory(weights)
    if lstm is not None:
        found = mixed(weights, lstm, told, found)
    found = timed(found, told)
    head, dot, _ = prefix[:-1].rpartition(".")
    fc = f"{head}{dot}fc"  # beside the cell, where ncps puts it
    if f"{fc}.weight" in weights.arrays:
        found = readout(weights, fc, found)
    if told.proj and (name := told.proj.replace("__", ".")) != fc:
        found = _behind(weights, name, found)
    _require_all_used(weights, found, prefix, told.proj)
    return found


def _memory(weights: Weights) -> str | None:
    """What stands before the names of the LSTM of a mixed memory, if there is one."""
    found = {m[1] for m in map(IN_LSTM.fullmatch, weights.arrays) if m}
    if len(found) > 1:
        raise LnnccError(
            "E0323",
            f"there are {len(found)} LSTMs in {weights.origin}: {listed(sorted(found))}",
            helps=("give one cell with its LSTM alone: from_ncps({k: v for k, v in weights.items() if ...}, ...)",),
        )
    return next(iter(found), None)


def _locate(weights: Weights) -> tuple[Kind, str]:
    """The kind of the only cell, and what stands before its names, dot included."""
    cells: dict[str, Kind] = {m[1]: "LTC" for m in map(IN_LTC.fullmatch, weights.arrays) if m}
    cells |= {m[1]: "WiredCfC" if m[2] else "CfC" for m in map(IN_CFC.fullmatch, weights.arrays) if m}
    if not cells and any(map(IN_STATE_SPACE.fullmatch, weights.arrays)):
        raise _state_space(weights)
    if not cells:
        raise LnnccError(
            "E0323",
            f"there is no LTC or CfC of ncps for torch in {weights.origin}",
            notes=(f"it has {listed(weights.keys.values()) or 'no array'}",),
            helps=("save model.state_dict(); from Keras or TensorFlow, export the step as ONNX",),
        )
    if len(cells) > 1:
        raise LnnccError(
            "E0323",
            f"there are {len(cells)} cells in {weights.origin}: {listed(p.rstrip('.') or 'the top' for p in cells)}",
            helps=("give one alone: from_ncps({k: v for k, v in weights.items() if k.startswith(...)}, ...)",),
        )
    prefix, kind = next(iter(cells.items()))
    return kind, prefix


def _state_space(weights: Weights) -> LnnccError:
    """The arrays of S4, S4D and Liquid-S4 are the same: which of them a file is from it does not say."""
    return LnnccError(
        "E0351",
        f"{weights.origin} holds a state-space layer (S4, S4D or Liquid-S4), and no cell",
        notes=(
            "the kernels of Liquid-S4 (allcombs, polyb) sum products of inputs over the whole sequence, turned around "
            "in time: no step gives their numbers",
        ),
        helps=(
            "S4 and S4D have a recurrence: put the arrays into the parameters of a step, as lnncc.cells.S4D is one",
            "Liquid-S4: train its recurrence, h = (A + B u) h + B u, y = C h + D u, and compile that as a step",
        ),
    )


def _behind(weights: Weights, name: str, found: Network) -> Network:
    if f"{name}.weight" not in weights.arrays:
        raise conflict(f"proj={name!r}, but there is no `{weights.key(name + '.weight')}` in {weights.origin}")
    return readout(weights, name, found)


def _require_all_used(weights: Weights, found: Network, prefix: str, proj: str | Literal[False] | None) -> None:
    """An array of unknown use may be a part of the model: compiling without it would be silently wrong."""
    others = [name for name in weights.arrays if name not in found.used]
    inside = [name for name in others if prefix and name.startswith(prefix)]
    if inside:
        raise _unknown_use(weights, inside, "they are inside the cell: it is none of ncps 1.0.1 for torch")
    if others and proj is not False:
        fits = [n.removesuffix(".weight") for n in others if _is_linear(weights, n, found.cell.outputs)]
        readouts = [f'if it is the readout behind the cell: from_ncps(..., proj="{name}")' for name in fits[:3]]
        raise _unknown_use(weights, others, *readouts, "to compile without them: from_ncps(..., proj=False)")


def _is_linear(weights: Weights, name: str, columns: int) -> bool:
    return name.endswith(".weight") and weights.arrays[name].shape[1:] == (columns,)


def _unknown_use(weights: Weights, names: list[str], *helps: str) -> LnnccError:
    arrays = listed(map(weights.key, names))
    return LnnccError("E0325", f"{weights.origin} has arrays of unknown use: {arrays}", helps=helps)


def listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
