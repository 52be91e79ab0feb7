"""front: what a search for formats saw, as a picture: cost against error, and what was chosen of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc.extras import needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")
SIZE = (6.4, 4.2)  # inches
DPI = 150
COSTS = {
    "flash": "flash in bytes",
    "cycles": "cycles a step, an estimate",
    "ram": "RAM in bytes",
}
ERRORS = {"max_abs": "largest error of an output", "rms": "RMS error of the worst output"}


def require() -> None:
    """Raises E0703 without matplotlib."""
    with needs("matplotlib", "plot"):
        import matplotlib.figure  # noqa: F401  # to know whether it is there


def save(search: Mapping, path: Path) -> None:
    """``search`` is what a search left among the facts; the same search gives the same bytes, as SVG or PNG by name.

    Raises:
        LnnccError: E0703 without matplotlib.
        OSError: if the file cannot be written.
    """
    require()
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "lnncc", "svg.fonttype": "none"}):
        # No date, so that the file is a function of the search alone.
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        draw(search).savefig(path, dpi=DPI, metadata=metadata)


def draw(search: Mapping) -> "Figure":
    """The front as steps: at a cost nothing measured errs less than the line. Raises E0703 without matplotlib."""
    require()
    from matplotlib.figure import Figure

    budget, chosen = search["budget"], search["measured"]
    error = next((name for name in ERRORS if budget[name] is not None), "max_abs")
    limited = any(budget[name] is not None for name in ERRORS)
    cost = budget["objective"] if limited else "flash"
    figure = Figure(SIZE, layout="constrained")
    axes = figure.add_subplot()
    costs, errors = ([point[key] for point in search["front"]] for key in (cost, error))
    axes.step(costs, errors, "o-", where="post", color="tab:blue", markersize=4, label="no candidate beats these")
    axes.plot(chosen[cost], chosen[error], "D", color="tab:red", markersize=9, label="chosen")
    _limits(axes, budget, cost, error)
    axes.set(xlabel=COSTS[cost], ylabel=ERRORS[error], yscale="log")
    axes.set_title(f"{search['tried']} candidates measured on {search['steps']} recorded steps", fontsize=10)
    axes.grid(visible=True, which="both", linewidth=0.4, alpha=0.5)
    axes.legend()
    return figure


def _limits(axes: "Axes", budget: Mapping, cost: str, error: str) -> None:
    """The budget as dashed lines, as far as the axes show it."""
    if budget[error] is not None:
        axes.axhline(budget[error], color="tab:gray", linestyle="--", label=f"budget: {budget[error]:g}")
    if cost == "flash" and budget["flash"] is not None:
        axes.axvline(budget["flash"], color="tab:gray", linestyle=":", label=f"budget: {budget['flash']} bytes")
