"""Action units (FACS codes) as annotators write them: ``4(B/C)+7B``, ``L14B``, ``R12 or R14``.

A code is a number from 1 to 98. Around it an annotator may write the side or part of the face
before it (L left, R right, A both but asymmetric, T top, B bottom), the intensity behind it (A
trace to E maximal, or a choice as in ``B/C``), ``ref(...)``, brackets, and ``or`` or ``/``
between alternatives.

References
----------
Ekman, P., Friesen, W. V., & Hager, J. C. (2002). Facial Action Coding System: the manual.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

CODES = range(1, 99)
INTENSITIES = "ABCDE"
SIDES = "LRATB"
PARTIAL = frozenset("LRTB")

_TOKEN = re.compile(
    r"""
      (?P<prefix> (?<![^\W\d_]) (?:AU|AD) (?=\s*[LRATB]?\s*\d) )
    | (?P<times>  \d+ \s? x (?!\w) )
    | (?P<number> \d+ )
    | (?P<ref>    (?<![^\W\d_]) ref (?![^\W\d_]) )
    | (?P<choice> / | (?<![^\W\d_]) or (?![^\W\d_]) )
    | (?P<plus>   [+,;] | (?<![^\W\d_]) and (?![^\W\d_]) )
    | (?P<open>   \( )
    | (?P<close>  \) )
    | (?P<letter> (?-i:[LRATBCDE]) (?![^\W\d_]) )
    | (?P<word>   [^\W\d_]+ | [^\s] )
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class ActionUnit:
    """One code with what was written around it."""

    number: int  # FACS code, 1 to 98
    side: str = ""  # letters of LRATB; empty if the face moves evenly
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


def parse(text: object) -> Reading:
    """Read a string of action units; an integer is read as its digits, None and NaN are empty.

    Every word, sign and number that is no unit is in ``unread``. Units that "lose" intensity
    (``loses 1+2``) end a movement and are among the unread.
    """
    if text is None or text != text:
        return Reading()
    return _Parser(str(text)).read()


def exact_numbers(text: object) -> tuple[int, ...]:
    """Codes that stand alone between plus signs; anything else is passed over.

    This is how AUW-GCN reads its tables: ``4(B/C)+7B+12`` gives 12 alone.
    """
    tokens = [] if text is None or text != text else str(text).split("+")
    return tuple(int(token) for token in tokens if re.fullmatch(r"[1-9][0-9]?", token))


class _Parser:
    """Recursive descent over the tokens of one string."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            _Token(str(match.lastgroup), match.group(), match.start(), match.end())
            for match in _TOKEN.finditer(text)
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
                return [ActionUnit(int(number), side, self._intensity())]
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
        """Bracketed units; a side before and an intensity behind hold for each of them."""
        opening = self._take()
        units = self._group()
        if self._peek() == "close":
            self._take()
        else:
            self.unread.append((opening.start, opening.end))
        intensity = self._intensity() if units else ""
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

    def _intensity(self) -> str:
        """Letters behind a unit: ``B``, ``B/C``, ``(B/C)``; never those of the next unit."""
        opened = self._peek() == "open"
        if not opened and not self._touches():
            return ""
        letters, ahead = self._letters(INTENSITIES, int(opened))
        if opened:
            words = 0
            while self._peek(ahead + words) in ("word", "plus", "letter"):
                words += 1
            if not letters or self._peek(ahead + words) != "close":
                return ""
            self.at += ahead
            for _ in range(words):
                token = self._take()
                if token.kind == "letter" and token.text in INTENSITIES:
                    letters += token.text
                else:
                    self.unread.append((token.start, token.end))
            self._take()
            return letters
        self.at += ahead
        return letters

    def _touches(self) -> bool:
        """Whether the next token follows the last one without a space."""
        return (
            0 < self.at < len(self.tokens)
            and self.tokens[self.at].start == self.tokens[self.at - 1].end
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
        return allowed == SIDES or self._peek(ahead + 1) not in ("number", "open")

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
