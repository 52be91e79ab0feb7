"""A compiled model in Python: run it, verify it, report on it, save it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lnncc import build as builds
from lnncc import packages as libraries
from lnncc import update as updates
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.calibration import prepared
from lnncc.emit import onnx
from lnncc.errors import LnnccError
from lnncc.ir import Array
from lnncc.report import measured, page, summary
from lnncc.session import Session
from lnncc.validate import batch, compare, host
from lnncc.validate.runners import runnable, runners

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What ``lnncc.compile`` returns. Inputs are (steps, ...) or (streams, steps, ...), real numbers.

    Where dt has a range, ``dt`` is given among them, (steps,) or (streams, steps).
    """

    build: Build

    @staticmethod
    def load(folder: str | Path) -> "Program":
        """What ``save`` or ``lnncc compile`` wrote. Raises E0405 for a folder that is no whole build of this lnncc."""
        return Program(builds.read(Path(folder)))

    def run(self, xs: "ArrayLike | Mapping[str, ArrayLike]") -> "np.ndarray | dict[str, np.ndarray]":
        """Outputs of the *compiled C* from reset, state kept from step to step; one array, or by label if several."""
        build = self.build
        raw = compare.raw_inputs(build, self._prepared(xs))
        outputs = compare.real_outputs(build, self._run(raw))
        single = _streams(xs, build) is None
        outputs = {label: y[0] if single else y for label, y in outputs.items()}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def _run(self, raw: tuple[Array, ...]) -> tuple[Array, ...]:
        """Raw outputs; many streams at once if the build has the C for them."""
        library, lanes = host.build(self.build), self.build.settings.batch
        if lanes is None or len(raw[0]) == 1:
            return host.run(library, self.build.interface, raw)[1]
        return batch.run(library, self.build.interface, lanes, raw).outputs

    def verify(self, xs: "ArrayLike | Mapping[str, ArrayLike]", on: Sequence[str] = ()) -> compare.Verification:
        """The C compiled for this machine, and ``on`` further targets, against the twin and against the float model.

        Raises:
            LnnccError: E0201 for a name that no target has, E07xx and E08xx where one cannot be built or run here.
        """
        return compare.verify(self.build, self._prepared(xs), runners(self.build, runnable(on)))

    def _prepared(self, xs: "ArrayLike | Mapping[str, ArrayLike]") -> dict[str, "np.ndarray"]:
        return prepared(xs, self.build.model, timed=self.build.settings.dt_range is not None)

    def session(self) -> Session:
        """The compiled C from reset, to be stepped by hand: ``y = session.step(x)``. Raises as ``run``."""
        return Session.of(self.build)

    def report(
        self,
        period: float | None = None,
        *,
        html: str | Path | None = None,
        data: "ArrayLike | Mapping[str, ArrayLike] | None" = None,
    ) -> str:
        """Formats, ranges, sizes, saturations and error bounds as text; ``period`` is that of the steps, in s.

        With ``html`` all of ``lnncc report`` is measured, on ``data`` or else on inputs drawn in the declared ranges,
        and written there as one page.

        Raises:
            LnnccError: E0211 if it cannot be written, E04xx for data that do not suit the model.
        """
        if html is not None:
            given = None if data is None else self._prepared(data)
            page.write(Path(html), measured.measure(self.build, given, summary.steps(period)))
        return summary.text(self.build, period)

    def update(
        self,
        model: Model,
        *,
        calibration: "ArrayLike | Mapping[str, ArrayLike] | None" = None,
        saturating: bool = False,
        number: int | None = None,
    ) -> "Program":
        """The C of this program with the weights of ``model``, which has its structure, as a program of its own.

        ``save`` writes NAME.lnu beside all else: what a device that runs this C takes by ``NAME_update``.
        ``calibration`` is recorded input, for which weights are rounded. ``saturating`` takes weights by which values
        may saturate, counted, that could not before. ``number``, 1 or more, tells later updates from earlier ones;
        None: one more than that of this program.

        Raises:
            LnnccError: E0237 for a ``number`` below 1, E0236 if this program was not compiled as ``updatable``, E0414
                for a model of another structure, E0415 for weights that do not fit its formats, E0416 for such as its
                target wants other code for.
        """
        data = None if calibration is None else self._prepared(calibration)
        return Program(updates.update(self.build, model.graph, data, saturating=saturating, number=number).build)

    def save(self, folder: str | Path, packages: Sequence[str] = ()) -> None:
        """Write the C, the certificate, the manifest and both graphs; libraries of these kinds go into folder/packages.

        Raises:
            LnnccError: E0219 for a kind of library that there is not.
        """
        packagings = [libraries.load(kind) for kind in packages]
        libraries.check(packagings, updatable=self.build.settings.updatable)
        self.build.write(Path(folder))
        libraries.write(self.build, packagings, Path(folder))

    def export_onnx(self, path: str | Path, kind: str = "integer") -> Mapping[str, object]:
        """Write one step as an ONNX model whose states go in and out; what its metadata says is returned.

        ``kind`` "integer" takes and gives the raw integers of the C, bit for bit, in plain integer operators;
        "float32" and "float64" are the float model, in the user's units.

        Raises:
            LnnccError: E0204 for another kind, E0211 if the file cannot be written, E0703 without the package onnx.
        """
        build = self.build
        model = onnx.exported(build.model, build.integer, kind=kind, name=build.name, dt=build.settings.fixed_dt)
        try:
            builds.replace(Path(path), model.SerializeToString(deterministic=True))
        except OSError as error:
            why = error.strerror or str(error)
            raise LnnccError("E0211", f"cannot write {path}: {why}", helps=("choose another file",)) from error
        return json.loads(model.metadata_props[0].value)


def _streams(xs: "ArrayLike | Mapping[str, ArrayLike]", build: Build) -> int | None:
    """How many streams the user gave, or None for one recording without that axis."""
    port = build.model.inputs[0]
    given = xs.get(port.label, next(iter(xs.values()))) if isinstance(xs, Mapping) else xs  # a lone one has any name
    array = np.asarray(given)
    return len(array) if array.ndim == len(build.model.values[port.value].shape) + 2 else None
