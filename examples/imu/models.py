"""The two networks: a CfC and an LTC, both wired by AutoNCP, both with a linear readout to the classes."""

from collections.abc import Callable

from examples.imu.data import CHANNELS, CLASSES
from lnncc.cells import LTC, AutoNCP, Readout, WiredCfC

Model = Readout


def _cfc(_rolled: bool) -> Model:
    wiring = AutoNCP(units=40, outputs=12, sparsity=0.5, seed=1).wire(len(CHANNELS))
    return Readout(WiredCfC(wiring), len(CLASSES))


def _ltc(rolled: bool) -> Model:
    wiring = AutoNCP(units=28, outputs=8, sparsity=0.5, seed=1).wire(len(CHANNELS))
    return Readout(LTC(wiring, unfolds=3, rolled=rolled), len(CLASSES))


CELLS: dict[str, Callable[[bool], Model]] = {"cfc": _cfc, "ltc": _ltc}


def build(cell: str, *, rolled: bool = True) -> Model:
    """The untrained network "cfc" or "ltc": ``init``, ``initial_state`` and the canonical ``step``.

    Raises:
        ValueError: for another name.
    """
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {', '.join(CELLS)}; got {cell!r}")
    return CELLS[cell](rolled)
