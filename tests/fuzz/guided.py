"""The same subjects and changes under atheris (libFuzzer): ``python -m tests.fuzz.guided SUBJECT CORPUS OPTIONS``."""

import random
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["lnncc"]):
    from tests.fuzz import MEMORY
    from tests.fuzz.subjects import SUBJECTS
    from tests.fuzz.worker import attempt, peak


def main() -> None:
    warnings.simplefilter("ignore")
    name, corpus = sys.argv[1], Path(sys.argv[2])
    subject, place = SUBJECTS[name], tempfile.TemporaryDirectory(prefix="lnncc-fuzz-")
    path = Path(place.name) / subject.file
    for k, data in enumerate(subject.seeds()):
        (corpus / str(k)).write_bytes(data)
        path.write_bytes(data)
        attempt(subject, path)
    most = (peak() + MEMORY) >> 20

    def once(data: bytes) -> None:
        path.write_bytes(data)
        attempt(subject, path)

    def change(data: bytes, limit: int, seed: int) -> bytes:
        return subject.change(random.Random(seed), data)[:limit]

    atheris.Setup([sys.argv[0], *sys.argv[2:], f"-rss_limit_mb={most}"], once, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
