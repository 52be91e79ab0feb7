"""What the saved weights and the baseline reach on the subjects that they did not see."""

import json
from collections.abc import Mapping
from pathlib import Path

from examples.imu.data import FOLDS, accuracy, fold
from examples.imu.models import CELLS, run
from examples.imu.ridge import ridge
from examples.imu.weights import load

FILE = Path(__file__).parent / "accuracy.json"
Accuracies = Mapping[str, Mapping[str, float]]  # percent, by "ridge" or cell, then by fold "1" to "3"


def measured() -> Accuracies:
    """Measured now, in float."""
    found: dict[str, dict[str, float]] = {"ridge": {}, **{cell: {} for cell in CELLS}}
    for number in FOLDS:
        split = fold(number)
        found["ridge"][str(number)] = round(100 * ridge(split), 2)
        for cell in CELLS:
            outputs = run(cell, load(cell, number), split.test.windows)
            found[cell][str(number)] = round(100 * accuracy(outputs, split.test.labels), 2)
    return found


def recorded() -> Accuracies:
    """As they were after the training that made the weights."""
    return json.loads(FILE.read_text())


def record(accuracies: Accuracies) -> None:
    FILE.write_text(json.dumps(accuracies, indent=2) + "\n")


def table(accuracies: Accuracies) -> str:
    """In Markdown, in percent."""
    head = ["| accuracy, % | " + " | ".join(f"fold {n}" for n in FOLDS) + " |", "|---|" + "--:|" * len(FOLDS)]
    named = accuracies.items()
    rows = [f"| {name} | " + " | ".join(f"{v:.1f}" for v in found.values()) + " |" for name, found in named]
    return "\n".join(head + rows)
