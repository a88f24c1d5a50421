import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.graphs import pag
from causalex_core.graphs.pag import Pag

MARKS = np.array([[0, 2, 1, 0], [3, 0, 0, 2], [2, 0, 0, 1], [0, 2, 1, 0]])


def test_edges_read_as_they_are_drawn():
    assert Pag(MARKS).edges() == [(0, "-->", 1), (0, "<-o", 2), (1, "<->", 3), (2, "o-o", 3)]


def test_a_graph_survives_its_file(tmp_path):
    graph = Pag(MARKS, 0.05, np.full((4, 4), 1 / 3), {"depth": None, "frames": 12})
    pag.write(graph, tmp_path / "graph.json")
    again = pag.read(tmp_path / "graph.json")
    np.testing.assert_array_equal(again.marks, MARKS)
    assert again.marks.dtype == np.uint8
    np.testing.assert_array_equal(again.n_eff, graph.n_eff)
    assert (again.alpha, again.settings) == (0.05, graph.settings)
    assert again.to_json() == graph.to_json()
    assert pag.from_json(Pag(MARKS).to_json()).n_eff is None


def test_marks_are_checked_and_protected():
    given = MARKS.copy()
    graph = Pag(given)
    given[0, 1] = 1
    assert graph.marks[0, 1] == 2
    with pytest.raises(ValueError, match="read-only"):
        graph.marks[0, 1] = 1
    with pytest.raises(CausalexError, match="square matrix of the codes"):
        Pag(np.zeros((2, 3)))
    with pytest.raises(CausalexError, match="square matrix of the codes"):
        Pag(np.array([[0, 4], [1, 0]]))
    with pytest.raises(CausalexError, match="a mark at both of its ends"):
        Pag(np.array([[0, 1], [0, 0]]))
    with pytest.raises(CausalexError, match="joins two nodes"):
        Pag(np.array([[1, 0], [0, 0]]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a graph"),
        ("[]", "not a graph"),
        ('{"format": "other"}', "not a graph: KeyError"),
        (Pag(MARKS).to_json().replace("graph-1", "graph-9"), "graph of format 'causalex-graph-9'"),
    ],
)
def test_other_files_are_refused(tmp_path, text, said):
    (tmp_path / "graph.json").write_text(text)
    with pytest.raises(CausalexError, match=said):
        pag.read(tmp_path / "graph.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CausalexError, match=r"cannot read the graph .*nowhere\.json"):
        pag.read(tmp_path / "nowhere.json")
