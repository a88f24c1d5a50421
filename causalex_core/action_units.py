"""Action units (FACS codes) as annotators write them: ``4(B/C)+7B``, ``L14B``, ``R12 or R14``.

A code is a number from 1 to 98. Around it an annotator may write the side or part of the face
(L left, R right, U one of the two, T top; before the number also A both but asymmetric, B bottom),
the intensity behind it (A trace to E maximal, or a choice as in ``B/C``), ``ref(...)``, brackets,
and ``or`` or ``/`` between alternatives. A and B behind a number are intensities.

What a spreadsheet made of a code is none: ``7/43`` becomes the first of July 1943, ``10-12`` the
tenth of December, ``12E+12`` the number 1.2E+13. Nothing of it is read.

References
----------
Ekman, P., Friesen, W. V., & Hager, J. C. (2002). Facial Action Coding System: the manual.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

CODES = range(1, 99)
INTENSITIES = "ABCDE"
SIDES = "LRATBU"  # before a number
PARTIAL = frozenset("LRTBU")

_DATE = re.compile(
    r"""
      \d{4}-\d\d?(-\d\d?)?([T ]\d\d?:\d\d\S*)?  # 1943-07-01 00:00:00
    | \d\d?([-/.])\d\d?\3(19|20)\d\d(\s.*)? | \d\d(?P<mark>[-/.])\d\d(?P=mark)\d\d
    | (19|20)\d\d[/.]\d\d?([/.]\d\d?)? | \d+月(\d+日)?
    | (\d{1,4}\W*)? (?:
        jan(?:uary|uar|v|vier)? | feb(?:ruary|ruar)? | févr?(?:ier)? | mar(?:ch|s)? | märz? | ma[iy]
        | apr(?:il)? | avr(?:il)? | june? | juni | juin | july? | juli | juil(?:let)? | aug(?:ust)?
        | août | sept?(?:emb(?:er|re))? | o[ck]t(?:ob(?:er|re))? | nov(?:emb(?:er|re))?
        | d[eé][cz](?:emb(?:er|re))?
      ) (\W*\d+){0,2} \.?  # 12-Oct
    | \d+:\d\d(:\d\d\S*)? (\s?[AP]M)?  # 12:14, a time
    | \d+\.(?!0*$)\d+ (E[+-]?\d+)? | \dE[+-]0\d | \d,\d+E[+-]\d\d  # 12E+12
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = r"(?:left|right|unilateral)(?:[ ]side)?"
_OR = r"\s*(?:/|or)\s*"
_SIDE = rf"(?:{_WORDS}(?![^\W\d_])|(?-i:[LRATBU])(?![^\W\d_])|[LRATBU](?=\d)|[LRU](?!\w))"
_SIDES = rf"{_SIDE}(?:{_OR}{_SIDE})*"
_NO_UNIT = r"(?!\s*(?:(?:A[UD]\s*)?\d|\([^()]*\d))"
_LETTER = rf"(?:{_WORDS}|(?-i:[LRTUABCDE])|[LRU])(?![^\W_])"
# Letters behind a unit; never those of the next one.
_BEHIND = rf"""(?:
    (?: [A-E](?![^\W\d_]) | [LRTU](?!\w|\([^()]*\d) | (?!AU)(?-i:[A-E][LRTU]|[LRTU][A-E])(?!\w)
      | \s+ {_LETTER} {_NO_UNIT} | _ (?-i:[LRTUABCDE])(?!\w)
      | \s*[-:/]\s* {_LETTER} {_NO_UNIT} | {_WORDS}(?!\w) {_NO_UNIT} )
    (?: {_OR} {_LETTER} {_NO_UNIT} )*
  | (?: \((?=[^()]*(?<![^\W_]){_LETTER})[^()\d]*\)
      | \s+\((?=[^()]*(?<![^\W_]){_LETTER})[^()\d]*\)(?!\d) )
)*"""
_TOKEN = re.compile(
    rf"""
      (?P<unit> (?: (?<![^\W\d_]) (?P<ref>ref\s*)?
          (?P<before> (?: \(\s*{_SIDES}\s*\) | {_SIDES} ) (?:\s*|-) )?
          (?:A[UD]\s*)? (?P<side> {_SIDES}\s* )? )?
        (?P<number> \d+ ) (?!\d|\s?x(?!\w)) (?P<behind> {_BEHIND} ) )
    | (?P<open>   (?<![^\W\d_]) (?P<ref_all>ref\s*)? (?P<side_all> {_SIDES}\s* )? \( | \( )
    | (?P<close>  \) (?P<behind_all> {_BEHIND} ) )
    | (?P<choice> / | (?<![^\W\d_]) or (?![^\W\d_]) )
    | (?P<plus>   [+,;] | (?<![^\W\d_]) and (?![^\W\d_]) )
    | (?P<word>   \d+ | [^\W\d_]+ | [^\s] )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LETTERS = re.compile(
    rf"""
      (?<![^\W\d_]) (?: (?P<words> {_WORDS} )
        | (?P<letters> (?-i:[A-E][LRTU]|[LRTU][A-E]|[LRATBUCDE]) | [LRU] | \A[A-Z] ) | or
      ) (?![^\W\d_])
    | (?P<rest> [^\W\d_]+ | [^\w\s/,;:+()-] )
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class ActionUnit:
    """One code with what was written around it."""

    number: int  # FACS code, 1 to 98
    side: str = ""  # letters of LRATBU; empty if the face moves evenly
    intensity: str = ""  # letters of ABCDE, several where the annotator left a choice; often empty
    referred: bool = False  # written inside ref(...), which the annotators do not explain
    alternative: bool = False  # one side of an "or" or "/"


@dataclass(frozen=True)
class Reading:
    """Units of a string of codes, and the parts of it that could not be read."""

    units: tuple[ActionUnit, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Codes without repeats, in the order in which they first stand."""
        return tuple(dict.fromkeys(unit.number for unit in self.units))

    @property
    def two_sided_numbers(self) -> tuple[int, ...]:
        """Like :attr:`numbers`, without units that show on one side or part of the face only."""
        units = (unit for unit in self.units if not PARTIAL & set(unit.side))
        return tuple(dict.fromkeys(unit.number for unit in units))


def is_date(text: str) -> bool:
    """Whether a cell is a date, time or number that a spreadsheet may have made of codes."""
    return _DATE.fullmatch(text.strip()) is not None


def parse(text: object) -> Reading:
    """Read a string of action units; a whole number is read as its digits, nothing is empty.

    Every word, sign and number that is no unit is in ``unread``, and so is all of a date. Units
    that "lose" intensity (``loses 1+2``) end a movement and are among the unread.
    """
    codes = re.sub(r"^\s*(\d+)\.0*\s*$", r"\1", _text(text))
    return Reading(unread=(codes.strip(),)) if is_date(codes) else _read(codes)


def exact_numbers(text: object) -> tuple[int, ...]:
    """Codes that stand alone between plus signs; anything else is passed over.

    This is how AUW-GCN reads its tables: ``4(B/C)+7B+12`` gives 12 alone.
    """
    tokens = [] if is_date(_text(text)) else _text(text).split("+")
    return tuple(int(token) for token in tokens if re.fullmatch(r"[1-9][0-9]?", token))


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell)


def _read(text: str) -> Reading:
    """Units of a string that is no date, from left to right; brackets are kept on a stack."""
    units: list[ActionUnit] = []
    unread: list[tuple[int, int]] = []
    brackets: list[tuple[re.Match[str], int, bool]] = []  # opened where, behind an "or" or not
    last = 0  # units from here on are the last item
    choice = lost = False

    def close(behind: str, start: int) -> None:
        """Sides, intensities and ref(...) around a bracket hold for each unit in it."""
        nonlocal last, choice
        opening, last, choice = brackets.pop()
        side = _letters(opening["side_all"] or "")
        side_behind, intensity = _behind(behind, start, unread)
        if last == len(units):
            unread.extend(((opening.start(), opening.end() - 1), (start, start + len(behind))))
        units[last:] = [
            replace(
                unit,
                side=unit.side or side + side_behind,
                intensity=unit.intensity or intensity,
                referred=unit.referred or bool(opening["ref_all"]),
                alternative=unit.alternative or choice,
            )
            for unit in units[last:]
        ]
        choice = False

    for match in _TOKEN.finditer(text):
        kind, span = match.lastgroup, match.span()
        lost = lost and kind != "close" and match.group().lower() != "or"
        if lost:
            unread.append(span)
        elif kind == "unit" and int(match["number"]) in CODES:
            side = _letters((match["before"] or "") + (match["side"] or ""))
            side_behind, intensity = _behind(match["behind"], match.start("behind"), unread)
            last = len(units)
            units.append(
                ActionUnit(
                    int(match["number"]), side + side_behind, intensity, bool(match["ref"]), choice
                )
            )
            choice = False
        elif kind == "open":
            brackets.append((match, len(units), choice))
            last, choice = len(units), False
        elif kind == "close" and brackets:
            close(match["behind_all"], match.start("behind_all"))
        elif kind == "plus":
            choice = False
        elif kind == "choice":
            choice = last < len(units)
            units[last:] = [replace(unit, alternative=True) for unit in units[last:]]
        else:
            unread.append(span)
            last, choice = len(units), False
            lost = match.group().lower().startswith("los")
    while brackets:
        unread.append((brackets[-1][0].end() - 1, brackets[-1][0].end()))
        close("", 0)
    return Reading(tuple(units), tuple(_fragments(text, unread)))


def _letters(text: str) -> str:
    """Letters of sides and intensities; a side in words is its first letter."""
    parts = (match["letters"] or match["words"] or "" for match in _LETTERS.finditer(text))
    return "".join(part[0] if len(part) > 2 else part for part in parts).upper()


def _behind(text: str, start: int, unread: list[tuple[int, int]]) -> tuple[str, str]:
    """Sides and intensities behind a unit; what else stands among them joins `unread`."""
    for match in _LETTERS.finditer(text):
        if match["rest"]:
            unread.append((start + match.start(), start + match.end()))
    letters = _letters(text)
    return (
        "".join(letter for letter in letters if letter not in INTENSITIES),
        "".join(letter for letter in letters if letter in INTENSITIES),
    )


def _fragments(text: str, unread: list[tuple[int, int]]) -> Iterator[str]:
    """Left-over text, pieces with nothing but space between them joined."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(unread):
        if spans and not text[spans[-1][1] : start].strip():
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start < end:
            spans.append((start, end))
    return (" ".join(text[start:end].split()) for start, end in spans)
