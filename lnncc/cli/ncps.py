"""``--ncps NAME=VALUE``: what weights of ncps do not say, as ``lnncc.from_ncps`` takes it."""

from collections.abc import Sequence

from lnncc.errors import LnnccError, meant

WORDS = ("dialect", "mode", "activation", "squash", "memory", "masks", "input_map", "output_map", "proj")
WHOLE = ("unfolds", "outputs", "time_sign")
REAL = ("epsilon", "forget_bias", "dt_offset", "elapsed")
TRUTH = {"true": True, "false": False}
NAMES = (*WORDS, *WHOLE, *REAL, "implicit")


def options(texts: Sequence[str]) -> dict[str, object]:
    """The options by name; ``masks`` may be the path of an npz. Raises E0342 for what is none."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if name not in NAMES or not equals or name in found:
            raise _none(f"--ncps {text} is not NAME=VALUE with a name of its own", *meant(name, NAMES))
        found[name] = _value(name, value)
    return found


def _value(name: str, text: str) -> object:
    if name == "implicit" or (name == "proj" and text in TRUTH):
        if text.lower() not in TRUTH:
            raise _none(f"--ncps implicit={text} is neither true nor false")
        return TRUTH[text.lower()]
    try:
        return int(text) if name in WHOLE else float(text) if name in REAL else text
    except ValueError:
        raise _none(f"--ncps {name}={text} is no {'whole ' if name in WHOLE else ''}number") from None


def _none(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0342", title, helps=(*helps, "names: " + ", ".join(NAMES)))


def misplaced(option: str, belongs: str, model: str) -> LnnccError:
    """E0342: an option of another kind of model."""
    return LnnccError("E0342", f"{option} is for {belongs}, and not for {model}", helps=("leave it out",))
