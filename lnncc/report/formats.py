"""What a search for formats chose and why, as text: one line a choice, and the front that it was chosen from."""

from collections.abc import Mapping


def text(data: Mapping) -> str:
    """``data`` is what ``search`` left among the facts; errors are in the outputs' units, cycles an estimate."""
    measured = data["measured"]
    lines = [
        f"formats: max error {measured['max_abs']:.2e}, rms {measured['rms']:.2e} over {data['steps']} recorded steps; "
        f"flash {measured['flash']} bytes{_cycles(measured)}; {data['tried']} candidates measured",
        f"  on inputs all over the declared ranges, at worst: max error {measured['wide_max_abs']:.2e}, "
        f"rms {measured['wide_rms']:.2e}",
        *_table(
            ("choice", "", "saves bytes", "saves cycles", "alone adds"),
            [
                (r["label"], r["option"], str(r["saves"]), _number(r["cycles"]), f"{r['max_abs']:.1e}")
                for r in data["rows"]
            ],
        ),
        "front: no candidate measured beats these in both",
        *_table(
            ("max error", "rms", "flash", "cycles"),
            [(f"{p['max_abs']:.2e}", f"{p['rms']:.2e}", str(p["flash"]), _number(p["cycles"])) for p in data["front"]],
        ),
    ]
    return "\n".join(lines)


def _cycles(measured: Mapping) -> str:
    return "" if measured["cycles"] is None else f", about {_number(measured['cycles'])} cycles a step"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    return [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
