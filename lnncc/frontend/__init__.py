"""The front ends: each turns what a user has into a ``Model``. JAX is imported on first use, for it takes seconds."""

from collections.abc import Callable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lnncc.archive import Model
from lnncc.extras import needs

if TYPE_CHECKING:
    import equinox
    import jax
    from flax import linen, nnx

    from lnncc.cells.cfc import Activation, Mode, Squash
    from lnncc.cells.ltc import Map
    from lnncc.cells.memory import Route
    from lnncc.frontend.ncps_dialects import Name as Dialect
    from lnncc.frontend.ncps_options import Masks

PyTree = object


def trace(step: Callable[..., object], params: PyTree = None, *, state: PyTree, inputs: PyTree) -> Model:
    """A JAX ``step(params, state, x, dt) -> (state, y)`` as a Model; see ``frontend.jaxpr.trace``."""
    from lnncc.frontend import jaxpr

    return Model(jaxpr.trace(step, params, state=state, inputs=inputs))


def from_scan_body(body: Callable[[PyTree, PyTree], object], *, state: PyTree, inputs: PyTree) -> Model:
    """The body of a ``jax.lax.scan``, ``body(carry, x) -> (carry, y)``, as a Model.

    ``state`` is the initial carry, ``inputs`` one x, as for ``trace``. Arrays that ``body`` captures are its weights.

    Raises:
        LnnccError: as ``trace``.
    """
    from lnncc.frontend.adapters import scan_body

    return Model(scan_body.graph(body, state=state, inputs=inputs))


def from_linen(
    cell: "linen.Module",
    variables: Mapping[str, PyTree],
    *,
    inputs: PyTree,
    state: PyTree = None,
    call: "Callable[[Callable[..., object], PyTree, PyTree, jax.Array], object] | None" = None,
) -> Model:
    """A flax.linen cell, ``cell.apply(variables, carry, x) -> (carry, y)``, as a Model.

    Args:
        inputs: one x, as an array or its type, without a batch axis.
        state: the initial carry; None: what ``cell.initialize_carry`` makes.
        call: ``call(apply, carry, x, dt) -> (carry, y)`` where the cell is called in another way, or hears the
            elapsed time; ``apply`` is ``cell.apply`` with its variables.

    Raises:
        LnnccError: E0311 for a whole RNN, or a cell without ``state`` that makes none; E0703 without flax; and those
            of ``trace``.
    """
    with needs("flax", "flax"):
        import flax  # noqa: F401  # the adapter is made of it
    from lnncc.frontend.adapters import linen as adapter

    return Model(adapter.graph(cell, variables, inputs=inputs, state=state, call=call))


def from_nnx(
    cell: "nnx.Module",
    *,
    inputs: PyTree,
    state: PyTree = None,
    call: "Callable[[nnx.Module, PyTree, PyTree, jax.Array], object] | None" = None,
) -> Model:
    """A flax.nnx cell, ``cell(carry, x) -> (carry, y)``, as a Model. Random keys and statistics in it stay constant.

    Args:
        inputs: one x, as an array or its type, without a batch axis.
        state: the initial carry; None: what ``cell.initialize_carry`` makes.
        call: ``call(cell, carry, x, dt) -> (carry, y)`` where it is called in another way.

    Raises:
        LnnccError: E0311 for a whole RNN, or a cell without ``state`` that makes none; E0703 without flax; and those
            of ``trace``.
    """
    with needs("flax", "flax"):
        import flax  # noqa: F401  # the adapter is made of it
    from lnncc.frontend.adapters import nnx as adapter

    return Model(adapter.graph(cell, inputs=inputs, state=state, call=call))


def from_equinox(
    cell: "equinox.Module",
    *,
    inputs: PyTree,
    state: PyTree = None,
    call: "Callable[[equinox.Module, PyTree, PyTree, jax.Array], object] | None" = None,
) -> Model:
    """An equinox module, ``cell(x, state) -> state``, as a Model; it is partitioned inside, and put to inference.

    Its output is the first array of the new state, which is h for an LSTM.

    Args:
        inputs: one x, as an array or its type.
        state: the initial state; None: zeros, which only the cells of ``equinox.nn`` say.
        call: ``call(cell, state, x, dt) -> (state, y)`` where it is called in another way.

    Raises:
        LnnccError: E0311 for a cell that needs ``state``; E0703 without equinox; and those of ``trace``.
    """
    with needs("equinox", "equinox"):
        import equinox  # noqa: F401  # the adapter is made of it
    from lnncc.frontend.adapters import equinox as adapter

    return Model(adapter.graph(cell, inputs=inputs, state=state, call=call))


def load_params(path: str | PathLike[str], like: PyTree = None) -> PyTree:
    """Trained parameters, as a tree of arrays for ``trace``, ``compile`` or ``from_linen``.

    ``path`` is npz or safetensors, whose names are paths (``cell/w`` or ``cell.w``), or what
    ``flax.serialization.to_bytes`` wrote, in a file called ``.msgpack``, or the folder of one tree that orbax wrote.
    Nothing in it is executed.

    Args:
        like: a tree of arrays or their types that says where each one goes; None: nested dicts by name.

    Raises:
        LnnccError: E0322 for a pickle; E0323 for another kind of file or folder; E0402 for NaN or infinity; E0410
            for an unreadable one; E0411 for arrays that do not suit ``like`` or each other; E0703 if the package
            safetensors or orbax-checkpoint is missing.
    """
    from lnncc.frontend import params

    return params.load(Path(fspath(path)), like)


def from_onnx(
    path: str | PathLike[str],
    *,
    state: Mapping[str, str] | None = None,
    dt: str | Literal[False] | None = None,
    external_data: bool = False,
) -> Model:
    """An ONNX file of one step as a Model, ``state`` = {input: output}; see ``frontend.onnx.from_onnx``."""
    from lnncc.frontend import onnx

    return onnx.from_onnx(path, state=state, dt=dt, external_data=external_data)


def from_ncps(
    weights: str | PathLike[str] | Mapping[str, object],
    *,
    dialect: "Dialect | None" = None,
    mode: "Mode | None" = None,
    unfolds: int | None = None,
    implicit: bool | None = None,
    activation: "Activation | None" = None,
    outputs: int | None = None,
    epsilon: float | None = None,
    time_sign: Literal[1, -1] | None = None,
    squash: "Squash | None" = None,
    memory: "Route | None" = None,
    forget_bias: float | None = None,
    dt_offset: float | None = None,
    elapsed: float | None = None,
    masks: "Masks | None" = None,
    input_map: "Map | None" = None,
    output_map: "Map | None" = None,
    proj: str | Literal[False] | None = None,
) -> Model:
    """An LTC, CfC or wired CfC of ncps, with or without mixed memory, as a Model.

    ``weights`` are the state_dict of torch as npz, safetensors or a dict of arrays, or a file of Keras 3:
    ``.weights.h5`` or ``.keras``, of which the latter also says the options of its cells and what stands around them.
    Any prefix is accepted, and ``__`` for ``.`` in names. The elapsed time is said when compiling; ncps itself
    takes 1 where it is given no timespans.

    Args:
        dialect: whose numbers they are, which decides what is not said of the options below: ncps for "torch" (default
            but for Keras files), "keras", "tf" or "paddle"; "cfc_torch" and "cfc_tf", the code of the CfC paper;
            "ltc_tf1", that of the LTC paper. ``docs/ncps.md`` has the table.
        mode: of a CfC: "default" or "no_gate" ("pure" is seen in the file).
        activation: of the backbone of a CfC.
        unfolds: solver steps of an LTC.
        implicit: whether the conductances of an LTC went through softplus.
        outputs: of an LTC without output map, or a wired CfC of Keras in one layer: how many neurons are outputs.
        epsilon: of an LTC, added to the denominator.
        time_sign: of the time in the gate of a CfC.
        squash: of the heads of a CfC: "tanh", "none" or "lecun_tanh".
        memory: what the LSTM of a mixed memory gives: the "state" of the cell, or its "input".
        forget_bias: added to the forget gate of that LSTM.
        dt_offset: added to each elapsed time.
        elapsed: stands in place of each elapsed time.
        masks: where the file has none: "erev" (an LTC has no synapse where erev is 0), "full", or the masks by name
            as in ncps for torch, as a dict or in an npz. They are never drawn again from a wiring.
        input_map, output_map: of an LTC in ``.weights.h5``, if their sizes leave a doubt: "affine", "linear", "none".
        proj: the name of a linear readout behind the cell, if it is not ncps' own ``fc``; False leaves out
            whatever the file has outside the cell.

    Raises:
        LnnccError: E0320 asking for what the file does not say; E0322 for a pickle;
            E0323 if there is no ncps cell, or more than one; E0324 for an option that does not fit; E0325 for
            arrays of unknown use; E0326 for a Keras model that is no chain of known layers; E0402 for NaN or
            infinity; E0410 for an unreadable file; E0411 for missing or misshapen arrays; E0412 for negative
            conductances; E0413 for masks that are none; E0703 if the package safetensors is missing.
    """
    from lnncc.frontend import keras, ncps
    from lnncc.frontend.ncps_options import Told
    from lnncc.frontend.weights import read

    told = Told(
        dialect=dialect,
        mode=mode,
        unfolds=unfolds,
        implicit=implicit,
        activation=activation,
        outputs=outputs,
        epsilon=epsilon,
        time_sign=time_sign,
        squash=squash,
        memory=memory,
        forget_bias=forget_bias,
        dt_offset=dt_offset,
        elapsed=elapsed,
        masks=masks,
        input_map=input_map,
        output_map=output_map,
        proj=proj,
    )
    path = None if isinstance(weights, Mapping) else Path(fspath(weights))
    if path is not None and path.suffix.lower() in keras.SUFFIXES:
        return ncps.traced(keras.read(path, told))
    return ncps.traced(ncps.network(read(weights), told))
