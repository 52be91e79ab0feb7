"""``lnncc compile``: everything is done in memory before the first file is written."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc import build as builds
from lnncc import calibration, packages
from lnncc import target as targets
from lnncc.build import Build
from lnncc.cli import model
from lnncc.cli.answer import Answer, note
from lnncc.compile import compile_model
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.options import AUTO, Budget, Settings
from lnncc.packages import Packaging
from lnncc.report import front, summary
from lnncc.target import HOST, Target
from lnncc.validate import chip

if TYPE_CHECKING:  # it needs the extra, without which compile works all the same
    from lnncc.validate.footprint import Footprint

UNMEASURED = frozenset({"E0701", "E0703", "E0805"})  # the C is as good without its size


def run(args: Namespace) -> Answer:
    """Compile, and write or compare.

    Raises as ``lnncc.compile`` and ``model.load``, E0211 if the folder cannot be written, E0606 if it is not the same.
    """
    if args.project is not None:
        note(f"options of {args.project.path.name}: {', '.join(args.project.options)}")
    settings = Settings(
        args.name,
        args.target,
        _bits(args.bits),
        _dt(args.dt),
        args.optimise,
        args.batch,
        args.solver,
        tuple(dict.fromkeys(args.tap)),
        args.updatable,
    )
    budget = Budget(args.max_abs, args.rms, _bytes(args.flash), args.objective)
    picture = None if args.plot is None else _picture(args.plot, settings)
    ranges = dict(_range(text) for text in args.range)
    target = targets.load(args.target)
    given, timed = model.load(args.model, states(args.state), args.ncps, args.params), settings.dt_range is not None
    data = None if args.calib is None else recorded(Path(args.calib), given.graph, timed)
    dump = None if args.dump is None else _made(Path(args.dump))
    packagings = [] if args.package is None else [packages.load(kind) for kind in args.package.split(",")]
    packages.check(packagings, updatable=settings.updatable)
    build = compile_model(
        given,
        settings,
        calibration=data,
        ranges=ranges,
        choices=None if args.choices is None else builds.read_choices(Path(args.choices)),
        budget=budget,
        tell=note,
        dump=dump,
    ).build
    for text in summary.assumptions(build):
        note(text)
    cost = measured(build, target, required=args.require_size)
    if cost is not None:
        targets.check_fit(target, flash=cost.flash, ram=cost.ram, stack=cost.stack)
    if args.frozen:
        _check_frozen(build, packagings, Path(args.output))
    else:
        _write(build, packagings, Path(args.output))
    if picture is not None:
        _plot(build, picture)
    return _answer(build, cost, args.output, packagings, picture)


def recorded(path: Path, graph: Graph, timed: bool) -> dict[str, Array]:
    """Recordings by label in the inputs' own shapes, as ``compile`` takes them from any user."""
    shapes: dict[str, tuple[int, ...]] = {port.label: graph.values[port.value].shape for port in graph.inputs}
    read = calibration.read_npz(path, graph, timed=timed)
    return {k: x.reshape(*x.shape[:2], *shapes.get(k, ())) for k, x in read.items()}


def _bits(text: str) -> int | str:
    if text not in ("8", "16", AUTO):
        title = f"{text} bits is no width lnncc compiles to"
        raise LnnccError("E0204", title, helps=("use --bits 8, --bits 16 or --bits auto",))
    return AUTO if text == AUTO else int(text)


def _bytes(text: str | None) -> int | None:
    """A number of bytes, or of 1024 with k behind it."""
    if text is None:
        return None
    digits, factor = (text[:-1], 1024) if text[-1:] in ("k", "K") else (text, 1)
    if not digits.isdecimal():
        raise LnnccError("E0207", f"--flash {text} is no number of bytes", helps=("write --flash 8192 or --flash 8k",))
    return int(digits) * factor


def _picture(text: str, settings: Settings) -> Path:
    """Refused before a search that may take minutes. Raises E0216, and E0703 without matplotlib."""
    path, known = Path(text), " or ".join(front.SUFFIXES)
    if settings.bits != AUTO:
        raise LnnccError("E0216", "--plot draws what a search saw, and there is none", helps=("give --bits auto",))
    if path.suffix not in front.SUFFIXES:
        raise LnnccError("E0216", f"--plot {text} is no picture", helps=(f"give it a name that ends in {known}",))
    front.require()
    return path


def _plot(build: Build, path: Path) -> None:
    search = build.facts["search"]
    assert isinstance(search, Mapping)
    with writing(path, "--plot"):
        path.parent.mkdir(parents=True, exist_ok=True)
        front.save(search, path)


def _dt(text: str | None) -> float | tuple[float, float] | None:
    if text is None:
        return None
    low, colon, high = text.partition(":")
    try:
        return (float(low), float(high)) if colon else float(text)
    except ValueError:
        raise LnnccError(
            "E0202",
            f"--dt {text} is no number and no range",
            helps=("give the time between two steps: --dt 0.01", "or the shortest and the longest: --dt 0.005:0.02"),
        ) from None


def states(texts: Sequence[str]) -> dict[str, str] | None:
    """Outputs by input; empty for ``--state none``, None where nothing is said."""
    if list(texts) == ["none"]:
        return {}
    pairs = [text.partition("=") for text in texts]
    for text, (before, _, after) in zip(texts, pairs, strict=True):
        if not before or not after:
            raise LnnccError(
                "E0336",
                f"--state {text} pairs no input with an output",
                helps=("write --state IN=OUT, once a state", "or --state none, alone, for a model without states"),
            )
    return {before: after for before, _, after in pairs} or None


def _range(text: str) -> tuple[str, tuple[float, float]]:
    label, equals, span = text.rpartition("=")
    low, colon, high = span.partition(":")
    try:
        if equals and colon:
            return label, (float(low), float(high))
    except ValueError:
        pass
    raise LnnccError("E0205", f"--range {text} is no range of an input", helps=("write --range NAME=LOW:HIGH",))


def measured(build: Build, target: Target, *, required: bool) -> "Footprint | None":
    """None for the host, whose memory is no concern, and where the means are missing but not ``required``."""
    if target.kind == HOST:
        return None
    try:
        measured = chip.measure(build, target)
    except LnnccError as error:
        if required or error.code not in UNMEASURED:
            raise
        note(f"flash, RAM and stack were not measured: {error.title}")
        for text in error.helps:
            note(text)
        return None
    for text in measured.notes:
        note(text)
    return measured


def _made(folder: Path) -> Path:
    with writing(folder, "--dump"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _check_frozen(build: Build, packagings: Sequence[Packaging], folder: Path) -> None:
    stale = sorted([*build.stale(folder), *packages.stale(build, packagings, folder)])
    if stale:
        raise LnnccError(
            "E0606",
            f"{folder} is not what this model compiles to",
            notes=(f"{len(stale)} files differ or are missing: {', '.join(stale[:6])}",),
            helps=("compile without --frozen, and look at what has changed",),
        )


def _write(build: Build, packagings: Sequence[Packaging], folder: Path) -> None:
    with writing(folder, "-o"):
        build.write(folder)
        packages.write(build, packagings, folder)


@contextmanager
def writing(folder: Path, option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        title = f"cannot write to {folder}: {error.strerror or error}"
        raise LnnccError("E0211", title, helps=(f"choose another place with {option}",)) from error


def _ahead(facts: Mapping[str, object]) -> str:
    """What was counted before any C compiler ran."""
    whole = facts.get("flash_estimate")
    known = f"constants {facts['constant_bytes']} bytes"
    return f"not measured; {known}" + ("" if whole is None else f", flash about {whole} with code, by an estimate")


def _answer(
    build: Build, cost: "Footprint | None", folder: str, packagings: Sequence[Packaging], picture: Path | None
) -> Answer:
    facts = build.facts
    fields = {
        "name": build.name,
        "target": build.settings.target,
        "state_bytes": facts["state_bytes"],
        "flash_bytes": None if cost is None else cost.flash,
        "flash_estimate_bytes": facts.get("flash_estimate"),
        "ram_bytes": None if cost is None else cost.ram,
        "stack_bytes": None if cost is None else cost.stack,
        "files": list(build.files()),
        "packages": [p.kind for p in packagings],
        "ranges": facts["ranges"],
        "saturations": facts["saturations"],
        **{key: facts[key] for key in ("search", "solver") if key in facts},
    }
    sizes = _ahead(facts) if cost is None else f"flash {cost.flash}, RAM {cost.ram}, stack {cost.stack} bytes"
    lines = (
        f"{build.name} for {build.settings.target}: {len(build.files())} files in {folder}",
        f"  state {facts['state_bytes']} bytes; {sizes}",
        *summary.solver(build),
        *summary.search(build),
        *([] if picture is None else [f"  front drawn in {picture}"]),
        *(f"  {p.description}: {packages.place(build, p, Path(folder))}" for p in packagings),
        f"next: lnncc verify {folder}",
    )
    return Answer(fields, "\n".join(lines))
