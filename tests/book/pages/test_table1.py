import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalex_book.data import table1
from causalex_book.publishing import results
from causalex_core.data.annotations import CAS, SAMM


def test_ranges_take_fractions_into_the_lower_one():
    differences = np.array([0, 100, 100.4, 101, 300, 300.5, 301])
    assert table1.shares(differences, (100, 300)) == [3, 2, 2]


@given(st.lists(st.integers(1, 60), min_size=3, max_size=3))
def test_counts_print_like_themselves(counts):
    printed = tuple(round(100 * count / sum(counts), 1) for count in counts)
    found = table1.printing_counts(printed, sum(counts))
    assert counts in found.tolist()
    share = 100 * found / found.sum(axis=1, keepdims=True)
    assert np.abs(share - printed).max() <= 0.05 + 1e-6
    assert table1.expressions_apart(counts, found) == 0


def test_a_moved_expression_counts_once():
    candidates = np.array([[10, 5, 5], [0, 0, 0]])
    assert table1.expressions_apart([11, 5, 4], candidates) == 1
    assert table1.expressions_apart([11, 5, 5], candidates) == 1
    assert table1.expressions_apart([12, 4, 5], candidates) == 2


@pytest.fixture
def written():
    rows = [
        (10, 15, 30),
        (10, 15, 0),  # no offset
        (10, 0, 30),  # no apex
        (10, 25, 20),  # apex after offset
        (0, 5, 9),
    ]
    return pd.DataFrame(rows, columns=["onset", "apex", "offset"])


@pytest.mark.parametrize(
    ("rule", "first", "second", "kept"),
    [
        ("all", "onset", "offset", [0, 1, 2, 3, 4]),
        ("not negative", "onset", "offset", [0, 2, 3, 4]),
        ("not negative", "apex", "offset", [0, 2, 4]),
        ("both annotated", "apex", "offset", [0, 3, 4]),
        ("both annotated", "onset", "offset", [0, 2, 3, 4]),
        ("complete", "onset", "offset", [0, 3, 4]),
        ("in order", "onset", "offset", [0, 4]),
        ("mirrored", "onset", "offset", [0, 1, 3, 4]),
    ],
)
def test_rows_of_each_rule(written, rule, first, second, kept):
    chosen = table1.ROWS[rule][1](written, first, second)
    assert chosen.index.tolist() == kept


def test_a_missing_offset_is_mirrored(written):
    assert table1.ROWS["mirrored"][1](written, "onset", "offset").loc[1, "offset"] == 20


@pytest.fixture(scope="session")
def result(obtained):
    return obtained(table1)


@pytest.fixture(scope="session")
def tables(result):
    return result.tables


def test_every_printed_cell_has_a_verdict(tables):
    cells = tables["cells"]
    assert cells.groupby("database").size().to_dict() == {CAS: 11, SAMM: 11}
    exact = cells[cells["verdict"].str.startswith("reproduced")]
    assert exact.groupby("database").size().to_dict() == {CAS: 7, SAMM: 7}
    assert not cells["verdict"].str.startswith("not").any()


def test_the_caption_is_false_as_printed(tables):
    headers = tables["headers"].set_index(["group", "headers"])["largest_deviation"]
    assert (headers.xs("as printed", level="headers") > 30).all()
    assert (headers.xs("exchanged", level="headers") < 0.3).all()
    kinds = tables["cells"].query("cell == 'kind' and database == @SAMM")
    assert dict(zip(kinds["header"], kinds["true_header"], strict=True)) == {
        "ME": "MaE",
        "MaE": "ME",
    }


def test_samm_is_two_expressions_from_print(tables):
    best = tables["rules"].query("database == @SAMM").iloc[0]
    assert best["expressions_apart"] == 2
    assert (best["headers"], best["rows"]) == ("exchanged", "not negative")


def test_one_choice_of_rows_gives_a_whole_group_of_cas(tables):
    whole = tables["subsets"].query("database == @CAS and print_alike == 3")
    assert whole[["group", "rows", "n"]].to_numpy().tolist() == [
        ["offset-apex", "not negative", 310]
    ]


def test_the_tables_of_auw_gcn_follow_from_the_official_sheets(tables):
    agree = tables["sources_agree"]
    assert agree["equal_rows"].tolist() == [357, 500, 502]


def test_only_aggregates_are_returned_and_they_survive_storage(result, tmp_path):
    stored = results.read(results.write(result, tmp_path / "result.json"))
    for name, frame in result.tables.items():
        assert not {"subject", "video"} & set(frame.columns), name
        pd.testing.assert_frame_equal(
            stored.tables[name], frame.reset_index(drop=True), check_dtype=False
        )
