"""Packagings: each library as its ecosystem takes it, with the same bits, as far as the means are here."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import models
import numpy as np
import pytest

import lnncc
from lnncc import Model, cli, packages
from lnncc.errors import LnnccError
from lnncc.ir import Graph
from lnncc.program import Program
from lnncc.target import HOST
from lnncc.validate import host

ARDUINO = Path("/usr/share/arduino/hardware/arduino/avr")  # Debian's package arduino-core-avr
README = Path(__file__).parents[1] / "README.md"
ONNX = Path(__file__).parent / "data" / "onnx"
ONE_COMMAND = "    lnncc compile gyro.onnx"
MICROPYTHON = Path(__file__).parents[1] / "build" / "micropython"  # put there by .ci/micropython
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")


def compiled(graph: Graph, name: str, target: str = HOST, dt: float | tuple[float, float] = 1.0) -> Program:
    recorded = {"x": models.recording()}
    if isinstance(dt, tuple):
        recorded["dt"] = np.ones(recorded["x"].shape[:2])
    return lnncc.compile(Model(graph), dt=dt, ranges={"x": (-2.0, 2.0)}, calibration=recorded, target=target, name=name)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind, of two models: ``gyro``, and ``pulse``, which is told dt."""
    folder = tmp_path_factory.mktemp("libraries")
    for program in (compiled(models.ltc(), "gyro"), compiled(models.cfc(), "pulse", dt=(0.25, 40.0))):
        program.save(folder, packages.kinds())
    return folder / packages.FOLDER


def ran(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here")


def test_the_hash_is_of_what_the_c_gives() -> None:
    """The drawn inputs, not the twin alone: the C on this machine gives the trace that was hashed."""
    build = compiled(models.cfc(), "pulse", dt=(0.25, 40.0)).build
    drawn = packages._drawn(build)
    states, outputs = host.run(host.build(build), build.interface, drawn)
    trace = np.concatenate([y[0] for y in (*states, *outputs)], axis=-1)
    test = packages.selftest(build)
    assert packages.fnv1a(trace.astype("<i2").tobytes()) == test.expected
    assert drawn[0].shape == (1, test.steps, models.INPUTS) and drawn[1].dtype == np.int32
    assert len(np.unique(drawn[0])) > 700 and drawn[1].min() >= 0 and drawn[1].max() <= build.interface.given[1].high


def test_the_hash_is_fnv1a_and_the_draw_xorshift32() -> None:
    """Sources: RFC 9923, appendix C; Marsaglia's 32-bit generator, whose second number from 2463534242 he prints."""
    assert [packages.fnv1a(text) for text in (b"", b"a", b"foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]
    assert packages.xorshift32(2463534242) == 723471715


@pytest.mark.parametrize("name", ["gyro", "pulse"])
@pytest.mark.parametrize("kind", packages.kinds())
def test_every_file_names_its_model_and_holds_no_template(libraries: Path, kind: str, name: str) -> None:
    files = [path for path in (libraries / kind / name).rglob("*") if path.is_file()]
    assert any(name in path.name for path in files) or kind in ("make", "cmake")
    for path in files:
        text = path.read_text()
        assert "{{" not in text and "{%" not in text and "NAME" not in path.name
        assert text.endswith("\n") and "\r" not in text


@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_make(libraries: Path, name: str) -> None:
    need("make", "cc")
    assert "passed" in ran("make", "test", cwd=libraries / "make" / name)


@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_a_changed_word_fails_the_self_test(libraries: Path, name: str, tmp_path: Path) -> None:
    need("make", "cc")
    shutil.copytree(libraries / "make" / name, tmp_path / name)
    source = tmp_path / name / "src" / f"{name}.c"
    text = source.read_text()
    table = re.search(r"c0\[\d+\] = \{\n\s+(-?\d+)", text)
    assert table is not None
    source.write_text(text[: table.start(1)] + str(int(table[1]) // 2) + text[table.end(1) :])
    done = subprocess.run(["make", "test"], cwd=tmp_path / name, capture_output=True, text=True)
    assert done.returncode != 0 and "FAILED" in done.stdout


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_single_header(libraries: Path, name: str, compiler: str, tmp_path: Path) -> None:
    need(compiler)
    example = libraries / "single-header" / name / "example" / "selftest.c"
    ran(compiler, *STRICT, "-O2", "-o", tmp_path / "selftest", example, cwd=tmp_path)
    assert "passed" in ran(tmp_path / "selftest", cwd=tmp_path)
    assert not re.search(r'#include "(?!\.\./)', example.read_text() + (example.parents[1] / f"{name}.h").read_text())


def test_single_header_in_two_files(libraries: Path, tmp_path: Path) -> None:
    """The header alone where the model is used, the implementation in a file of its own."""
    need("gcc")
    header = libraries / "single-header" / "gyro" / "gyro.h"
    (tmp_path / "one.c").write_text(f'#define GYRO_IMPLEMENTATION\n#include "{header}"\n')
    use = f'#include "{header}"\nint main(void) {{ gyro_state s; gyro_reset(&s); return (int)s.clipped; }}\n'
    (tmp_path / "two.c").write_text(use)
    ran("gcc", *STRICT, "-o", "two", "one.c", "two.c", cwd=tmp_path)
    ran(tmp_path / "two", cwd=tmp_path)


CONSUMER = """
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(gyro {version} REQUIRED)
add_executable(from_c main.c)
target_link_libraries(from_c PRIVATE gyro::gyro)
add_executable(from_cpp main.cpp)
target_link_libraries(from_cpp PRIVATE gyro::gyro)
"""


def test_cmake(libraries: Path, tmp_path: Path) -> None:
    """Built, tested, installed, and found from C and from C++."""
    need("cmake", "cc", "c++")
    source = libraries / "cmake" / "gyro"
    ran("cmake", "-S", source, "-B", "b", f"-DCMAKE_INSTALL_PREFIX={tmp_path / 'there'}", cwd=tmp_path)
    ran("cmake", "--build", "b", cwd=tmp_path)
    assert "100% tests passed" in ran("ctest", "--test-dir", "b", cwd=tmp_path)
    ran("cmake", "--install", "b", cwd=tmp_path)
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "CMakeLists.txt").write_text(CONSUMER.format(version=packages.VERSION))
    for file in ("main.c", "main.cpp"):
        (tmp_path / "user" / file).write_text((source / "example" / "selftest.c").read_text())
    ran("cmake", "-S", "user", "-B", "u", f"-DCMAKE_PREFIX_PATH={tmp_path / 'there'}", cwd=tmp_path)
    ran("cmake", "--build", "u", cwd=tmp_path)
    outputs = {ran(tmp_path / "u" / program, cwd=tmp_path) for program in ("from_c", "from_cpp")}
    assert len(outputs) == 1 and "passed" in outputs.pop()


@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_rust(libraries: Path, name: str) -> None:
    need("cargo", "cc")
    assert "test selftest ... ok" in ran("cargo", "test", "--offline", cwd=libraries / "rust" / name)


def test_arduino_on_an_emulated_uno(tmp_path: Path) -> None:
    """The sketch with the board's own core, and what it says over the serial line."""
    program = compiled(models.ltc(), "gyro", "avr-atmega328p")
    program.save(tmp_path, ["arduino"])
    said = _sketch(tmp_path / "packages" / "arduino" / "gyro", tmp_path)
    assert f"gyro {packages.selftest(program.build).expected:X} passed" in said


def test_from_an_onnx_file_to_a_sketch_in_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An LTC that torch exported, as a user has it; the command is the README's."""
    command = next(line.split() for line in README.read_text().splitlines() if line.startswith(ONE_COMMAND))
    file, folder = ONNX / "ltc_ncp28.torchscript.onnx", tmp_path / "out"
    assert cli.main([{"gyro.onnx": str(file), "out": str(folder)}.get(word, word) for word in command[1:]]) == 0
    assert "Arduino library" in capsys.readouterr().out
    library = folder / "packages" / "arduino" / "gyro"
    assert "architectures=avr\n" in (library / "library.properties").read_text()
    assert re.search(r"gyro [0-9A-F]+ passed", _sketch(library, tmp_path))


def _sketch(library: Path, folder: Path) -> str:
    """What the library's example says on an emulated Uno, compiled as the Arduino IDE does."""
    need("avr-gcc", "avr-g++", "simavr")
    if not ARDUINO.is_dir():
        pytest.skip("arduino-core-avr is not here")
    cpu = ("-mmcu=atmega328p", "-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_ARCH_AVR")
    size = ("-Os", "-ffunction-sections", "-fdata-sections", "-DDECIMAL_DIG=17")  # which avr-libc 2.0 lacks
    include = (f"-I{ARDUINO / 'cores/arduino'}", f"-I{ARDUINO / 'variants/standard'}", f"-I{library / 'src'}")
    core = [p for p in sorted((ARDUINO / "cores/arduino").iterdir()) if p.suffix in (".c", ".cpp")]
    c = [path for path in (*core, library / "src" / "gyro.c") if path.suffix == ".c"]
    cpp = [path for path in core if path.suffix == ".cpp"]
    (sketch,) = (library / "examples").rglob("*.ino")
    shutil.copy(sketch, folder / "sketch.cpp")
    ran("avr-gcc", "-std=gnu11", "-w", *cpu, *size, *include, "-c", *c, cwd=folder)
    cxx = ("avr-g++", "-std=gnu++11", "-fno-exceptions", "-w", "-include", "Arduino.h", *cpu, *size, *include)
    ran(*cxx, "-c", folder / "sketch.cpp", *cpp, cwd=folder)
    ran("avr-gcc", "-Wl,--gc-sections", *cpu, "-o", "sketch.elf", *sorted(folder.glob("*.o")), "-lm", cwd=folder)
    return _serial(folder / "sketch.elf")


def _serial(elf: Path) -> str:
    """The first line that the sketch sends; simavr itself never ends."""
    command = ["simavr", "-m", "atmega328p", "-f", "16000000", str(elf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            return next((line for line in process.stdout if "passed" in line or "FAILED" in line), "")
        finally:
            process.kill()


def test_arduino_properties(libraries: Path) -> None:
    library = libraries / "arduino" / "gyro"
    lines = (library / "library.properties").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines)
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "url"} <= {
        k for k, v in fields.items() if v
    }
    assert (library / "src" / fields["includes"]).is_file() and fields["architectures"] == "*"
    assert all(line.count("\t") == 1 for line in (library / "keywords.txt").read_text().splitlines())


def test_platformio(libraries: Path, tmp_path: Path) -> None:
    manifest = json.loads((libraries / "platformio" / "gyro" / "library.json").read_text())
    base = libraries / "platformio" / "gyro" / manifest["examples"][0]["base"]
    assert all((base / file).is_file() for file in manifest["examples"][0]["files"])
    need("pio")
    assert "Wrote" in ran("pio", "pkg", "pack", "-o", tmp_path / "gyro.tar.gz", cwd=libraries / "platformio" / "gyro")


def test_esp_idf(libraries: Path) -> None:
    need("compote")
    ran("compote", "component", "pack", "--name", "gyro", cwd=libraries / "esp-idf" / "gyro")


def test_zephyr(libraries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml, kconfiglib = pytest.importorskip("yaml"), pytest.importorskip("kconfiglib")
    library = libraries / "zephyr" / "gyro"
    module = yaml.safe_load((library / "zephyr" / "module.yml").read_text())
    assert module["name"] == "gyro" and (library / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    config = kconfiglib.Kconfig(str(library / module["build"]["kconfig"]))
    assert list(config.syms) and config.syms["LNN_GYRO"].str_value == "n"
    assert "CONFIG_LNN_GYRO=y" in (library / "samples" / "selftest" / "prj.conf").read_text()


# Of the description of a pack: what must be there, what may, and categories of files. Source: Open-CMSIS-Pack
# specification, "Package description format", version 1.7; its schema, PACK.xsd, comes in no package of an index.
PACKAGE = {"vendor", "name", "description", "url", "releases"}, {"license", "components"}
COMPONENT = {"Cclass", "Cgroup", "Cversion"}, {"Csub"}
CATEGORIES = {"include", "header", "source"}
VERSION = re.compile(r"\d+\.\d+\.\d+")


def test_cmsis_pack(libraries: Path) -> None:
    """Structure, as documented; every file that it names is there, and those of the model are named."""
    library = libraries / "cmsis-pack" / "gyro"
    root = ET.parse(library / "lnncc.gyro.pdsc").getroot()
    assert root.tag == "package" and re.fullmatch(r"\d+\.\d+(\.\d+)?", root.attrib["schemaVersion"])
    assert f"{root.findtext('vendor')}.{root.findtext('name')}" == "lnncc.gyro"
    children = [child.tag for child in root]
    assert PACKAGE[0] <= set(children) <= PACKAGE[0] | PACKAGE[1] and len(children) == len(set(children))
    assert (library / (root.findtext("license") or "")).is_file()
    assert all(VERSION.fullmatch(release.attrib["version"]) and release.text for release in root.iter("release"))
    for component in root.iter("component"):
        assert COMPONENT[0] <= set(component.attrib) <= COMPONENT[0] | COMPONENT[1]
        assert all(2 <= len(component.attrib[key]) <= 32 for key in ("Cclass", "Cgroup", "Csub"))
        assert VERSION.fullmatch(component.attrib["Cversion"]) and component.findtext("description")
        assert {file.attrib["category"] for file in component.iter("file")} <= CATEGORIES
    names = {file.attrib["name"] for file in root.iter("file")}
    assert names and all((library / name).exists() for name in names)
    assert {f"src/{path.name}" for path in (library / "src").glob("*.[ch]")} <= names


# What the glue asks of MicroPython: the types and names of py/dynruntime.h.
DYNRUNTIME = r"""
#include <stddef.h>
#include <stdint.h>
typedef void *mp_obj_t;
typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef struct { void *buf; size_t len; int typecode; } mp_buffer_info_t;
typedef struct {
    mp_obj_t (*none)(void);
    mp_obj_t (*one)(mp_obj_t);
    mp_obj_t (*some)(size_t, const mp_obj_t *);
} mp_obj_fun_bc_t;
void mp_get_buffer_raise(mp_obj_t, mp_buffer_info_t *, mp_uint_t);
_Noreturn void mp_raise_ValueError(const char *);
mp_int_t mp_obj_get_int(mp_obj_t);
mp_obj_t mp_obj_new_bool(int);
void mp_store_global(int, mp_obj_t);
enum { MP_BUFFER_READ = 1, MP_BUFFER_WRITE, MP_BUFFER_RW };
enum { MP_QSTR_STATE_BYTES, MP_QSTR_reset, MP_QSTR_step, MP_QSTR_selftest };
#define MP_ERROR_TEXT(text) text
#define mp_const_none NULL
#define MP_OBJ_FROM_PTR(p) ((mp_obj_t)(uintptr_t)(p))
#define MP_OBJ_NEW_SMALL_INT(n) ((mp_obj_t)(uintptr_t)(n))
#define MP_DEFINE_CONST_FUN_OBJ_0(o, f) const mp_obj_fun_bc_t o = {f, NULL, NULL}
#define MP_DEFINE_CONST_FUN_OBJ_1(o, f) const mp_obj_fun_bc_t o = {NULL, f, NULL}
#define MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(o, a, b, f) const mp_obj_fun_bc_t o = {NULL, NULL, f}
#define MP_DYNRUNTIME_INIT_ENTRY (void)self, (void)n_args, (void)n_kw, (void)args;
#define MP_DYNRUNTIME_INIT_EXIT return mp_const_none;
mp_obj_t mpy_init(mp_obj_fun_bc_t *, size_t, size_t, mp_obj_t *);
"""


@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_micropython_without_its_source(libraries: Path, name: str, tmp_path: Path) -> None:
    """The glue compiles against the types that it asks for, and takes what the model takes."""
    need("gcc")
    library = libraries / "micropython" / name
    (tmp_path / "py").mkdir()
    (tmp_path / "py" / "dynruntime.h").write_text(DYNRUNTIME)
    flags = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    ran("gcc", *flags, f"-I{tmp_path}", f"-I{library / 'src'}", library / f"{name}_lnn.c", cwd=tmp_path)
    count = {"gyro": 3, "pulse": 4}[name]  # state, x, y; state, x, dt, y
    assert f"(step_object, {count}, {count}, step)" in (library / f"{name}_lnn.c").read_text()


ARCHITECTURES = {
    "x64": "gcc",
    "armv6m": "arm-none-eabi-gcc",
    "armv7m": "arm-none-eabi-gcc",
    "armv7emsp": "arm-none-eabi-gcc",
    "rv32imc": "riscv64-unknown-elf-gcc",
}


def _native(libraries: Path, name: str, architecture: str, folder: Path) -> Path:
    """The native module, built by MicroPython's own rules."""
    if not (MICROPYTHON / "mpy-cross" / "build" / "mpy-cross").is_file():
        pytest.skip("no MicroPython: .ci/micropython build/micropython")
    need("make", ARCHITECTURES[architecture])
    pytest.importorskip("ar")
    shutil.copytree(libraries / "micropython" / name, folder / name)
    said = ("make", f"MPY_DIR={MICROPYTHON.resolve()}", f"ARCH={architecture}", f"PYTHON={sys.executable}")
    ran(*said, cwd=folder / name)
    return folder / name / f"{name}_lnn.mpy"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_micropython_native_module(libraries: Path, architecture: str, tmp_path: Path) -> None:
    module = _native(libraries, "gyro", architecture, tmp_path)
    assert module.read_bytes()[:1] == b"M" and 1000 < module.stat().st_size < 16000


@pytest.mark.parametrize("name", ["gyro", "pulse"])
def test_micropython_runs_the_native_module(libraries: Path, name: str, tmp_path: Path) -> None:
    """In the unix port: the self-test, one step by hand, and a buffer of a wrong size."""
    module = _native(libraries, name, "x64", tmp_path)
    header = (libraries / "micropython" / name / "src" / f"{name}.h").read_text()
    y = re.findall(rf"#define {name.upper()}_Y0_LEN (\d+)", header)[0]
    dt = "1 << 24, " if name == "pulse" else ""
    script = f"""
import {name}_lnn as m
from array import array
s, x, y = bytearray(m.STATE_BYTES), array('h', [100] * {models.INPUTS}), array('h', [0] * {y})
m.reset(s)
print(m.selftest())
m.step(s, x, {dt}y)
print(any(s))
try:
    m.step(s[1:], x, {dt}y)
except ValueError as error:
    print(error)
"""
    interpreter = MICROPYTHON / "ports" / "unix" / "build-standard" / "micropython"
    said = ran(interpreter.resolve(), "-c", script, cwd=module.parent).split("\n")
    assert said[:2] == ["True", "True"] and "has not the size" in said[2]


def test_the_readme_holds_the_table_of_the_records() -> None:
    text = README.read_text().partition("<!-- packages -->\n")[2].partition("\n<!-- end of packages -->")[0]
    assert text == packages.table(), "put what `lnncc packages` prints into the README"


@pytest.mark.parametrize("kind", packages.kinds())
def test_what_a_packaging_says_is_checked_has_its_tests(kind: str) -> None:
    named = packages.load(kind).tests
    assert named and all(callable(globals().get(name)) for name in named)


def test_an_unknown_kind_is_refused_and_nothing_written(tmp_path: Path) -> None:
    program = compiled(models.cfc(), "pulse")
    with pytest.raises(LnnccError, match=r"E0219") as caught:
        program.save(tmp_path / "out", ["cmake", "conan"])
    assert "cmake" in caught.value.helps[0] and not (tmp_path / "out").exists()
