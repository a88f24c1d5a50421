import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from causalex_book.workflow import present
from causalex_core.errors import CausalexError


def executed(tmp_path, *cells, **papermill):
    notebook = new_notebook(cells=list(cells), metadata={"papermill": papermill})
    file = tmp_path / "page.ipynb"
    nbformat.write(notebook, file)
    return file


def code(source="1", tags=(), outputs=(), **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags), **metadata})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([], ["hide-input"]),
        (["figure"], ["figure", "hide-input"]),
        (["hide-cell"], ["hide-cell"]),
        (["remove-input"], ["remove-input"]),
        (["parameters"], ["parameters", "remove-cell"]),
        (["injected-parameters"], ["injected-parameters", "remove-cell"]),
        (["parameters", "remove-cell"], ["parameters", "remove-cell"]),
    ],
)
def test_code_is_folded_and_parameters_vanish(tmp_path, given, shown):
    page = present.page(executed(tmp_path, new_markdown_cell("# T"), code(tags=given)))
    assert page.cells[1].metadata.tags == shown
    assert "tags" not in page.cells[0].metadata


def test_messages_times_and_paths_stay_out(tmp_path):
    outputs = [
        new_output("stream", name="stderr", text="a warning"),
        new_output("stream", name="stdout", text="a result"),
    ]
    cell = code(outputs=outputs, papermill={"duration": 1.0}, execution={"iopub": "now"})
    page = present.page(executed(tmp_path, cell, input_path="/somewhere/page.ipynb"))
    assert [output.text for output in page.cells[0].outputs] == ["a result"]
    assert page.cells[0].metadata == {"tags": ["hide-input"]}
    assert "papermill" not in page.metadata


def test_a_notebook_that_failed_is_no_page(tmp_path):
    with pytest.raises(CausalexError, match=r"page\.ipynb: stopped at an error"):
        present.page(executed(tmp_path, code(), exception=True))
    assert present.page(executed(tmp_path, code(), exception=None)).cells


def test_a_notice_stands_directly_under_the_title(tmp_path):
    message = new_output("display_data", data={"text/plain": "stored"})
    cells = [
        new_markdown_cell("# Title\n\nText."),
        code("compute"),
        code("notice", tags=["notice", "remove-input"], outputs=[message]),
    ]
    page = present.page(executed(tmp_path, *cells))
    assert [cell.source for cell in page.cells] == ["# Title", "notice", "Text.", "compute"]
    assert len({cell.id for cell in page.cells}) == 4
    nbformat.validate(page)


def test_a_page_without_a_notice_keeps_its_order(tmp_path):
    silent = code("notice", tags=["notice", "remove-input"])
    cells = [new_markdown_cell("# Title\n\nText."), silent, code("compute")]
    page = present.page(executed(tmp_path, *cells))
    assert [cell.source for cell in page.cells] == ["# Title\n\nText.", "compute"]
