"""The cells of ncps, each with a constant and with an elapsed time that every step is told."""

from collections.abc import Mapping

from examples.every_cell.case import INPUTS, UNITS, Case, cell
from lnncc.cells import LTC, NCP, AutoNCP, CfC, FullyConnected, MixedMemory, Random, WiredCfC

SPAN = (0.1, 4.0)
WIRING = AutoNCP(UNITS + 2, 2).wire(INPUTS)


def _cfc(mode: str = "default", **choices: object) -> CfC:
    return CfC(INPUTS, UNITS, mode, backbone_units=16, **choices)  # type: ignore[arg-type]


CASES: Mapping[str, Case] = {
    "CfC": cell(_cfc()),
    **{f"CfC, backbone of {act}": cell(_cfc(activation=act)) for act in ("tanh", "relu", "silu", "gelu")},
    "CfC without backbone": cell(_cfc(backbone_layers=0)),
    "CfC, two backbone layers": cell(_cfc(backbone_layers=2)),
    "CfC no_gate": cell(_cfc("no_gate")),
    "CfC pure": cell(_cfc("pure")),
    "CfC, irregular time": cell(_cfc(), dt=SPAN),
    "CfC no_gate, irregular time": cell(_cfc("no_gate"), dt=SPAN),
    "CfC pure, irregular time": cell(_cfc("pure"), dt=SPAN),
    "WiredCfC": cell(WiredCfC(WIRING)),
    "WiredCfC no_gate": cell(WiredCfC(WIRING, "no_gate")),
    "WiredCfC pure": cell(WiredCfC(WIRING, "pure")),
    "WiredCfC, irregular time": cell(WiredCfC(WIRING), dt=SPAN),
    "WiredCfC no_gate, irregular time": cell(WiredCfC(WIRING, "no_gate"), dt=SPAN),
    "WiredCfC pure, irregular time": cell(WiredCfC(WIRING, "pure"), dt=SPAN),
    "LTC, AutoNCP": cell(LTC(WIRING)),
    "LTC, NCP": cell(LTC(NCP(4, 3, 2, 2, 2, 2, 2).wire(INPUTS))),
    "LTC, fully connected": cell(LTC(FullyConnected(UNITS, 2).wire(INPUTS))),
    "LTC, random": cell(LTC(Random(UNITS, 2, 0.5).wire(INPUTS))),
    "LTC, explicit parameters": cell(LTC(WIRING, implicit=False)),
    "LTC, irregular time": cell(LTC(WIRING), dt=SPAN),
    "mixed memory, CfC": cell(MixedMemory(_cfc())),
    "mixed memory, CfC, irregular time": cell(MixedMemory(_cfc()), dt=SPAN),
    "mixed memory, LTC": cell(MixedMemory(LTC(WIRING))),
    "mixed memory, LTC, irregular time": cell(MixedMemory(LTC(WIRING)), dt=SPAN),
}
