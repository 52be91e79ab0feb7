"""The compiled ops, one file each; the folder is the registry.

An op is a module with

    reference(attrs, *xs)     its meaning in float64, on (..., n) arrays
    span(attrs, *spans)       estimated real interval of the result, from those of the inputs
    tube(attrs, *tubes)       how far apart two runs can be after it, from how far apart they are before; see ``tube``
    quantise(node, q)         the integer node or nodes for it, through a ``Quantiser``; absent: copied
    evaluate(attrs, *xs)      its meaning in integers, in the words of ``fx`` alone; constants too only through words
    work(node, values)        what a call of its kernel does, by the keys of a target's [cost]; absent: an element each

and a kernel of the same name in ``runtime/kernels``. ``WIDE_INPUTS`` are the positions that take int32, ``WIDE`` says
that the result is int32; everything else is int16. ``IN_PLACE`` are the inputs that the result may overwrite.
``BY_ROW`` are those of which each row of the result reads its own row alone; without it, the rows belong together.
``WEIGHT_BITS`` are the widths that its weights may have, ``TABLES`` the kinds of table; see ``lnncc.choices``.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

OPS: Mapping[str, ModuleType] = {
    info.name: importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)
}
NAMES = frozenset(OPS)
