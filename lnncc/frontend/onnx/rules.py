"""What each ONNX operator is in lnncc's primitives: the registry. An operator that the standard defines as a function
of others needs no rule; onnx inlines it.

Semantics: https://onnx.ai/onnx/operators/
"""

from collections.abc import Mapping

from lnncc.frontend.onnx.call import Rule
from lnncc.frontend.onnx.data import DATA
from lnncc.frontend.onnx.elementwise import ELEMENTWISE
from lnncc.frontend.onnx.matrix import MATRIX
from lnncc.frontend.onnx.recurrent import RECURRENT

RULES: Mapping[str, Rule] = {**ELEMENTWISE, **DATA, **MATRIX, **RECURRENT}
