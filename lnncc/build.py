"""A build: what a folder of generated files holds, in memory, written whole or not at all, and read back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lnncc import archive, primitives
from lnncc import choices as chosen
from lnncc.choices import Choices
from lnncc.errors import LnnccError
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.options import Settings
from lnncc.plan.interface import Interface, Signal

SCHEMA = "lnncc.manifest/1"
PORTS = ("inputs", "states", "outputs")


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

    @property
    def name(self) -> str:
        return self.settings.name

    def files(self) -> dict[str, bytes]:
        """Every file of the folder, a pure function of the build."""
        files = {name: text.encode() for name, text in self.sources.items()}
        files[f"{self.name}.certificate.json"] = certificate_text(self.certificate)
        files[f"{self.name}.lnn"] = archive.pack(self.model)
        files[f"{self.name}.integer.lnn"] = archive.pack(self.integer)
        files[f"{self.name}.json"] = _json(self._manifest(files))
        return dict(sorted(files.items()))

    def _manifest(self, files: Mapping[str, bytes]) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "settings": asdict(self.settings),
            "choices": self.choices.to_dict(),
            "interface": asdict(self.interface),
            "facts": self.facts,
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        }

    def write(self, folder: Path) -> None:
        """All files into ``folder``; each appears whole, and the manifest, which names them, comes last.

        C that an earlier build of the same name left there, and this one lacks, goes: a compiler would take it along.
        """
        files = self.files()
        manifest = f"{self.name}.json"
        for path in _left_over(folder, manifest, files):
            path.unlink()
        for name in [n for n in files if n != manifest] + [manifest]:
            replace(folder / name, files[name])


def _left_over(folder: Path, manifest: str, files: Mapping[str, bytes]) -> list[Path]:
    """Files beside ``manifest`` that it names, ``files`` do not, and nobody has changed."""
    try:
        known = dict(json.loads((folder / manifest).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
    others = {path for path in folder.iterdir() if path.is_file() and path.name in known} - {folder / n for n in files}
    return sorted(path for path in others if hashlib.sha256(path.read_bytes()).hexdigest() == known[path.name])


def read(folder: Path) -> Build:
    """The build that ``folder`` holds.

    Raises:
        LnnccError: E0405 if it holds none or several, or a file is missing or differs from what the manifest recorded.
    """
    manifest = _manifest(folder)
    try:
        settings = _settings(manifest["settings"])
        choices = chosen.from_dict(manifest["choices"])
        interface = _interface(manifest["interface"])
        files = {name: (folder / name).read_bytes() for name in manifest["sha256"]}
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise _broken(folder, str(error)) from error
    for name, digest in manifest["sha256"].items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise _broken(folder, f"{name} was changed after it was generated")
    name = settings.name
    sources = {n: data.decode() for n, data in files.items() if n.endswith((".c", ".h"))}
    model = archive.unpack(files[f"{name}.lnn"], primitives.NAMES, f"{name}.lnn")
    integer = archive.unpack(files[f"{name}.integer.lnn"], NAMES | {"loop"}, f"{name}.integer.lnn")
    certificate = json.loads(files[f"{name}.certificate.json"])
    return Build(settings, choices, interface, model, integer, sources, certificate, manifest["facts"])


def _manifest(folder: Path) -> dict[str, dict]:
    found = {path.name: data for path in sorted(folder.glob("*.json")) if (data := _if_manifest(path)) is not None}
    if not found:
        raise LnnccError(
            "E0405",
            f"{folder} holds no compiled model",
            helps=("compile one into it: lnncc compile MODEL -o DIR",),
        )
    if len(found) > 1:
        raise LnnccError(
            "E0405",
            f"{folder} holds {len(found)} compiled models: {', '.join(found)}",
            helps=("compile each into a folder of its own",),
        )
    (data,) = found.values()
    if any(".." in Path(name).parts or Path(name).is_absolute() for name in data.get("sha256", {})):
        raise _broken(folder, "the manifest names a file outside the folder")
    return data


def _if_manifest(path: Path) -> dict[str, dict] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return data if isinstance(data, dict) and data.get("schema") == SCHEMA else None


def _settings(data: Mapping[str, object]) -> Settings:
    """JSON has lists where the settings have pairs."""
    return Settings(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})  # type: ignore[arg-type]


def _interface(data: Mapping[str, list[dict]]) -> Interface:
    ports = (tuple(Signal(**signal) for signal in data[port]) for port in PORTS)
    dt = data["dt"]
    return Interface(str(data["name"]), *ports, None if dt is None else Signal(**dt))  # type: ignore[arg-type]


def _broken(folder: Path, why: str) -> LnnccError:
    return LnnccError("E0405", f"{folder} is no whole build", notes=(why,), helps=("compile the model again",))


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
