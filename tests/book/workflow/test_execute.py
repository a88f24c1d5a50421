"""What a run tells while it goes on."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from causalex_book.workflow import records
from causalex_book.workflow.execute import execute


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
