"""kit: a folder of C that tests a user's own compiler and core on everything that the emitter writes for a target."""

from lnncc.kit.files import files, total
from lnncc.kit.parts import FOLDER, Check, Part, parts

__all__ = ["FOLDER", "Check", "Part", "files", "parts", "total"]
