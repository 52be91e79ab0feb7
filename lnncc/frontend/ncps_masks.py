"""The masks of a checkpoint's synapses: its own, those it was given with, or what the user says they follow from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from lnncc.errors import LnnccError
from lnncc.frontend.ncps_options import Kind, Told, ask, conflict
from lnncc.frontend.weights import Array, Weights, named, read

SENSORY = "sensory_"


def given(weights: Weights, prefix: str, told: Told) -> Weights:
    """``weights`` with the masks that were given by name, under ``prefix``. Raises E0324 if the file has its own."""
    if told.masks is None or told.masks in ("erev", "full"):
        return weights
    more = read(told.masks) if isinstance(told.masks, str) else named(told.masks, "masks")
    arrays = {prefix + name.removeprefix(prefix): _by_row(name, array) for name, array in more.arrays.items()}
    keys = {prefix + name.removeprefix(prefix): f"masks[{key!r}]" for name, key in more.keys.items()}
    both = sorted(set(arrays) & set(weights.arrays))
    if both:
        raise conflict(f"{weights.origin} has {weights.key(both[0])} itself", "leave masks out")
    return replace(weights, arrays={**weights.arrays, **arrays}, keys={**weights.keys, **keys})


def _by_row(name: str, array: Array) -> Array:
    """The mask of a layer of a wired CfC lies in Keras as [sources, neurons]; there are more sources than neurons."""
    layered = name.rpartition("layer_")[1] and array.ndim == 2
    return array.T if layered and array.shape[0] > array.shape[1] else array


def of_ltc(weights: Weights, prefix: str, told: Told, shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Array]:
    """The masks of synapses from neurons and from inputs, by their names in ncps."""
    names = ("sparsity_mask", SENSORY + "sparsity_mask")
    rule = _rule(weights, prefix, names, "LTC", told)
    if rule is None:
        arrays = weights.fetch({prefix + name: shapes[name] for name in names})
        return {name: _mask(weights, prefix + name, arrays[prefix + name]) for name in names}
    erev = weights.fetch({f"{prefix}{sense}erev": shapes[f"{sense}erev"] for sense in ("", SENSORY)})
    live = {name: array != 0 if rule == "erev" else np.ones(array.shape, bool) for name, array in erev.items()}
    return dict(zip(names, (array.astype(np.int32) for array in live.values()), strict=True))


def of_layers(weights: Weights, prefix: str, told: Told, shapes: Mapping[str, tuple[int, int]]) -> dict[str, Array]:
    """The masks [neurons, sources] of the layers of a wired CfC, by layer; -1 turns the sign of a weight.

    Raises E0413 if one cuts its own layer, or has signs in a flavour that has none.
    """
    names = [f"{layer}.sparsity_mask" for layer in shapes]
    rule = _rule(weights, prefix, names, "WiredCfC", told)
    if rule == "erev":
        raise conflict('masks="erev" is for an LTC: a CfC has no reversal potentials')
    if rule == "full" and told.flavour.signed:
        raise conflict(
            f'masks="full": in ncps for {told.dialect} the masks of a wired CfC also have signs',
            "give them: masks={f'layer_{i}.sparsity_mask': numpy.asarray(layer.sparsity_mask)",
            "    for i, layer in enumerate(rnn.cell._cfc_layers)}",
        )
    if rule == "full":
        return {layer: np.ones(shape, np.int32) for layer, shape in shapes.items()}
    found: dict[str, Array] = {}
    for layer, shape in shapes.items():
        name = f"{prefix}{layer}.sparsity_mask"
        found[layer] = _mask(weights, name, weights.fetch({name: shape})[name], signed=told.flavour.signed)
        if not (found[layer][:, -shape[0] :] == 1).all():
            raise _mask_error(weights, name, "it cuts synapses inside a layer, which ncps keeps whole")
    return found


def _rule(
    weights: Weights, prefix: str, names: tuple[str, ...] | list[str], kind: Kind, told: Told
) -> Literal["erev", "full"] | None:
    """What the masks follow from; None if they are among the arrays. Asks, if nobody knows."""
    said = told.masks if told.masks in ("erev", "full") else None
    if any(prefix + name in weights.arrays for name in names):
        if said is not None:
            raise conflict(f"masks={said!r}, but {weights.origin} has masks", "leave masks out")
        return None
    rule = said or told.flavour.masks
    if rule is None:
        ask(kind, told, ("masks",))
    return rule  # type: ignore[return-value]  # given by name, they are among the arrays, or missing


def _mask(weights: Weights, name: str, mask: Array, *, signed: bool = False) -> Array:
    if not np.isin(mask, (-1, 0, 1) if signed else (0, 1)).all():
        raise _mask_error(weights, name, f"it has values other than {'-1, ' if signed else ''}0 and 1")
    return mask.astype(np.int32)


def _mask_error(weights: Weights, name: str, why: str) -> LnnccError:
    return LnnccError(
        "E0413",
        f"`{weights.key(name)}` is no mask of a wiring: {why}",
        helps=("masks are not trained: keep them out of the optimiser",),
    )
