"""What a run tells while it goes on."""

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book.workflow import execute as module
from causalex_book.workflow import records
from causalex_book.workflow.execute import execute
from causalex_core.errors import CausalexError


def test_progress_of_training_goes_to_the_journal_and_other_messages_do_not(tmp_path):
    notebook = tmp_path / "page.ipynb"
    source = """
import sys
print("  25%|##5       | 3/12 [00:30<01:30,  0.10epoch/s]", file=sys.stderr)
print("a warning", file=sys.stderr)
"""
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), notebook)
    execute(notebook, tmp_path / "toy" / "pages" / "page.ipynb", {})
    reason = (tmp_path / "toy" / records.JOURNAL).read_text()
    assert "page: 25%|##5       | 3/12 [00:30<01:30,  0.10epoch/s]" in reason
    assert "a warning" not in reason


def failure(cells, folder):
    """Reason of a run that fails, in its record and in one line of its error."""
    notebook = folder / "page.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in cells]), notebook)
    with pytest.raises(CausalexError) as raised:
        execute(notebook, folder / "toy" / "pages" / "page.ipynb", {})
    record = records.read(folder / "toy", "page")
    assert record.state == "failed" and record.seconds > 0
    assert str(raised.value).startswith(f"page failed: {record.why}; the notebook as far as")
    assert "\n" not in str(raised.value)
    return record.why


def test_a_kernel_that_dies_says_in_which_cell_and_how(tmp_path):
    killed = failure(["1", "import os, signal\nos.kill(os.getpid(), 9)", "2"], tmp_path)
    assert (
        killed
        == "cell 2: the kernel was killed (SIGKILL, as a system does whose memory is used up)"
    )


def test_a_notebook_that_leaves_before_its_last_cell_failed(tmp_path):
    cut = failure(["1", "import sys\nsys.exit(0)", "2"], tmp_path)
    assert cut == "cell 2: SystemExit: the cells after it were not executed"


@pytest.mark.parametrize(
    ("status", "words"),
    [(-11, "was killed (SIGSEGV)"), (3, "by itself (exit status 3)"), (None, "by itself (exit")],
)
def test_how_a_kernel_died(status, words):
    assert words in module._death(status)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("AssertionError", "", "cell 3: AssertionError"),
        ("MemoryError", "  \n\t", "cell 3: MemoryError"),
        ("ValueError", "\n second\tline\nthird", "cell 3: ValueError: second line"),
        ("OSError", "\x1b[31mred\x1b[0m", "cell 3: OSError: red"),
        ("KeyError", "x" * 999, "cell 3: KeyError: " + "x" * 300),
    ],
)
def test_the_first_line_that_says_anything_is_the_reason(name, text, reason):
    error = papermill.PapermillExecutionError(2, 2, "", name, text, [])
    assert module._reason(error, None) == reason
    assert module._reason(type(name, (Exception,), {})(text), 3) == reason


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("error_without_text/quietfail", "cell 3: AssertionError"),
        ("error_text_second_line/nlfail", "cell 3: ValueError: second line tells it"),
    ],
)
def test_errors_that_were_not_told_once(cases, tmp_path, case, reason):
    with pytest.raises(CausalexError, match=f"failed: {reason}; the notebook as far as it got: "):
        execute(cases / f"{case}.ipynb", tmp_path / "toy" / "pages" / "page.ipynb", {"seed": 2})


def test_what_a_run_used_is_measured(tmp_path):
    notebook = tmp_path / "page.ipynb"
    source = "import time\nheld = bytearray(300 * 2**20)\nwhile time.process_time() < 1.5: pass"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), notebook)
    execute(notebook, tmp_path / "toy" / "pages" / "page.ipynb", {})
    record = records.read(tmp_path / "toy", "page")
    assert 1.5 <= record.cpu_seconds < 30 and record.seconds > 1.5
    assert 300 < record.peak_mb
