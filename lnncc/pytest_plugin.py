"""pytest_plugin: the fixture ``lnncc_target``, a target that a test shall hold on.

``pytest --lnncc-on cortex-m4 --lnncc-on avr-atmega328p``, or ``lnncc_on = ["cortex-m4"]`` in pytest's settings, runs
each test that asks for it once a target; with neither, on the host. One that cannot run on a machine is skipped with
the reason; ``--lnncc-require`` lets it fail instead.
"""

import pytest

HOST = ("host",)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lnncc")
    group.addoption("--lnncc-on", metavar="TARGET", action="append", help="a target of the fixture lnncc_target")
    group.addoption("--lnncc-require", action="store_true", help="fail where a target cannot run here")
    parser.addini("lnncc_on", "targets of the fixture lnncc_target", type="args", default=[])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lnncc_target" in metafunc.fixturenames:
        config = metafunc.config
        named = config.getoption("--lnncc-on") or config.getini("lnncc_on") or HOST
        metafunc.parametrize("lnncc_target", list(dict.fromkeys(named)), indirect=True, scope="session")


@pytest.fixture(scope="session")
def lnncc_target(request: pytest.FixtureRequest) -> str:
    """The name of a target, for ``lnncc.testing.assert_equivalent(..., on=[lnncc_target])``. E0201 if there is none."""
    from lnncc import target
    from lnncc.validate import here

    error = here.why_not(target.load(request.param))
    if error is not None and request.config.getoption("--lnncc-require"):
        raise error
    if error is not None:
        pytest.skip(f"{request.param} does not run here: {error.title}")
    return request.param
