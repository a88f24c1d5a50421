import errno
import subprocess
import sys

import click
import pytest

from causalex_core import cli, paths
from causalex_core.errors import CausalexError


@pytest.fixture
def failing(monkeypatch):
    """Make ``causalex data`` raise what a test puts into the list."""
    raised = []

    @click.command()
    def data():
        raise raised[0]

    monkeypatch.setattr(cli._Lazy, "get_command", lambda *_: data)
    return raised


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CausalexError("two\nlines"), 2, "causalex: error: two lines\n"),
        (OSError(errno.ENOSPC, "No space left on device", "out.csv"), 2,
         "causalex: error: No space left on device: out.csv\n"),
        (OSError("odd"), 2, "causalex: error: odd\n"),
        (click.UsageError("bad words."), 2,
         "causalex: error: bad words (see: causalex data --help)\n"),
        (click.ClickException("worse"), 2, "causalex: error: worse\n"),
        (KeyboardInterrupt(), 130, "\ncausalex: interrupted\n"),
    ],
)  # fmt: skip
def test_every_failure_is_one_line_and_a_status(failing, capsys, error, status, said):
    failing.append(error)
    assert cli.main(["data"]) == status
    assert capsys.readouterr().err == said


def test_a_fault_of_the_program_keeps_its_traceback(failing):
    failing.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["data"])


def test_unknown_command(capsys):
    assert cli.main(["dta"]) == 2
    assert capsys.readouterr().err.startswith("causalex: error: No such command 'dta'")


def test_no_words_show_the_help(capsys):
    assert cli.main([]) == 2
    shown = capsys.readouterr()
    assert "Usage: causalex" in shown.out + shown.err


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("causalex")


def test_help_lists_each_command_and_imports_none():
    code = (
        "import sys; from causalex_core import cli; cli.main(['--help']);"
        "print(sorted({'pandas', 'numpy', 'torch', 'yaml', 'requests'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.ROOT
    )
    *shown, imported = run.stdout.splitlines()
    assert imported == "[]"
    for name in cli.COMMANDS:
        assert any(line.split()[:1] == [name] for line in shown)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_has_help(name, capsys):
    assert cli.main([name, "--help"]) == 0
    assert f"Usage: causalex {name}" in capsys.readouterr().out


def test_closed_pipe_is_quiet():
    run = subprocess.run(
        f"{sys.executable} -m causalex_core.cli data list | head -n 1",
        shell=True, capture_output=True, text=True, cwd=paths.ROOT,
    )  # fmt: skip
    assert run.stdout.startswith("NAME")
    assert run.stderr == ""
