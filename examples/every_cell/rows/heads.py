"""Networks around cells: stacks of different ones, front ends, heads that classify."""

from collections.abc import Mapping

from examples.every_cell.case import INPUTS, UNITS, Case, cell
from lnncc.cells import LTC, AutoNCP, CfC, Classifier, Convolved, Stacked

LIQUID = LTC(AutoNCP(UNITS, 2).wire(INPUTS))


def _cfc(inputs: int) -> CfC:
    return CfC(inputs, UNITS, backbone_units=16)


CASES: Mapping[str, Case] = {
    "LTC and CfC stacked": cell(Stacked((LIQUID, _cfc(2)))),
    "dense layer, CfC": cell(Convolved(_cfc(4), INPUTS)),
    "1-D convolution, LTC": cell(Convolved(LTC(AutoNCP(UNITS, 2).wire(4)), INPUTS, taps=5, activation="tanh")),
    "CfC, softmax head": cell(Classifier(_cfc(INPUTS), 5)),
    "CfC, argmax head": cell(Classifier(_cfc(INPUTS), 5, "argmax"), error=(0.2, 0.6)),  # of whole numbers
}
