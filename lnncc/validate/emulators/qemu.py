"""The same firmware in QEMU, where it is installed: a second opinion on the bits. It counts nothing here."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.validate.emulators.job import Job, bad_status, timed_out

COMMAND = "qemu-system-arm"
OPTIONS = ("-display", "none", "-monitor", "none", "-serial", "null", "-semihosting-config", "enable=on,target=native")


def execute(job: Job) -> bytes:
    """Run the firmware in a folder of its own; what it wrote to out.bin.

    Raises:
        LnnccError: E0704 without QEMU, E0802 for a status other than 0, E0803 out of time.
    """
    program = shutil.which(COMMAND)
    if program is None:
        raise LnnccError(
            "E0704",
            f"{COMMAND} is not installed",
            helps=("install QEMU, or use the emulator unicorn: pip install 'lnncc[mcu]'",),
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(job.request)
        command = (program, "-M", job.machine, *OPTIONS, "-kernel", str(job.elf.resolve()))
        _call(command, folder, job.seconds)
        return (folder / "out.bin").read_bytes()


def _call(command: tuple[str, ...], folder: Path, seconds: float) -> None:
    try:
        # Semihosting would read a terminal: give it none.
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise timed_out(seconds) from error
    if done.returncode != 0:
        raise bad_status(done.returncode)
