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

CODES = range(1, 99)
INTENSITIES = "ABCDE"
SIDES = "LRATBU"  # before a number
PARTIAL = frozenset("LRTBU")
_BEHIND = "LRTU" + INTENSITIES

_DATE = re.compile(
    r"""
      \d{4}-\d\d?(-\d\d?)?([T ]\d\d?:\d\d\S*)?  # 1943-07-01 00:00:00
    | \d\d?([-/.])\d\d?\3(19|20)\d\d(\s.*)? | (19|20)\d\d[/.]\d\d?([/.]\d\d?)? | \d+月(\d+日)?
    | (\d{1,4}\W*)? (?:
        jan(?:uary|uar|v|vier)? | feb(?:ruary|ruar)? | févr?(?:ier)? | mar(?:ch|s)? | märz? | ma[iy]
        | apr(?:il)? | avr(?:il)? | june? | juni | juin | july? | juli | juil(?:let)? | aug(?:ust)?
        | août | sept?(?:emb(?:er|re))? | o[ck]t(?:ob(?:er|re))? | nov(?:emb(?:er|re))?
        | d[eé][cz](?:emb(?:er|re))?
      ) (\W*\d+){0,2} \.?  # 12-Oct
    | \d+:\d\d(:\d\d\S*)?  # 12:14, a time
    | \d+\.(?!0*$)\d+ (E[+-]?\d+)? | \dE[+-]0\d  # 12E+12
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""
      (?P<prefix> (?<![^\W\d_]) (?:AU|AD) (?=\s*[LRATBU]?\s*\d) )
    | (?P<times>  \d+ \s? x (?!\w) )
    | (?P<number> \d+ )
    | (?P<ref>    (?<![^\W\d_]) ref (?![^\W\d_]) )
    | (?P<choice> / | (?<![^\W\d_]) or (?![^\W\d_]) )
    | (?P<plus>   [+,;] | (?<![^\W\d_]) and (?![^\W\d_]) )
    | (?P<open>   \( )
    | (?P<close>  \) )
    | (?P<joint>  (?<=\d) [-_:] (?=(?-i:[LRTUABCDE])(?!\w)) | (?<=[LRATBU]) - (?=\d) )
    | (?P<side>   (?<![^\W\d_]) (?:left|right|unilateral) (?:[ ]side)? (?![^\W\d_]) )
    | (?P<letter> (?-i:[LRATBUCDE]) (?![^\W\d_]) | (?<=\d) [LRTUABCDE] (?![^\W\d_])
                | (?<=\d) (?: [LRTU] (?=[A-E](?!\w)) | [A-E] (?=[LRTU](?!\w)) )
                | (?<![^\W_]) [LRATBU] (?=\d) )
    | (?P<word>   [^\W\d_]+ | [^\s] )
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


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def is_date(text: str) -> bool:
    """Whether a cell is a date, time or number that a spreadsheet may have made of codes."""
    return _DATE.fullmatch(text.strip()) is not None


def parse(text: object) -> Reading:
    """Read a string of action units; a whole number is read as its digits, None and NaN are empty.

    Every word, sign and number that is no unit is in ``unread``, and so is all of a date. Units
    that "lose" intensity (``loses 1+2``) end a movement and are among the unread.
    """
    if text is None or text != text:
        return Reading()
    codes = re.sub(r"^\s*(\d+)\.0*\s*$", r"\1", str(text))
    return Reading(unread=(codes.strip(),)) if is_date(codes) else _Parser(codes).read()


def exact_numbers(text: object) -> tuple[int, ...]:
    """Codes that stand alone between plus signs; anything else is passed over.

    This is how AUW-GCN reads its tables: ``4(B/C)+7B+12`` gives 12 alone.
    """
    tokens = [] if text is None or text != text or is_date(str(text)) else str(text).split("+")
    return tuple(int(token) for token in tokens if re.fullmatch(r"[1-9][0-9]?", token))


def _token(match: re.Match[str]) -> _Token:
    """Token of a match; a side in words becomes its letter, and so do small letters."""
    kind, text = str(match.lastgroup), match.group()
    if kind in ("side", "letter"):
        kind, text = "letter", text[0].upper()
    return _Token(kind, text, match.start(), match.end())


class _Parser:
    """Recursive descent over the tokens of one string."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            _token(match) for match in _TOKEN.finditer(text) if match.lastgroup != "joint"
        ]
        self.at = 0
        self.unread: list[tuple[int, int]] = []

    def read(self) -> Reading:
        units: list[ActionUnit] = []
        while self.at < len(self.tokens):
            units += self._group()
            if self._peek() == "close":
                self._leave()
        return Reading(tuple(units), tuple(self._fragments()))

    def _peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index].kind if index < len(self.tokens) else ""

    def _take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _leave(self) -> None:
        token = self._take()
        self.unread.append((token.start, token.end))

    def _group(self) -> list[ActionUnit]:
        """Units up to a closing bracket or the end."""
        units: list[ActionUnit] = []
        last: list[ActionUnit] = []
        choice = False
        while (kind := self._peek()) not in ("", "close"):
            if kind in ("plus", "choice"):
                choice = kind == "choice" and bool(last)
                if choice:
                    units[-len(last) :] = last = [replace(u, alternative=True) for u in last]
                self._take()
                continue
            last = [replace(u, alternative=u.alternative or choice) for u in self._item()]
            units += last
            choice = False
        return units

    def _item(self) -> list[ActionUnit]:
        """One unit, one bracket of units, or something that is neither."""
        if self._peek() == "ref":
            return self._referred()
        side = self._side()
        if self._peek() == "prefix":
            self._take()
            side = side or self._side()
        if self._peek() == "number":
            number = self.tokens[self.at].text
            if int(number) in CODES:
                self._take()
                side_behind, intensity = self._behind()
                return [ActionUnit(int(number), side + side_behind, intensity)]
        elif self._peek() == "open":
            return self._bracket(side)
        elif self._peek() == "word" and self.tokens[self.at].text.lower().startswith("los"):
            self._leave_loss()
            return []
        self._leave()
        return []

    def _referred(self) -> list[ActionUnit]:
        word = self._take()
        units = self._item() if self._peek() in ("open", "letter", "number", "prefix") else []
        if not units:
            self.unread.append((word.start, word.end))
        return [replace(unit, referred=True) for unit in units]

    def _bracket(self, side: str) -> list[ActionUnit]:
        """Bracketed units; sides and an intensity around them hold for each of them."""
        opening = self._take()
        units = self._group()
        if self._peek() == "close":
            self._take()
        else:
            self.unread.append((opening.start, opening.end))
        side_behind, intensity = self._behind() if units else ("", "")
        side += side_behind
        return [replace(u, side=u.side or side, intensity=u.intensity or intensity) for u in units]

    def _side(self) -> str:
        """Letters before a unit: ``L``, ``A/L``, ``(L/A)``; taken only if a unit follows."""
        opened = self._peek() == "open"
        letters, ahead = self._letters(SIDES, int(opened))
        if opened:
            if self._peek(ahead) != "close":
                return ""
            ahead += 1
        if letters and self._peek(ahead) in ("number", "open", "prefix"):
            self.at += ahead
            return letters
        return ""

    def _behind(self) -> tuple[str, str]:
        """Sides and intensities behind a unit: ``B``, ``L``, ``B/C``, ``(left)``, ``LA``."""
        side = intensity = ""
        while letters := self._bracketed() if self._peek() == "open" else self._bare():
            side += "".join(letter for letter in letters if letter not in INTENSITIES)
            intensity += "".join(letter for letter in letters if letter in INTENSITIES)
        return side, intensity

    def _bare(self) -> str:
        """Letters behind a unit that are not before the next one."""
        letters, ahead = self._letters(_BEHIND, 0)
        followed = self._unit_at(ahead)
        if not self._touches():
            taken = not followed
        else:  # 12L14: the side of 14; 12A14: the intensity of 12
            taken = not (followed and self._touches(ahead)) or letters in INTENSITIES
        if not taken:
            return ""
        self.at += ahead
        return letters

    def _bracketed(self) -> str:
        """Letters in a bracket behind a unit; its words are unread."""
        inside: list[_Token] = []
        while self._peek(1 + len(inside)) in ("word", "plus", "letter", "choice"):
            inside.append(self.tokens[self.at + 1 + len(inside)])
        after = 2 + len(inside)
        letters = [token.text for token in inside if token.kind == "letter"]
        before_next = not self._touches() and self._unit_at(after) and self._touches(after)
        if self._peek(after - 1) != "close" or before_next or not set(letters) & set(_BEHIND):
            return ""
        for token in inside:
            if token.kind == "word" or (token.text.isalpha() and token.kind == "plus"):
                self.unread.append((token.start, token.end))
        self.at += after
        return "".join(letter for letter in letters if letter in _BEHIND)

    def _unit_at(self, ahead: int) -> bool:
        """Whether a unit, or a bracket with one, begins at a token."""
        while self._peek(ahead) == "open":
            ahead += 1
            while self._peek(ahead) == "letter":
                ahead += 1
        return self._peek(ahead) in ("number", "prefix")

    def _touches(self, ahead: int = 0) -> bool:
        """Whether a token follows the one before it without a space."""
        index = self.at + ahead
        return (
            0 < index < len(self.tokens) and self.tokens[index].start == self.tokens[index - 1].end
        )

    def _letters(self, allowed: str, ahead: int) -> tuple[str, int]:
        """Letters joined by choices, and the number of tokens up to their end."""
        letters = ""
        while self._peek(ahead) == "letter" and self.tokens[self.at + ahead].text in allowed:
            letters += self.tokens[self.at + ahead].text
            ahead += 1
            joined = self._peek(ahead) == "choice" and self._peek(ahead + 1) == "letter"
            if not joined or not self._lone_letter(ahead + 1, allowed):
                break
            ahead += 1
        return letters, ahead

    def _lone_letter(self, ahead: int, allowed: str) -> bool:
        """Whether a letter belongs to a choice of letters, not to a unit of its own."""
        if self.tokens[self.at + ahead].text not in allowed:
            return False
        return allowed == SIDES or self._peek(ahead + 1) not in ("number", "open", "prefix")

    def _leave_loss(self) -> None:
        while self._peek() not in ("", "close") and not (
            self._peek() == "choice" and self.tokens[self.at].text.lower() == "or"
        ):
            self._leave()

    def _fragments(self) -> Iterator[str]:
        """Left-over text, pieces with nothing but space between them joined."""
        spans: list[tuple[int, int]] = []
        for start, end in sorted(self.unread):
            if spans and not self.text[spans[-1][1] : start].strip():
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return (" ".join(self.text[start:end].split()) for start, end in spans)
