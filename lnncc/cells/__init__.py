"""Liquid cells in plain JAX: the reference text of what lnncc compiles, and cells to train.

A cell is a frozen dataclass of static choices with ``init(key) -> params``, ``initial_state() -> state``
and the canonical ``step(params, state, x, dt) -> (state, y)`` on one stream; use ``jax.vmap`` for many
streams and ``jax.lax.scan`` for time. Parameters are arrays in plain dicts, the state is one array
or a tuple of arrays. ``solve`` takes any vector field through fixed steps.
"""

from lnncc.cells.cfc import CfC
from lnncc.cells.classifier import Classifier
from lnncc.cells.continuous_gru import GRUD, GRUODE
from lnncc.cells.continuous_lstm import CTLSTM, ODELSTM, PhasedLSTM
from lnncc.cells.ct_gru import CTGRU
from lnncc.cells.ctrnn import CTRNN
from lnncc.cells.lrc import LRCU
from lnncc.cells.lrcssm import LrcSSM
from lnncc.cells.ltc import LTC
from lnncc.cells.ltc_paper import PaperLTC
from lnncc.cells.memory import MixedMemory
from lnncc.cells.readout import Readout
from lnncc.cells.s4d import S4D
from lnncc.cells.shortconv import ShortConv
from lnncc.cells.solvers import solve
from lnncc.cells.stacked import Convolved, Stacked
from lnncc.cells.wired import WiredCfC
from lnncc.cells.wirings import NCP, AutoNCP, FullyConnected, Random, Wiring

__all__ = [
    "CTGRU",
    "CTLSTM",
    "CTRNN",
    "GRUD",
    "GRUODE",
    "LRCU",
    "LTC",
    "NCP",
    "ODELSTM",
    "S4D",
    "AutoNCP",
    "CfC",
    "Classifier",
    "Convolved",
    "FullyConnected",
    "LrcSSM",
    "MixedMemory",
    "PaperLTC",
    "PhasedLSTM",
    "Random",
    "Readout",
    "ShortConv",
    "Stacked",
    "WiredCfC",
    "Wiring",
    "solve",
]
