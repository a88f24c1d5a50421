"""What notebooks show, drawn from stored results: notebooks themselves hold no more than calls."""

import re

import nbformat
import pandas as pd
import pytest

from causalex_book.data import table1_view
from causalex_book.graphs import prior_graph_view
from causalex_book.publishing import results, show
from causalex_book.recognition import (
    emotion_floor,
    emotion_floor_view,
    emotion_probes_view,
    emotion_scores_view,
    printed_scores,
)
from causalex_book.spotting import graph_spotting_view, published_setting_view
from causalex_core import paths
from causalex_core.provenance import Stamp

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
MOST_LINES = 60


def stored(name):
    return results.read(paths.PUBLISHED / f"{name}.json")


def code_cells(file):
    return [
        cell
        for cell in nbformat.read(file, 4).cells
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])
    ]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_short_and_decides_nothing(file):
    cells = code_cells(file)
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    for cell in cells:
        spoken = cell.source.partition("show.sentences(")[2].partition("show.parameters")[0]
        assert not re.search(r" (if|for|else) ", spoken), "sentences that depend belong in a view"


def test_more_or_less_than_the_linear_model_is_decided_by_the_interval():
    row = {"difference": 0.1, "low": 0.02, "high": 0.2}
    assert emotion_scores_view.than_linear(row) == (
        "more than the linear model (0.100 [0.020, 0.200])"
    )
    assert emotion_scores_view.than_linear(row | {"low": -0.1}).startswith("neither more nor less")
    assert emotion_scores_view.than_linear(row | {"low": -0.2, "high": -0.1}).startswith("less")


def test_labels_are_in_the_maps_only_if_no_permutation_reads_as_much():
    tables = dict(stored("emotion_probes").tables)
    lines = emotion_probes_view.conclusions(tables)
    assert "adds little to" in lines[1] and lines[3].endswith("Maps do show emotions.")
    tables["permutations"] = tables["permutations"].assign(greatest=0.99)
    tables["leak"] = tables["leak"].assign(high=0.3)
    lines = emotion_probes_view.conclusions(tables)
    assert "adds much to" in lines[1] and "which permutations reach too" in lines[3]


def test_printed_scores_are_measured_from_the_guesses_beside_them():
    result = stored("emotion_floor")
    tables = result.tables
    scores = tables["scores"].set_index(["system", "rule", "scope", "measure"])
    composite = tables["floor"].query("scope == 'composite'")
    linear = scores.loc[("linear model", emotion_floor.NO_CHOICE, "composite", "uf1")]
    printed = printed_scores.printed()
    known = printed.query("scope == 'composite' and measure == 'uf1'")
    floors = emotion_floor_view.floors(printed, tables, scores)
    above = known.assign(value=known["value"] + 1)
    more = emotion_floor_view.conclusions(composite, 200, tables, above, floors, linear)
    assert more[2].count(" above") == len(printed_scores.CHOSEN_AMONG)
    equal = floors.copy()
    for method, epochs in printed_scores.CHOSEN_AMONG.items():
        equal[f"{method}, printed"] = equal[f"guesses, {epochs} epochs"]
    less = emotion_floor_view.conclusions(composite, 200, tables, known, equal, linear)
    assert less[3].endswith("none of the two.")


def test_a_graph_is_compared_with_a_random_one_where_there_is_one():
    tables = stored("real_spotting").tables
    last = tables["scores"].query("rule == 'last epoch'")
    lines = graph_spotting_view.sentences(last, "CAS(ME)^2", tables)
    assert "; random graph gains" in lines[0] and len(lines) == 3
    fewer = tables["scores"].query("rule != 'nested'")
    without = last.query("variant != 'random graph'")
    lines = graph_spotting_view.sentences(without, "CAS(ME)^2", {**tables, "scores": fewer})
    assert "; no graph gains" in lines[0] and len(lines) == 2


@pytest.mark.parametrize(
    ("page", "view"),
    [
        ("prior_graph", prior_graph_view.conclusions),
        ("table1", table1_view.conclusions),
        ("emotion_probes", emotion_probes_view.conclusions),
    ],
)
def test_no_number_of_a_sentence_is_missing(page, view):
    lines = view(stored(page).tables)
    assert all(line.endswith(".") and "nan" not in line.lower().split() for line in lines)


def test_what_a_gpu_took_is_shown_with_its_stamp_and_else_that_nothing_was_measured(
    tmp_path, monkeypatch
):
    shown = []
    monkeypatch.setattr(show, "display", lambda data, raw: shown.append(data["text/markdown"]))
    file = tmp_path / "gpu.json"
    published_setting_view.measured_on_a_gpu(file)
    assert len(shown) == 1 and "Nothing was measured on a GPU" in shown[0]
    parts = pd.DataFrame(
        [("spotting", "52 spotters", 71.4)], columns=["part", "finished", "seconds"]
    )
    stamp = Stamp("abc", "c", "d", "e", "GPU of a test", 300.0)
    results.write(results.Result("gpu", {"parts": parts}, {}, stamp, origin="computed"), file)
    published_setting_view.measured_on_a_gpu(file)
    table, line = shown[1:]
    assert "Measured on a GPU" in table and "| spotting | 52 spotters | 71 |" in table
    assert "commit abc" in line and "GPU of a test" in line
