"""Readers of annotation tables: a synthetic table of each shape, then the real ones."""

import datetime

import numpy as np
import pandas as pd
import pytest

from causalex_core.action_units import exact_numbers, parse
from causalex_core.data import auw_gcn, casme2sq, samm_lv, video_lengths
from causalex_core.data.annotations import CAS, COLUMNS, SAMM
from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.expressions import FRAMES, oddities

AUW = "xjtupanda/AUW-GCN/03c86f3dd84efbe32a348634e3209b43f342c0b0"
MTSN = "genbing99/MTSN-Spot-ME-MaE/dd17fda2e361dc50da0a2e4893f2b0edce4ef270"
MEGC = "zzy188zzy/megc_spotting_code/641145920b5ce908974b0329198ce4137d72c7f8"


@pytest.fixture
def auw_table(tmp_path):
    path = tmp_path / "cas.csv"
    path.write_text(
        "subject,video_name,start_frame,apex_frame,end_frame,type_idx,au\n"
        "p_1,p_1_a,10,15,0,1,4+7\n"
        "p_1,p_1_a,40,0,52,2,\n"
        "p_2,p_2_a,0,-1,9,2,1C+2C\n"
    )
    return path


@pytest.fixture
def cas_workbook(tmp_path):
    path = tmp_path / "cas.xlsx"
    main = [
        [1, "anger1_1", 10, 15, 0, "4+7", "negative", "macro-expression", "anger"],
        [2, " happy1_2", 40, 44, 52, 12, "positive", "micro-expression", "fear"],
    ]
    sheets = {
        "CASFEcode_final": main,
        "naming rule1": [[15, "s15", 1], [16, "s16", 2]],
        "naming rule2": [["0401", "anger1"], ["0502", "happy1"]],
    }
    _write(path, sheets)
    return path


@pytest.fixture
def samm_workbook(tmp_path):
    path = tmp_path / "samm.xlsx"
    _write(path, {"FACS": samm_cells()})
    return path


def samm_cells():
    header = "Subject,Filename,Inducement Code,Onset,Apex,Offset,Duration,Type,Action Units,Notes"
    return [
        ["Some title", *[None] * 9],
        header.split(","),
        ["006", "006_1_1", 1, 566.4, 647.6, 743.2, 177.8, "Macro", "4(B/C)+7B", None],
        ["006", "006_1_2", 1, 0, -1, 90, 91, "Micro - 1/2", 24, "while blinking"],
        ["037", "037_4_1", 4, 1, 9, 17, 17, "Macro", None, None],
    ]


def _write(path, sheets):
    with pd.ExcelWriter(path) as book:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(book, sheet_name=name, header=False, index=False)


def _frames(table):
    return table[list(FRAMES)].to_numpy()


def test_auw_gcn_numbers_stand_and_blanks_are_nan(auw_table):
    table = auw_gcn.read(auw_table, CAS)
    assert tuple(table) == COLUMNS
    expected = [[10, 15, np.nan], [40, np.nan, 52], [0, np.nan, 9]]
    np.testing.assert_array_equal(_frames(table), expected)
    assert table["kind"].tolist() == ["macro", "micro", "micro"]
    assert table["action_units"].tolist() == ["4+7", "", "1C+2C"]
    assert set(table["fps"]) == {30.0}
    assert set(auw_gcn.read(auw_table, SAMM)["fps"]) == {25.0}
    assert table.attrs["conversion"] == auw_gcn.CONVERSION


def test_auw_gcn_as_written_keeps_the_blanks_as_numbers(auw_table):
    assert auw_gcn.as_written(auw_table)["offset"].tolist() == [0, 52, 9]


def test_a_foreign_table_is_refused(tmp_path, auw_table):
    other = tmp_path / "other.csv"
    other.write_text("subject,video_name\n1,2\n")
    with pytest.raises(CausalexError, match=r"other\.csv: no column 'start_frame'"):
        auw_gcn.read(other, CAS)
    other.write_text(auw_table.read_text().replace("52,2,", "52,3,"))
    with pytest.raises(CausalexError, match="row 2: type '3' is unknown"):
        auw_gcn.read(other, CAS)


def test_cas_names_come_from_its_naming_sheets(cas_workbook):
    table = casme2sq.read(cas_workbook)
    assert table["subject"].tolist() == ["casme_015", "casme_016"]
    assert table["video"].tolist() == ["casme_015_0401", "casme_016_0502"]
    np.testing.assert_array_equal(_frames(table), [[10, 15, np.nan], [40, 44, 52]])
    assert table["action_units"].tolist() == ["4+7", "12"]


def cas_sheets(*rows):
    return {
        "CASFEcode_final": rows,
        "naming rule1": [[15, "s15", 1], [16, "s16", 2]],
        "naming rule2": [[401, "anger1"], ["0502", "happy1"]],  # a spreadsheet took the zero
    }


CAS_ROW = (1, "anger1_1", 10, 15, 20, "4+7", "negative", "macro-expression", "anger")


@pytest.mark.parametrize(
    ("name", "apex"), [("sheet_comment_column/comment", 18), ("sheet_slash/slash", np.nan)]
)
def test_cases_of_workbooks(cases, name, apex):
    table = casme2sq.read(cases / f"{name}.xlsx")
    assert table["video"].tolist() == ["casme_015_0401", "casme_016_0505"]
    np.testing.assert_array_equal(_frames(table), [[10, apex, 25], [30, 34, 40]])


def test_remarks_dashes_and_empty_rows_of_a_workbook_are_no_matter(tmp_path):
    path = tmp_path / "cas.xlsx"
    rows = [[*CAS_ROW, "seen twice", None], [None] * 11, [*CAS_ROW[:3], "-", "n/a", *CAS_ROW[5:]]]
    _write(path, cas_sheets(*rows))
    table = casme2sq.read(path)
    np.testing.assert_array_equal(_frames(table), [[10, 15, 20], [10, np.nan, np.nan]])
    assert table["video"].tolist() == ["casme_015_0401"] * 2


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        (2, "/", "row 2, column 'onset': '/' is not a number of a frame"),
        (3, "18?", r"row 2, column 'apex': '18\?' is not"),
        (4, datetime.datetime(2026, 1, 2), "row 2, column 'offset': '2026-01-02"),
        (7, "macro", "row 2: type 'macro' is unknown; expected one of macro-expression, micro"),
        (0, 3, "row 2: subject 3 or video 'anger1_1'"),
    ],
)
def test_a_cell_of_a_workbook_is_refused_by_its_row(tmp_path, column, cell, said):
    path = tmp_path / "cas.xlsx"
    row = list(CAS_ROW)
    row[column] = cell
    _write(path, cas_sheets(CAS_ROW, row))
    with pytest.raises(CausalexError, match=said):
        casme2sq.read(path)


@pytest.mark.parametrize("name", ["naming rule1", "naming rule2"])
def test_two_translations_of_one_name_are_refused(tmp_path, name):
    path = tmp_path / "cas.xlsx"
    workbook = cas_sheets(CAS_ROW)
    workbook[name] = [*workbook[name], workbook[name][0]]
    _write(path, workbook)
    assert len(casme2sq.read(path)) == 1
    workbook[name][1][-1] = workbook[name][0][-1]
    _write(path, workbook)
    with pytest.raises(CausalexError, match=f"'(1|anger1)' has two names in the sheet '{name}'"):
        casme2sq.read(path)


def test_a_workbook_that_lacks_columns_or_is_none_is_refused(tmp_path):
    path = tmp_path / "cas.xlsx"
    _write(path, cas_sheets(CAS_ROW[:8]))
    with pytest.raises(CausalexError, match="8 columns in the sheet 'CASFEcode_final', expected 9"):
        casme2sq.read(path)
    whole = bytearray(path.read_bytes())
    for content in (b"PK\x03\x04 cut", whole[:2000], whole[:900] + bytes(200) + whole[1100:]):
        path.write_bytes(content)
        for reader in (casme2sq, samm_lv):
            with pytest.raises(CausalexError, match="workbook, or damaged"):
                reader.read(path)


def test_a_doubled_column_and_a_row_without_a_video_are_refused(tmp_path):
    path = tmp_path / "samm.xlsx"
    sheet = samm_cells()
    sheet[1][-1] = "Onset"
    _write(path, {"FACS": sheet})
    with pytest.raises(CausalexError, match="twice the column 'Onset'"):
        samm_lv.read(path)
    sheet[1][-1], sheet[3][1] = "Notes", None
    _write(path, {"FACS": sheet})
    with pytest.raises(CausalexError, match="row 4: no subject"):
        samm_lv.read(path)


def test_a_date_among_action_units_is_warned_of_by_its_row(tmp_path, auw_table):
    path = tmp_path / "cas.xlsx"
    row = [*CAS_ROW[:5], datetime.datetime(1943, 7, 1), *CAS_ROW[6:]]  # "7/43"
    _write(path, cas_sheets(CAS_ROW, row))
    with pytest.warns(CausalexWarning, match="row 2: '1943-07-01 00:00:00' is a date"):
        table = casme2sq.read(path)
    assert [parse(cell).numbers for cell in table["action_units"]] == [(4, 7), ()]
    auw_table.write_text(auw_table.read_text().replace("1C+2C", "12-Oct"))
    with pytest.warns(CausalexWarning, match="row 3: '12-Oct' is a date"):
        assert not exact_numbers(auw_gcn.read(auw_table, CAS)["action_units"][2])


def test_names_of_auw_gcn_keep_their_zeros(auw_table):
    auw_table.write_text(auw_table.read_text().replace("p_1,", "01,").replace("p_2,", "02,"))
    assert auw_gcn.read(auw_table, CAS)["subject"].tolist() == ["01", "01", "02"]


def test_cas_without_a_translation_is_refused(tmp_path):
    path = tmp_path / "cas.xlsx"
    row = [3, "anger1_1", 10, 15, 20, "4", "negative", "macro-expression", "anger"]
    _write(path, {"CASFEcode_final": [row], "naming rule1": [[15, "s15", 1]]})
    with pytest.raises(CausalexError, match="no sheet 'naming rule2'"):
        casme2sq.read(path)
    _write(
        path,
        {
            "CASFEcode_final": [row],
            "naming rule1": [[15, "s15", 1]],
            "naming rule2": [["0401", "anger1"]],
        },
    )
    with pytest.raises(CausalexError, match="row 1: subject 3 or video 'anger1_1'"):
        casme2sq.read(path)


def test_samm_counts_from_one_and_rounds(samm_workbook):
    table = samm_lv.read(samm_workbook)
    expected = [[565, 647, 742], [0, np.nan, 89], [0, 8, 16]]
    np.testing.assert_array_equal(_frames(table), expected)
    assert table["video"].tolist() == ["samm_006_1", "samm_006_1", "samm_037_4"]
    assert table["subject"].tolist() == ["samm_006", "samm_006", "samm_037"]
    assert table["action_units"].tolist() == ["4(B/C)+7B", "24", ""]
    assert set(table["fps"]) == {200.0}


def test_samm_as_written_keeps_fractions_and_origin(samm_workbook):
    written = samm_lv.as_written(samm_workbook)
    assert written["onset"].tolist() == [566.4, 0, 1]
    assert written["apex"].tolist() == [647.6, -1, 9]


def test_samm_with_a_column_before_it_and_dashes(tmp_path):
    title, header, first, *rows = samm_cells()
    header = [name + " " if name == "Apex" else name for name in header]
    first = [*first[:4], "/", *first[5:]]
    path = tmp_path / "samm.xlsx"
    sheet = [["to check" if row is first else None, *row] for row in (title, header, first, *rows)]
    _write(path, {"Remarks": [["none"]], "FACS": [*sheet, [None] * 11]})
    table = samm_lv.read(path)
    np.testing.assert_array_equal(_frames(table), [[565, np.nan, 742], [0, np.nan, 89], [0, 8, 16]])


def test_every_eighth_image_is_kept(samm_workbook):
    table = samm_lv.every_nth(samm_lv.read(samm_workbook), 8)
    np.testing.assert_array_equal(_frames(table), [[70, 80, 92], [0, np.nan, 11], [0, 1, 2]])
    assert set(table["fps"]) == {25.0}


def test_a_sheet_without_header_is_refused(tmp_path):
    path = tmp_path / "samm.xlsx"
    _write(path, {"FACS": samm_cells()[2:]})
    with pytest.raises(CausalexError, match="no row starts with 'Subject'"):
        samm_lv.read(path)


def test_lengths_use_the_names_of_the_annotations(tmp_path):
    cas, samm = tmp_path / "cas.csv", tmp_path / "samm.csv"
    cas.write_text("vid,org_vid,duration\ncasme_15_0101,15_0101disgustingteeth,2052\n")
    samm.write_text("sub_name,duration\nsamm_007_6,2700\n")
    assert video_lengths.read(cas, CAS).to_dict("records") == [
        {
            "database": CAS,
            "subject": "casme_015",
            "video": "casme_015_0101",
            "frames": 2052,
            "fps": 30.0,
        }
    ]
    assert video_lengths.read(samm, SAMM)["video"].tolist() == ["samm_007_6"]
    with pytest.raises(CausalexError, match="no column 'sub_name'"):
        video_lengths.read(cas, SAMM)


def test_the_official_cas_sheet_is_the_table_of_auw_gcn(mirror):
    official = casme2sq.read(mirror / MTSN / casme2sq.FILE)
    shipped = auw_gcn.read(mirror / AUW / auw_gcn.FILES[CAS], CAS)
    pd.testing.assert_frame_equal(official, shipped)
    assert official["kind"].value_counts().to_dict() == {"macro": 300, "micro": 57}
    counts = oddities(official)["oddity"].value_counts().to_dict()
    assert counts == {
        "offset not annotated": 44,
        "apex after offset": 3,
        "apex not annotated": 1,
    }


def test_the_samm_table_of_auw_gcn_follows_from_the_official_sheet(mirror):
    official = samm_lv.every_nth(samm_lv.read(mirror / MTSN / samm_lv.FILE), 8)
    shipped = auw_gcn.read(mirror / AUW / auw_gcn.FILES[SAMM], SAMM)
    lengths = video_lengths.read(mirror / MEGC / video_lengths.FILES[SAMM], SAMM)
    last = lengths.set_index("video")["frames"].sub(1) // 8
    behind = official["offset"] > official["video"].map(last)
    assert behind.sum() == 2
    official["offset"] = official["offset"].mask(behind, official["video"].map(last))
    order = [*COLUMNS[2:8]]
    pd.testing.assert_frame_equal(
        official.sort_values(order).reset_index(drop=True),
        shipped.sort_values(order).reset_index(drop=True),
    )
    assert shipped["kind"].value_counts().to_dict() == {"macro": 343, "micro": 159}


def test_every_annotated_video_has_a_length(mirror):
    for database, reader in ((CAS, casme2sq), (SAMM, samm_lv)):
        lengths = video_lengths.read(mirror / MEGC / video_lengths.FILES[database], database)
        assert lengths["video"].is_unique
        assert set(reader.read(mirror / MTSN / reader.FILE)["video"]) <= set(lengths["video"])
