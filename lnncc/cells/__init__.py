"""Liquid cells in plain JAX: the reference text of what lnncc compiles, and cells to train.

A cell is a frozen dataclass of static choices with ``init(key) -> params``, ``initial_state() -> state``
and the canonical ``step(params, state, x, dt) -> (state, y)`` on one stream; use ``jax.vmap`` for many
streams and ``jax.lax.scan`` for time. Parameters are arrays in plain dicts, the state is one array
(two behind a ``MixedMemory``).
"""

from lnncc.cells.cfc import CfC
from lnncc.cells.ltc import LTC
from lnncc.cells.memory import MixedMemory
from lnncc.cells.readout import Readout
from lnncc.cells.wired import WiredCfC
from lnncc.cells.wirings import NCP, AutoNCP, FullyConnected, Random, Wiring

__all__ = ["LTC", "NCP", "AutoNCP", "CfC", "FullyConnected", "MixedMemory", "Random", "Readout", "WiredCfC", "Wiring"]
