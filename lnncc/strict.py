"""A TOML table read strictly: each key is asked for with its type, and what nobody asked for is refused."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard, TypeVar

from lnncc.errors import LnnccError

Entry = TypeVar("Entry", str, int, list[object], dict[str, object])


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the keys that were read from it, so that the others can be refused. Everything raises E0221."""

    path: Path
    name: str
    items: dict[str, object]
    taken: set[str] = field(default_factory=set[str])

    def take(self, key: str, kind: type[Entry]) -> Entry:
        self.taken.add(key)
        if key not in self.items:
            raise invalid(self.path, f"key {self.name}{key} is missing")
        value = self.items[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, f"a {kind.__name__}")
        return value

    def wrong(self, key: str, wanted: str) -> LnnccError:
        return invalid(self.path, f"key {self.name}{key} must be {wanted}, not {self.items[key]!r}")

    def flag(self, key: str) -> bool:
        """False unless given."""
        self.taken.add(key)
        value = self.items.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def number(self, key: str) -> float:
        self.taken.add(key)
        value = self.items.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise invalid(self.path, f"key {self.name}{key} must be a number, 0 or more, not {value!r}")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list)
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise self.wrong(key, "a list of strings")
        return texts

    def file(self, key: str, folder: Path) -> str:
        """The name of a C file of ``folder``, without its end."""
        known = sorted(path.stem for path in folder.glob("*.c"))
        name = self.take(key, str)
        if name not in known:
            raise self.wrong(key, f"one of {', '.join(known)}")
        return name

    def table(self, key: str) -> "Table":
        return Table(self.path, f"{self.name}{key}.", self.take(key, dict))

    def tables(self, key: str) -> tuple["Table", ...]:
        values = self.take(key, list)
        tables = [value for value in values if _is_table(value)]
        if not tables or len(tables) != len(values):
            raise self.wrong(key, "a list of tables")
        return tuple(Table(self.path, f"{self.name}{key}[{i}].", t) for i, t in enumerate(tables))

    def close(self) -> None:
        for key in self.items:
            if key not in self.taken:
                raise invalid(self.path, f"key {self.name}{key} is unknown")


def invalid(path: Path, what: str) -> LnnccError:
    return LnnccError("E0221", f"target file {path.name}: {what}", notes=(f"read from {path}",))


def _is_table(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
