"""Initial states, asked for where a cell does not make its own."""

from lnncc.errors import LnnccError


def shape_of(x: object) -> tuple[int, ...] | None:
    """The shape of a single input; None of a tree of them."""
    shape = getattr(x, "shape", None)
    return shape if isinstance(shape, tuple) else None


def unknown(cell: object, adapter: str) -> LnnccError:
    """E0311: no initial state is given, and ``cell`` makes none."""
    return LnnccError(
        "E0311",
        f"{type(cell).__name__} does not say what its initial state is",
        helps=(f"give it: lnncc.{adapter}(..., state=jnp.zeros(...)), as a tree if there are several",),
    )


def sequence(cell: object, adapter: str) -> LnnccError:
    """E0311: ``cell`` runs over whole sequences."""
    return LnnccError(
        "E0311",
        f"{type(cell).__name__} runs over a whole sequence, and lnncc compiles one step",
        helps=(f"give the cell inside it: lnncc.{adapter}(rnn.cell, ...)",),
    )
