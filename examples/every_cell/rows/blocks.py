"""Blocks of state-space and language models: LrcSSM with its norms, S4D, the short convolution of LFM2."""

from collections.abc import Mapping

from examples.every_cell.case import INPUTS, UNITS, Case, cell
from lnncc.cells import S4D, LrcSSM, ShortConv

CASES: Mapping[str, Case] = {
    "LrcSSM block, no norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1, norm="none")),
    "LrcSSM block, layer norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1)),
    "LrcSSM block, RMS norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1, norm="rms")),
    "S4D block": cell(S4D(INPUTS, 6, 4), error=(1e-2, 0.5)),  # modes that fade by 0.05 % a step are no 8-bit weights
    "LFM2 short convolution": cell(ShortConv(INPUTS)),
}
