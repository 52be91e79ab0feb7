"""Many hostile files: ``python -m tests.fuzz --inputs 1000000``.

What is found is copied to tests/data/fuzz, where the tests replay it for ever. ``--guided`` lets atheris choose, by the
code that inputs reach; the changes are the same.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from tests.fuzz import SECONDS
from tests.fuzz.campaign import ROOT, Batch, campaign
from tests.fuzz.subjects import SUBJECTS

FOUND = ROOT / "tests" / "data" / "fuzz"
SHARES = {"onnx": 25, "lnn": 20, "data": 15, "npz": 8, "safetensors": 8, "h5": 8, "keras": 7, "msgpack": 8}
SHARES |= {"build": 0.5, "certificate": 0.5}  # which take a tenth of a second
A_PROCESS = 5000  # inputs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("subject", nargs="*", default=[*SUBJECTS], help=f"of {', '.join(SUBJECTS)} (default: all)")
    parser.add_argument("--inputs", type=int, default=10_000, help="of all subjects together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guided", action="store_true", help="by atheris, which the extra `fuzz` brings")
    args = parser.parse_args()
    whole, start = sum(SHARES[name] for name in args.subject), time.monotonic()
    counts = {name: max(int(args.inputs * SHARES[name] / whole), 1) for name in args.subject}
    if args.guided:
        return max(_guided(name, count, args.seed) for name, count in counts.items())
    parts = [
        (n, args.seed, k, min(A_PROCESS, count - k)) for n, count in counts.items() for k in range(0, count, A_PROCESS)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = sum(pool.map(lambda part: sum(_told(part[0], found) for found in campaign(*part)), parts))
    print(f"{sum(counts.values())} inputs in {time.monotonic() - start:.0f} s, {faults} faults")
    return int(faults > 0)


def _told(name: str, found: Batch) -> int:
    if not found.fault:
        print(found.said, flush=True)
        return 0
    path = FOUND / name / hashlib.sha256(found.data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(found.data)
    print(f"FAULT {path.relative_to(ROOT)}: {found.fault}", flush=True)
    return 1


def _guided(name: str, count: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="lnncc-fuzz-") as corpus:
        options = [f"-runs={count}", f"-seed={seed + 1}", f"-timeout={SECONDS}", "-max_len=1000000"]
        options.append(f"-artifact_prefix={FOUND / name}-")
        return subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, corpus, *options], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
