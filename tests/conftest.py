"""For all tests: with CI=true, a skipped test is a failure."""

import os

import pytest

_skipped: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Name the one mark of our own."""
    config.addinivalue_line(
        "markers", "sqlite: about SQLite's own file; with CHALLNG_TEST_POSTGRES it is not run"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, where the tests run on PostgreSQL, what is about SQLite's own file."""
    if os.environ.get("CHALLNG_TEST_POSTGRES"):
        out = [item for item in items if item.get_closest_marker("sqlite")]
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what was skipped, and for want of what."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run on CI when anything was skipped there."""
    if _skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without a failed test is red."""
    if _skipped and os.environ.get("CI") == "true":
        terminalreporter.section("skipped on CI, which counts as failed")
        for nodeid in _skipped:
            terminalreporter.line(nodeid)
