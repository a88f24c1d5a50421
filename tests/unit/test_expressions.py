"""Tables of expressions: what is read, what is refused, what a missing offset becomes."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.expressions import (
    MissingOffset,
    TableError,
    oddities,
    read_expressions,
    resolve_missing_offsets,
)

HEADER = "subject,video,onset,offset,kind,apex,score\n"


def _write(folder, text, encoding="utf-8"):
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_reads_frames_kinds_and_blanks(tmp_path):
    path = _write(
        tmp_path,
        HEADER + "s1,v1,10,20,macro,15,0.5\ns1, v1 ,30.5,,Micro,-1,\ns2,v2,7,0,macro,0,1\n",
    )
    table = read_expressions(path)
    assert table["onset"].tolist() == [10, 30.5, 7]
    assert table["offset"].isna().tolist() == [False, True, True]
    assert table["apex"].isna().tolist() == [False, True, True]
    assert table["kind"].tolist() == ["macro", "micro", "macro"]
    assert table["video"].tolist() == ["v1", "v1", "v2"]


def test_header_alone_is_a_table_of_no_rows(tmp_path):
    assert len(read_expressions(_write(tmp_path, HEADER))) == 0


def test_byte_order_mark_and_foreign_columns_are_no_matter(tmp_path):
    path = _write(tmp_path, "\ufeffsubject,video,onset,offset,kind,note\ns,v,1,2,micro,x\n")
    assert list(read_expressions(path)) == ["subject", "video", "onset", "offset", "kind"]


PLAIN = "subject,video,onset,offset,kind\n01,v,10,20.5,micro\n01,v,30,,macro\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace(",", ";").replace("20.5", "20,5").encode(),
        PLAIN.replace(",", "\t").replace("20.5", "20,5").encode(),
        PLAIN.replace("20.5", '"20,5"').encode(),
        PLAIN.replace("\n", ",,\n").encode(),  # two columns of nothing
        PLAIN.replace(",micro", ",micro,,").encode(),  # cells of nothing under no column
        PLAIN.replace("01,v,30", ",,,,\n\n01,v,30").encode() + b",,,,\n",
        PLAIN.replace("\n", "\r\n").encode(),
        b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
        b"\n" + PLAIN.encode(),
        PLAIN.replace("\n", "\n0,", 2).replace("subject", ",subject").encode(),  # with an index
    ],
)
def test_tables_as_programs_write_them(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    table = read_expressions(path)
    assert list(table) == ["subject", "video", "onset", "offset", "kind"]
    assert table.fillna(-1).to_numpy().tolist() == [
        ["01", "v", 10, 20.5, "micro"],
        ["01", "v", 30, -1, "macro"],
    ]


def test_rows_keep_their_number_behind_empty_ones(tmp_path):
    path = _write(tmp_path, "subject,video,onset,offset,kind\n\n,,,,\n01,v,7,7,micro\n")
    assert oddities(read_expressions(path)).to_numpy().tolist() == [
        [2, "one or two frames long (or are these seconds?)"]
    ]
    path.write_text(path.read_text().replace("micro", "nano"))
    with pytest.raises(TableError, match="row 3, column 'kind'"):
        read_expressions(path)


def test_zero_length_and_repeated_rows_are_kept(tmp_path):
    table = read_expressions(_write(tmp_path, HEADER + "s,v,5,5,macro,,\n" * 2))
    assert len(table) == 2
    assert oddities(table)["oddity"].tolist().count("repeats an earlier row") == 1


def test_names_that_look_like_numbers_stay_text(tmp_path):
    table = read_expressions(_write(tmp_path, HEADER + "006,001,5,9,macro,,\n"))
    assert table.loc[0, "subject"] == "006"


@pytest.mark.parametrize(
    ("body", "row", "column"),
    [
        ("s,v,1,2,nano,,\n", 1, "kind"),
        ("s,v,1,2,macro,,\ns,v,9,3,macro,,\n", 2, "offset"),
        ("s,v,NaN,2,macro,,\n", 1, "onset"),
        ("s,v,1,nan,macro,,\n", 1, "offset"),
        ("s,v,1,inf,macro,,\n", 1, "offset"),
        ("s,v,one,2,macro,,\n", 1, "onset"),
        ("s,v,,2,macro,,\n", 1, "onset"),
        (",v,1,2,macro,,\n", 1, "subject"),
        ("s,v,1,2,macro,,high\n", 1, "score"),
        ("s,v,1,2,macro,x,\n", 1, "apex"),
        ('s,v,"1,200",1300,macro,,\n', 1, "onset"),  # a thousand or a fraction
        ("s,v,00:01,2,macro,,\n", 1, "onset"),
        ("nan,v,1,2,macro,,\n", 1, "subject"),
        ("s,#N/A,1,2,macro,,\n", 1, "video"),
    ],
)
def test_bad_cells_are_refused_with_file_row_and_column(tmp_path, body, row, column):
    path = _write(tmp_path, HEADER + body)
    with pytest.raises(TableError) as caught:
        read_expressions(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"row {row}," in message
    assert f"'{column}'" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"subject,video,onset\ns,v,1\n", "'offset'"),
        (HEADER.encode() + b"s,v\xff,1,2,macro,,\n", "line 2"),
        (HEADER.encode() + b"s,v,1,2,macro,,,,x\n", "row 1: not a CSV"),
        (HEADER.encode() + b'"s,v,1,2,macro,,\n', "CSV"),
        (b'"' + b"x" * 200_000, "CSV"),
        (b"subject" + b"," * 10**6, "1000001 cells in a row"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (HEADER.encode("utf-16-le"), "zero bytes"),
        (b"PK\x03\x04\x00\xff", "workbook"),
        (HEADER.encode() + b"s,v,1\n", "'kind'"),
        (b"subject,subject,video,onset,offset,kind\na,b,v,1,2,macro\n", "twice"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path, content, words):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_expressions(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"nothing\.csv"):
        read_expressions(tmp_path / "nothing.csv")


def test_kind_is_not_needed_when_kinds_do_not_matter(tmp_path):
    path = _write(tmp_path, "subject,video,onset,offset\ns,v,1,2\n")
    assert "kind" not in read_expressions(path, kinds=False)
    with pytest.raises(TableError, match="'kind'"):
        read_expressions(path)


@pytest.fixture
def incomplete():
    return pd.DataFrame(
        {
            "onset": [10.0, 20.0, 30.0],
            "apex": [14.0, 26.0, np.nan],
            "offset": [18.0, np.nan, np.nan],
        }
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (MissingOffset.AS_IS, [18, None, None]),
        (MissingOffset.APEX, [18, 26, None]),
        (MissingOffset.MIRRORED, [18, 32, None]),
        (MissingOffset.DROP, [18]),
    ],
)
def test_missing_offset_policies(incomplete, policy, expected):
    before = incomplete.copy()
    resolved = resolve_missing_offsets(incomplete, policy)["offset"]
    assert [None if np.isnan(value) else value for value in resolved] == expected
    pd.testing.assert_frame_equal(incomplete, before)


def test_a_policy_that_needs_an_apex_leaves_tables_without_one(incomplete):
    resolved = resolve_missing_offsets(incomplete.drop(columns="apex"), MissingOffset.APEX)
    assert resolved["offset"].isna().sum() == 2


def test_fractions_of_frames_are_odd_and_rounding_is_not():
    table = pd.DataFrame({"onset": [1.2, 3.0, 5.0], "offset": [4.0, 8.000000001, 9.5]})
    found = oddities(table)
    assert found["row"].tolist() == [0, 2]
    assert found["oddity"].str.startswith("fractions of frames").all()


def test_oddities_name_every_strange_row():
    table = pd.DataFrame(
        {
            "onset": [0.0, 10.0, 20.0, -2.0],
            "apex": [3.0, 25.0, 15.0, np.nan],
            "offset": [6.0, 20.0, 30.0, np.nan],
        }
    )
    found = oddities(table)
    assert set(zip(found["row"], found["oddity"], strict=True)) == {
        (0, "onset at frame 0"),
        (1, "apex after offset"),
        (2, "apex before onset"),
        (3, "onset before frame 0"),
        (3, "apex not annotated"),
        (3, "offset not annotated"),
    }


@pytest.mark.parametrize(
    ("onset", "offset", "said"),
    [
        (40, 55_123_456, ["beyond frame 10,000,000", "longer than 10,000 frames"]),
        (40, 40_055, ["longer than 10,000 frames"]),
        (20_000_040, 20_000_055, ["beyond frame 10,000,000"]),
        (40, 1e300, ["beyond frame 10,000,000", "longer than 10,000 frames"]),
        (9_000_000, 9_005_000, []),
    ],
)
def test_frames_that_no_video_has_are_odd(onset, offset, said):
    table = pd.DataFrame({"onset": [20.0, onset], "offset": [80.0, offset]})
    assert oddities(table).to_numpy().tolist() == [[1, sentence] for sentence in said]
