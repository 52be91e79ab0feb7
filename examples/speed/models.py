"""The models of the benchmark: ncps checkpoints, and what those do not say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import lnncc
from lnncc.archive import Model
from lnncc.frontend.ncps import network
from lnncc.frontend.ncps_cells import Network
from lnncc.frontend.ncps_options import Told
from lnncc.frontend.weights import read

RANGE = (-4.0, 4.0)


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder with ``weights.npz`` and, for ONNX Runtime, ``step.onnx`` with inputs x and h, outputs y and hn."""

    name: str
    told: Told

    def network(self, folder: Path) -> Network:
        return network(read(self.weights(folder)), self.told)

    def model(self, folder: Path) -> Model:
        options = {k: v for k, v in asdict(self.told).items() if v is not None}
        return lnncc.from_ncps(self.weights(folder), **options)  # type: ignore[arg-type]  # by name

    def weights(self, folder: Path) -> Path:
        return folder / self.name / "weights.npz"

    def onnx(self, folder: Path) -> Path:
        return folder / self.name / "step.onnx"


LTC, CFC = Told(unfolds=6, implicit=False), Told(mode="default", activation="lecun_tanh", proj="proj")
TASKS: Mapping[str, Bench] = {
    name: Bench(name, told)
    for name, told in {
        "cfc64": CFC,
        "ltc_ncp28": LTC,
        "ltc_full32": Told(unfolds=6, implicit=False, outputs=4),
        "cfc_ncp28": Told(mode="default"),
        "cfc256": CFC,
    }.items()
}


def present(folder: Path, names: Sequence[str]) -> Iterator[Bench]:
    """Those called ``names`` that ``folder`` holds; all that it holds if none is named."""
    for bench in TASKS.values():
        if (not names or bench.name in names) and bench.weights(folder).is_file():
            yield bench
