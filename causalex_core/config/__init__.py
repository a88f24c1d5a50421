"""Parameters: each is declared once, as a field of a ``Config`` with type, range and a sentence.

The field's annotation says type and range (``n_graphs: Count = 20``), the section ``Attributes`` of
the class the sentence and the unit. Values come from Python, a grid file, the command line or
papermill, whose ``-p`` hands lists on as texts; all are taken or refused alike.
"""

import inspect
import math
import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from causalex_core.config import core_yaml
from causalex_core.errors import CausalexError, did_you_mean

_LONGEST = 100  # characters of a value in a message
_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    types.NoneType: "null",
}


@dataclass(frozen=True)
class Limit:
    """A condition in an ``Annotated``: in words, with ``{}`` for those of the type, and as code.

    `choices` are all allowed values, if these are names.
    """

    expected: str
    holds: Callable[[Any], bool]
    choices: tuple[str, ...] = ()


def at_least(low: float) -> Limit:
    """Limit: this or more."""
    return Limit(f"{{}} of at least {low}", lambda value: value >= low)


def above(low: float) -> Limit:
    """Limit: more than this."""
    return Limit(f"{{}} above {low}", lambda value: value > low)


def within(low: float, high: float) -> Limit:
    """Limit: low <= value <= high."""
    return Limit(f"{{}} from {low} to {high}", lambda value: low <= value <= high)


def one_of(names: Iterable[str]) -> Limit:
    """Limit: one of these texts."""
    choices = tuple(names)
    return Limit(f"one of {', '.join(choices)}", lambda value: value in choices, choices)


def including(*needed: Any) -> Limit:
    """Limit of a list: these values are in it."""
    words = " and ".join(map(repr, needed))
    return Limit(f"{{}}, {words} among them", lambda values: set(needed) <= set(values))


Count = Annotated[int, at_least(1)]
CountOrAll = Annotated[int, at_least(0)]  # 0 is all
Seed = Annotated[int, within(0, 2**32 - 1)]  # what every generator takes
Probability = Annotated[float, Limit("{} above 0 and below 1", lambda value: 0 < value < 1)]
Positive = Annotated[float, above(0)]
NonNegative = Annotated[float, at_least(0)]
Strength = Annotated[float, within(-10, 10)]  # lambda of a counterfactual


class ParameterError(CausalexError):
    """A parameter that cannot be; notebooks show it without a traceback, too."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback."""
        return [f"causalex: error: {self}"]


class Parameters:
    """Base of a ``Config``: no such object holds a value of a wrong type or range."""

    def __post_init__(self) -> None:
        """Replace texts, lists and NumPy's numbers by plain values; refuse wrong ones."""
        for name, checked_value in checked(type(self), vars(self)).items():
            object.__setattr__(self, name, checked_value)


@dataclass(frozen=True)
class Parameter:
    """The declaration of a parameter: name, type with limits, default, and a sentence."""

    name: str
    kind: Any
    default: Any
    sentence: str

    @property
    def help(self) -> str:
        """Sentence and range, such as ``Level of the tests (above 0 and below 1)``."""
        limits = _range(self.kind)
        return self.sentence.rstrip(".") + (f" ({limits})" if limits else "")


def declared(config: type) -> list[Parameter]:
    """Parameters of a ``Config``, in order; sentences of base classes are inherited."""
    kinds = get_type_hints(config, include_extras=True)
    sentences: dict[str, str] = {}
    for base in reversed(config.__mro__):
        section = (inspect.cleandoc(base.__doc__ or "")).partition("Attributes\n----------\n")[2]
        for names, text in re.findall(r"^(\S.*)\n((?:[ ]+\S.*(?:\n|$))+)", section, re.M):
            sentences |= dict.fromkeys(names.split(", "), " ".join(text.replace("``", "").split()))
    return [
        Parameter(
            field.name,
            kinds[field.name],
            field.default if field.default_factory is MISSING else field.default_factory(),
            sentences.get(field.name, ""),
        )
        for field in fields(config)
    ]


def checked(config: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the fields of a ``Config``, by name.

    Lists are taken for tuples, numbers of NumPy for Python's, 2.0 for 2; a text where none is
    expected is read as YAML.

    Raises
    ------
    ParameterError
        For a name that is no field, or a value of wrong type or range: one line with parameter,
        value and what is expected.
    """
    page = config.__module__.rpartition(".")[2]
    known = [field.name for field in fields(config)]
    for name in given:
        if name not in known:
            raise ParameterError(
                f"page '{page}' has no parameter '{name}'{did_you_mean(name, known)}"
                f" (it has: {', '.join(known) or 'none'})"
            )
    kinds = get_type_hints(config, include_extras=True)
    where = "" if config.__module__.startswith("causalex_core") else f" of the page '{page}'"
    return {
        name: value(kinds[name], unchecked, f"parameter '{name}'{where}")
        for name, unchecked in given.items()
    }


def value(kind: Any, given: Any, who: str) -> Any:
    """A value of a type, as in :func:`checked`; `who` begins the message if it is none."""
    given = _plain(given)
    parsed = _parsed(kind, given)
    try:
        return _converted(kind, parsed)
    except _RefusedError as refused:
        inner = "" if refused.given is parsed else f"{_shown(refused.given)} in "
        hint = did_you_mean(str(refused.given), refused.choices)
        raise ParameterError(
            f"{who}: {inner}{_shown(given)} given, expected {expected(refused.kind)}{hint}"
        ) from None


class _RefusedError(Exception):
    def __init__(self, given: Any, kind: Any, choices: tuple[str, ...] = ()) -> None:
        super().__init__(given)
        self.given, self.kind, self.choices = given, kind, choices


def _plain(given: Any) -> Any:
    """A value without NumPy's types, and with lists for all sequences."""
    if isinstance(given, np.generic | np.ndarray):
        return given.tolist()
    if isinstance(given, list | tuple | range):
        return [_plain(item) for item in given]
    if isinstance(given, Mapping):
        return {_plain(key): _plain(item) for key, item in given.items()}
    return given


def _parsed(kind: Any, given: Any) -> Any:
    """The content of a text where none is expected."""
    if not isinstance(given, str) or _is_text(kind):
        return given
    try:
        parsed = core_yaml.loads(given)
    except CausalexError:
        return given
    return given if isinstance(parsed, str) else parsed


def _is_text(kind: Any) -> bool:
    """Whether a value of this type may be a text."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _is_text(arguments[0])
    if origin in (Union, types.UnionType):
        return any(map(_is_text, arguments))
    return kind is str or (origin is Literal and isinstance(arguments[0], str))


def _converted(kind: Any, given: Any) -> Any:
    """The value as plain Python and as its type wants it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        try:
            converted = _converted(arguments[0], given)
        except _RefusedError as refused:
            if refused.given is given:
                raise _RefusedError(given, kind) from None
            raise
        for limit in arguments[1:]:
            if not limit.holds(converted):
                raise _RefusedError(given, kind, limit.choices)
        return converted
    if origin is Literal:
        return _converted(Annotated[str, one_of(arguments)], given)
    if origin in (Union, types.UnionType):
        for alternative in arguments:
            try:
                return _converted(alternative, given)
            except _RefusedError:
                continue
    elif origin is tuple and isinstance(given, list) and given:
        kinds = arguments[:1] * len(given) if arguments[-1] is ... else arguments
        if len(kinds) == len(given):
            return tuple(map(_converted, kinds, given))
    elif _is_mapping(origin) and isinstance(given, Mapping):
        keys, values = arguments
        return {_converted(keys, key): _converted(values, item) for key, item in given.items()}
    elif kind in (int, float):
        return _number(kind, given)
    elif isinstance(kind, type) and isinstance(given, kind):
        return given
    raise _RefusedError(given, kind)


def _number(kind: type, given: Any) -> float:
    """A finite number; a float for a whole one only if it is whole."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and kind is float:
            return number
        if number.is_integer():
            return int(given)
    raise _RefusedError(given, kind)


def expected(kind: Any) -> str:
    """A type and its limits in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        words = expected(arguments[0])
        for limit in arguments[1:]:
            words = limit.expected.format(words)
        return words
    if origin is Literal:
        return one_of(arguments).expected
    if origin in (Union, types.UnionType):
        return " or ".join(map(expected, arguments))
    if origin is tuple and arguments[-1] is ...:
        return f"a list of one or more values, each {expected(arguments[0])}"
    if origin is tuple:
        return f"a list of {len(arguments)} values: {'; '.join(map(expected, arguments))}"
    if _is_mapping(origin):
        return f"a mapping from {expected(arguments[0])} to {expected(arguments[1])}"
    return _NAMES.get(kind) or str(getattr(kind, "__name__", kind))


def _range(kind: Any) -> str:
    """Limits of a type in words, without what its default shows."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        limits = (re.sub(r"\{\}(,| of)? ?", "", limit.expected) for limit in arguments[1:])
        return ", ".join(filter(None, (_range(arguments[0]), *limits)))
    if origin is Literal:
        return one_of(arguments).expected
    if origin is tuple and arguments[-1] is ... and _range(arguments[0]):
        return f"each {_range(arguments[0])}"
    return ""


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _shown(given: Any) -> str:
    """A value in a message."""
    text = "null" if given is None else " ".join(repr(given).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
