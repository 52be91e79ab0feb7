"""Blocks of state-space and language models: LrcSSM with its norms, the short convolution of LFM2."""

from collections.abc import Mapping

from examples.every_cell.case import INPUTS, UNITS, Case, cell
from lnncc.cells import LrcSSM, ShortConv

CASES: Mapping[str, Case] = {
    "LrcSSM block, no norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1, norm="none")),
    "LrcSSM block, layer norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1)),
    "LrcSSM block, RMS norm": cell(LrcSSM(INPUTS, 6, UNITS, blocks=1, norm="rms")),
    "LFM2 short convolution": cell(ShortConv(INPUTS)),
}
