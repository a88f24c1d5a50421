import datetime
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalex_core.action_units import INTENSITIES, SIDES, ActionUnit, exact_numbers, parse

units = st.builds(
    ActionUnit,
    number=st.integers(1, 98),
    side=st.sampled_from(["", *SIDES]),
    intensity=st.sampled_from(["", *INTENSITIES, "BC", "DE"]),
    referred=st.booleans(),
)


def written(unit: ActionUnit, bracket: bool) -> str:
    letters = "/".join(unit.intensity)
    behind = f"({letters})" if bracket and letters else letters
    text = f"{unit.side}{unit.number}{behind}"
    return f"ref({text})" if unit.referred else text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L14B", [ActionUnit(14, "L", "B")]),
        ("4(B/C)+7B", [ActionUnit(4, "", "BC"), ActionUnit(7, "", "B")]),
        ("1C+2C", [ActionUnit(1, "", "C"), ActionUnit(2, "", "C")]),
        ("T12", [ActionUnit(12, "T")]),
        ("R7C", [ActionUnit(7, "R", "C")]),
        ("ref(7)+12B", [ActionUnit(7, referred=True), ActionUnit(12, "", "B")]),
        ("Ref(R10)", [ActionUnit(10, "R", referred=True)]),
        ("(L/A)4B", [ActionUnit(4, "LA", "B")]),
        ("A/L12", [ActionUnit(12, "AL")]),
        ("A(4B/C)+5B", [ActionUnit(4, "A", "BC"), ActionUnit(5, "", "B")]),
        (
            "R(12or14)B",
            [ActionUnit(n, "R", "B", alternative=True) for n in (12, 14)],
        ),
        ("12A or 14A", [ActionUnit(n, "", "A", alternative=True) for n in (12, 14)]),
        ("ref(12/14)", [ActionUnit(n, referred=True, alternative=True) for n in (12, 14)]),
        ("5A/B+14B", [ActionUnit(5, "", "AB"), ActionUnit(14, "", "B")]),
        (
            "12A/A14",
            [ActionUnit(12, "", "A", alternative=True), ActionUnit(14, "A", alternative=True)],
        ),
        ("ref(7)12E", [ActionUnit(7, referred=True), ActionUnit(12, "", "E")]),
        ("1D/E+2D/E ", [ActionUnit(1, "", "DE"), ActionUnit(2, "", "DE")]),
        ("26+ADR30", [ActionUnit(26), ActionUnit(30, "R")]),
        ("AU4 and AU7", [ActionUnit(4), ActionUnit(7)]),
        ("12", [ActionUnit(12)]),
        (12, [ActionUnit(12)]),
    ],
)
def test_notations(text, expected):
    assert parse(text).units == tuple(expected)
    assert parse(text).unread == ()


@pytest.mark.parametrize(
    ("text", "numbers", "unread"),
    [
        ("4+glare", (4,), ("glare",)),
        ("12B ?", (12,), ("?",)),
        ("7A/B+L10A/B)+12C", (7, 10, 12), (")",)),
        ("(12", (12,), ("(",)),
        ("80 (big swallow)", (80,), ("big swallow",)),
        ("twice - L1B+2", (1, 2), ("twice -",)),
        ("R2(C and then B)", (2,), ("and then",)),
        ("does 2x 45", (45,), ("does 2x",)),
        ("(1B+2A)or(loses AU4)", (1, 2), ("loses AU4",)),
        ("(loses 1+2) or (4(B/C))", (4,), ("loses 1+2",)),
        ("0+99+123", (), ("0", "99", "123")),
        ("ref", (), ("ref",)),
        ("L", (), ("L",)),
        ("L()", (), ("L",)),
        ("L99", (), ("L99",)),
        ("()", (), ()),
        ("", (), ()),
        ("  ", (), ()),
        (None, (), ()),
        (math.nan, (), ()),
        (pd.NA, (), ()),
        (pd.NaT, (), ()),
    ],
)
def test_what_is_no_unit_is_said(text, numbers, unread):
    reading = parse(text)
    assert reading.numbers == numbers
    assert reading.unread == unread


@pytest.mark.parametrize(
    ("text", "expected", "unread"),
    [
        ("AU1 + AU2(L)", [(1, "", ""), (2, "L", "")], ()),
        ("12L", [(12, "L", "")], ()),
        ("AU12 left", [(12, "L", "")], ()),
        ("right side 12", [(12, "R", "")], ()),
        ("L12A", [(12, "L", "A")], ()),
        ("12AL", [(12, "L", "A")], ()),
        ("12(L, B)", [(12, "L", "B")], ()),
        ("12(B)(right)", [(12, "R", "B")], ()),
        ("12 (on the left) + 4", [(12, "L", ""), (4, "", "")], ("on the",)),
        ("AU12-L", [(12, "L", "")], ()),
        ("12/L", [(12, "L", "")], ()),
        ("AU12 - left", [(12, "L", "")], ()),
        ("12 - left 14", [(12, "", ""), (14, "L", "")], ("-",)),
        ("12l+r14b", [(12, "L", ""), (14, "R", "B")], ()),
        ("unilateral 12", [(12, "U", "")], ()),
        ("(12A+14)L", [(12, "L", "A"), (14, "L", "")], ()),
        ("12 L + 14 B", [(12, "L", ""), (14, "", "B")], ()),
        ("12L 14", [(12, "L", ""), (14, "", "")], ()),
        ("12 L14", [(12, "", ""), (14, "L", "")], ()),
        ("12A L14", [(12, "", "A"), (14, "L", "")], ()),
        ("12 (L)14", [(12, "", ""), (14, "L", "")], ()),
        ("12A(14B)", [(12, "", "A"), (14, "", "B")], ()),
        ("12 (leftover B)", [(12, "", "B")], ("leftover",)),
        ("7AU 12", [(7, "", ""), (12, "", "")], ()),
        ("AU12_r", [(12, "", "")], ("_r",)),  # a column of OpenFace, no side
    ],
)
def test_sides_and_intensities_stand_on_either_side(text, expected, unread):
    reading = parse(text)
    assert [(u.number, u.side, u.intensity) for u in reading.units] == expected
    assert reading.unread == unread
    assert reading.two_sided_numbers == tuple(n for n, side, _ in expected if not side)


@pytest.mark.parametrize(
    "cell",
    [
        datetime.datetime(1943, 7, 1),  # "7/43" in a spreadsheet
        datetime.date(1945, 6, 1),
        datetime.time(12, 14),
        pd.Timestamp(1943, 7, 1),
        np.datetime64("1943-07-01T00:00:00"),
        "1943-07-01 00:00:00",
        "1943-07-01T00:00:00.000",
        "10/12/2026",
        "10.12.2026 00:00",
        "07/12/26",  # "7/12" in LibreOffice
        "12.10.26",
        "12-Oct",  # "10-12"
        "Oct-45",
        "12. Okt",
        "4. juil.",
        "Oct 12, 2026",
        "10月12日",
        "12:14",
        "12:14:00 PM",
        "1.2E+13",  # "12E+12"
        "1,2E+13",
        "1E+08",
        "12.14",
    ],
)
def test_what_a_spreadsheet_made_of_codes_is_no_unit(cell):
    assert parse(cell).units == ()
    assert parse(cell).unread == (str(cell),)
    assert exact_numbers(cell) == ()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("7/43", (7, 43)), ("10-12", (10, 12)), ("4E+7", (4, 7)), ("maybe 12", (12,)), (12.0, (12,))],
)
def test_codes_that_were_left_alone_are_read(text, numbers):
    assert parse(text).numbers == numbers


def test_numbers_are_listed_once():
    assert parse("R12 or L12 + 4 + 12").numbers == (12, 4)


def test_one_sided_units_can_be_left_out():
    assert parse("L12+A14B+T18+4+(L/A)7").two_sided_numbers == (14, 4)


@given(st.lists(units, max_size=6), st.booleans(), st.sampled_from(["+", " + ", ", "]))
def test_what_was_written_is_read_back(expected, bracket, joint):
    reading = parse(joint.join(written(unit, bracket) for unit in expected))
    assert list(reading.units) == expected
    assert reading.unread == ()


notes = st.text(alphabet="0123456789LRATBCDEaor+/() ?x-,éf", max_size=30)


@given(st.one_of(notes, st.text(max_size=30)))
def test_no_number_and_no_word_is_lost(text):
    reading = parse(text)
    found = [unit.number for unit in reading.units]
    left = [int(run) for part in reading.unread for run in re.findall(r"\d+", part)]
    assert sorted(found + left) == sorted(int(run) for run in re.findall(r"\d+", text))
    words = {word for word in re.findall(r"[^\W\d_]{2,}", text)} - _grammar(text)
    assert all(any(word in part for part in reading.unread) for word in words)


def _grammar(text):
    """Words with a meaning for the parser."""
    return set(re.findall(r"(?i)\b(?:ref|or|and|AU|AD)\b", re.sub(r"[\d_]", " ", text))) | set(
        re.findall(r"(?i)A[UD][LRATBU]|(?<=\d)(?:[LRTU][A-E]|[A-E][LRTU])(?![^\W_])", text)
    )


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4+7+12", (4, 7, 12)),
        ("4(B/C)+7B+12", (12,)),
        ("12 +4", (4,)),
        ("04+4", (4,)),
        ("", ()),
        (None, ()),
        (math.nan, ()),
        (12, (12,)),
    ],
)
def test_exact_reading_wants_bare_numbers(text, numbers):
    assert exact_numbers(text) == numbers


@given(st.lists(st.integers(1, 98), unique=True, max_size=6))
def test_both_readings_agree_on_bare_numbers(numbers):
    text = "+".join(map(str, numbers))
    assert exact_numbers(text) == parse(text).numbers == tuple(numbers)
