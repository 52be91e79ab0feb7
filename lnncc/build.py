"""A build: what a folder of generated files holds, in memory, written whole or not at all, and read back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lnncc import archive, facts, options, primitives, share
from lnncc import choices as chosen
from lnncc import manifest as manifests
from lnncc import target as targets
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.ops import NAMES
from lnncc.options import Budget, Settings
from lnncc.passes.prove import Proof, prove
from lnncc.plan import Plan, plan
from lnncc.plan.interface import HASH_BYTES, Interface
from lnncc.target import Target

UPDATE = ".lnu"  # what a file of an update ends with


@dataclass(frozen=True, slots=True, eq=False)
class Build:
    """Generated files by name beside the two graphs they came from, so that verify and run need nothing else."""

    settings: Settings
    choices: Choices
    interface: Interface
    model: Graph
    integer: Graph
    sources: Mapping[str, str]  # the C: file name to text
    certificate: Mapping[str, object]
    facts: Mapping[str, object]  # sizes, ranges, saturations: what `compile --json` prints
    origin: Mapping[str, object]  # what, beside model and settings, it was made from; see ``origin``
    update: bytes | None = None  # what brings these weights to a device that runs the C of others; see ``update``

    @property
    def name(self) -> str:
        return self.settings.name

    def files(self) -> dict[str, bytes]:
        """Every file of the folder, a pure function of the build."""
        files = {name: text.encode() for name, text in self.sources.items()}
        files[f"{self.name}.certificate.json"] = certificate_text(self.certificate)
        files[f"{self.name}.lnn"] = archive.pack(self.model)
        files[f"{self.name}.integer.lnn"] = archive.pack(self.integer)
        files |= {} if self.update is None else {f"{self.name}{UPDATE}": self.update}
        files[f"{self.name}.json"] = _json(self._manifest(files))
        return dict(sorted(files.items()))

    def _manifest(self, files: Mapping[str, bytes]) -> dict[str, object]:
        return {
            "schema": manifests.SCHEMA,
            "settings": asdict(self.settings),
            "choices": self.choices.to_dict(),
            "interface": asdict(self.interface),
            "facts": self.facts,
            "made_from": self.origin,
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        }

    def write(self, folder: Path) -> None:
        """All files into ``folder``; each appears whole, and the manifest, which names them, comes last.

        C that an earlier build of the same name left there, and this one lacks, goes: a compiler would take it along.

        Raises:
            LnnccError: E0211 for a file in the place of one of these where no build of that name has been written.
        """
        files = self.files()
        manifest = f"{self.name}.json"
        refuse_foreign(folder, manifest, files)
        for path in _left_over(folder, manifest, files):
            path.unlink(missing_ok=True)  # whoever writes there at the same time may have been first
        for name in [n for n in files if n != manifest] + [manifest]:
            replace(folder / name, files[name])

    def stale(self, folder: Path) -> list[str]:
        """Files of this build that ``folder`` lacks or holds otherwise, sorted."""
        return [name for name, data in self.files().items() if not holds(folder / name, data)]


def holds(path: Path, data: bytes) -> bool:
    """Whether ``path`` is a file of just these bytes."""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def refuse_foreign(folder: Path, manifest: str, files: Mapping[str, bytes]) -> None:
    """The runtime in ``lnn/`` may be another build's; beside it, what has no manifest is somebody's own: E0211."""
    if (folder / manifest).exists():
        return
    for name, data in files.items():
        path = folder / name
        if path.parent == folder and path.exists() and not holds(path, data):
            raise LnnccError(
                "E0211",
                f"{path} would be overwritten, and is no file of lnncc",
                notes=(f"there is no {manifest} beside it, which lnncc writes with its files",),
                helps=("give another folder, or another name for the generated code", "or move the file away"),
            )


def _left_over(folder: Path, manifest: str, files: Mapping[str, bytes]) -> list[Path]:
    """Files beside ``manifest`` that it names, ``files`` do not, and nobody has changed."""
    try:
        known = dict(json.loads((folder / manifest).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    others = {path for path in folder.iterdir() if path.is_file() and path.name in known} - {folder / n for n in files}
    return sorted(path for path in others if hashlib.sha256(path.read_bytes()).hexdigest() == known[path.name])


def origin(
    declared: Mapping[str, tuple[float, float]], recorded: Mapping[str, Array] | None, budget: Budget
) -> dict[str, object]:
    """What goes into a manifest so that a build can be told from one of other data, options or version."""
    return {
        "lnncc": share.version(),
        "ranges": {label: list(span) for label, span in declared.items()},
        "calibration": {label: hashlib.sha256(x.tobytes()).hexdigest() for label, x in (recorded or {}).items()},
        "budget": {key: value for key, value in asdict(budget).items() if value is not None},
    }


def read(folder: Path) -> Build:
    """The build that ``folder`` holds. Its C is compiled and run by others, so it must be what its graph generates.

    Raises:
        LnnccError: E0405 if it holds none or several, or a file is missing, differs from what the manifest recorded,
            or is not what this lnncc makes of the integer graph; E02xx for settings that cannot be; E0310 for a graph.
    """
    manifest = manifests.read(folder)
    settings, choices, files = manifests.told(folder, manifest)
    name = settings.name
    model = archive.unpack(files[f"{name}.lnn"], primitives.NAMES, f"{name}.lnn")
    integer = archive.unpack(files[f"{name}.integer.lnn"], NAMES | {"loop"}, f"{name}.integer.lnn")
    try:
        certificate = manifests.loaded(files[f"{name}.certificate.json"])
        known = facts.checked(manifest["facts"], [port.label for port in model.inputs])
        made_from = manifests.table(manifest["made_from"])
        number, base = lineage(made_from)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise manifests.outdated(folder, manifest, str(error)) from error
    try:
        options.check(settings, {}, model)
        layout = planned(integer, settings, targets.load(settings.target))
        interface, sources = layout.interface, emit(layout)
        update = None if layout.image is None else layout.image.file(number, base)
    except LnnccError:
        raise
    except Exception as error:  # whatever a graph of unknown origin can make the passes raise
        raise manifests.outdated(
            folder, manifest, f"its integer graph is none of lnncc's: {type(error).__name__} {error}"
        ) from error
    found = {n: data for n, data in files.items() if n.endswith((".c", ".h"))}
    if found != {n: text.encode() for n, text in sources.items()}:
        raise manifests.outdated(folder, manifest, "its C is not what this lnncc generates from its integer graph")
    if manifests.interface(manifest) != interface:
        raise manifests.outdated(folder, manifest, "its interface is not that of its integer graph")
    told = files.get(f"{name}{UPDATE}")
    if told not in (None, update):
        raise manifests.outdated(folder, manifest, "its update does not hold the weights of its integer graph")
    return Build(settings, choices, interface, model, integer, sources, certificate, known, made_from, told)


def read_choices(folder: Path) -> Choices:
    """The formats that the build in ``folder`` was made with, whatever version made it. Raises E0405."""
    manifest = manifests.read(folder, any_version=True)
    try:
        return chosen.from_dict(manifests.table(manifest["choices"]))
    except (KeyError, TypeError, ValueError) as error:
        raise manifests.broken(folder, str(error)) from error


def generated(integer: Graph, settings: Settings, target: Target) -> tuple[Interface, Mapping[str, str]]:
    """What ``target`` likes as C for an integer graph, and the interface of that."""
    layout = planned(integer, settings, target)
    return layout.interface, emit(layout)


def planned(integer: Graph, settings: Settings, target: Target) -> Plan:
    return laid_out(*prove(integer), settings, target)


def laid_out(proven: Graph, proof: Proof, settings: Settings, target: Target) -> Plan:
    """A graph that is proven, as ``settings`` want its C. Raises as ``plan``."""
    return plan(
        proven,
        settings.name,
        proof.bounds,
        target,
        settings.optimise,
        lanes=settings.batch,
        taps=settings.taps,
        updatable=settings.updatable,
    )


def lineage(made_from: Mapping[str, object]) -> tuple[int, bytes]:
    """Which update a build is since its code was generated, and the hash of the model before; of none 0.

    Raises KeyError, TypeError or ValueError if ``made_from`` says nothing that can be.
    """
    if "update" not in made_from:
        return 0, bytes(HASH_BYTES)
    told = manifests.table(made_from["update"])
    number, base = told["number"], bytes.fromhex(str(told["base"]))
    if not isinstance(number, int) or number < 1 or len(base) != HASH_BYTES:
        raise ValueError("no update has such a number, or such a base")
    return number, base


def _json(data: Mapping[str, object]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


def certificate_text(data: Mapping[str, object]) -> bytes:
    """One word a line, and the ends of an interval on one."""
    return (_lines(data, "") + "\n").encode()


def _lines(data: object, indent: str) -> str:
    compact = json.dumps(data, sort_keys=True)
    items = data.values() if isinstance(data, Mapping) else data if isinstance(data, list | tuple) else ()
    if len(compact) + len(indent) <= 120 or not any(isinstance(x, Mapping | list | tuple) for x in items):
        return indent + compact
    more = indent + " "
    if isinstance(data, Mapping):
        parts = [f"{more}{json.dumps(key)}: {_lines(x, more).lstrip()}" for key, x in sorted(data.items())]
        return f"{indent}{{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return f"{indent}[\n" + ",\n".join(_lines(x, more) for x in items) + f"\n{indent}]"


def replace(path: Path, data: bytes) -> None:
    """Write a file and the folders above it, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    archive.write(path, data)
