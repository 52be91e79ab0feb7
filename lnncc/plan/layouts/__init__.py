"""Layouts: the constants of a kernel in the order in which one machine likes to read them. No number changes.

A kernel names its layout in the line above its text (``plan.prototypes``); a layout is the function of that name here.
"""

from collections.abc import Mapping

from lnncc.plan.layouts.matrices import (
    byte_pairs,
    columns,
    literal_rows,
    literal_rows_from,
    literal_words,
    literal_words_from,
    pairs,
    row_halves,
    row_octets,
    row_quads,
    row_quads8,
    row_sixteens,
)
from lnncc.plan.layouts.own import each, one_by_one, own_eights, synapse_places, with_positions
from lnncc.plan.layouts.packed import Layout, Packed
from lnncc.plan.layouts.synapses import (
    sell,
    source_first,
    synapse_columns,
    synapse_fours,
    synapse_lists,
    synapse_rows,
    synapse_words,
)
from lnncc.plan.layouts.tables import flat_ends, flat_mirrored, flat_rises, mirrored

__all__ = ["LAYOUTS", "Packed"]

LAYOUTS: Mapping[str, Layout] = {
    function.__name__: function
    for function in (
        row_quads,
        literal_rows,
        literal_rows_from,
        literal_words,
        literal_words_from,
        row_quads8,
        byte_pairs,
        row_octets,
        row_sixteens,
        row_halves,
        mirrored,
        flat_mirrored,
        flat_ends,
        flat_rises,
        synapse_words,
        synapse_rows,
        synapse_fours,
        synapse_lists,
        synapse_places,
        one_by_one,
        with_positions,
        own_eights,
        each,
        source_first,
        columns,
        synapse_columns,
        pairs,
        sell,
    )
}
