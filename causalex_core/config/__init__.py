"""Parameters of a page: type and range of each, checked once, where values enter.

A ``Config`` says both with the field: ``n_graphs: Count = 20``. Values come from Python, from a
grid file, or from papermill, whose ``-p`` hands lists on as texts; all are taken or refused alike.
"""

import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
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
    """What a value must be besides of its type; stands in an ``Annotated``.

    Attributes
    ----------
    expected
        In words, with ``{}`` for the words of the type.
    holds
        Whether a value is so.
    choices
        All values that are, if these are names.
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
    """Limit: these two or between them."""
    return Limit(f"{{}} from {low} to {high}", lambda value: low <= value <= high)


def one_of(names: Iterable[str]) -> Limit:
    """Limit: one of these texts."""
    there = tuple(names)
    return Limit(f"one of {', '.join(there)}", lambda value: value in there, there)


def including(*needed: Any) -> Limit:
    """Limit of a list: these values are in it."""
    words = " and ".join(map(repr, needed))
    return Limit(f"{{}}, {words} among them", lambda values: all(one in values for one in needed))


Count = Annotated[int, at_least(1)]
CountOrAll = Annotated[int, at_least(0)]  # 0 is all
Seed = Annotated[int, within(0, 2**32 - 1)]  # what every generator takes
Probability = Annotated[
    float, Limit("{} above 0 and below 1", lambda value: 0 < value < 1)
]  # neither sure nor impossible
Positive = Annotated[float, above(0)]
NonNegative = Annotated[float, at_least(0)]
Strength = Annotated[float, within(-10, 10)]  # of a counterfactual: how often it is taken away


class ParameterError(CausalexError):
    """A parameter that cannot be; notebooks show it without a traceback, too."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a traceback."""
        return [f"causalex: error: {self}"]


class Parameters:
    """Base of a chapter's ``Config``: no such object holds a value of a wrong type or range."""

    def __post_init__(self) -> None:
        """Put plain values in the place of texts, lists and NumPy's numbers; refuse others."""
        for name, value in checked(type(self), vars(self)).items():
            object.__setattr__(self, name, value)


def checked(config: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the fields of a ``Config``.

    Parameters
    ----------
    config
        A dataclass whose fields are numbers, texts, tuples and mappings of such; an ``Annotated``
        with a :class:`Limit` says which are allowed.
    given
        Values by name of the field. Lists are taken for tuples, numbers of NumPy for Python's, 2.0
        for 2; a text where none is expected is read as YAML.

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
                f"chapter '{page}' has no parameter '{name}'{did_you_mean(name, known)}"
                f" (it has: {', '.join(known) or 'none'})"
            )
    kinds = get_type_hints(config, include_extras=True)
    return {
        name: value(kinds[name], one, f"parameter '{name}' of the page '{page}'")
        for name, one in given.items()
    }


def value(kind: Any, given: Any, who: str) -> Any:
    """A value of a type, as in :func:`checked`; `who` begins the message if it is none."""
    given = _plain(given)
    read = _read(kind, given)
    try:
        return _converted(kind, read)
    except _RefusedError as refused:
        inner = "" if refused.given is read else f"{_shown(refused.given)} in "
        hint = did_you_mean(str(refused.given), refused.choices)
        raise ParameterError(
            f"{who}: {inner}{_shown(given)} given, expected {refused.expected}{hint}"
        ) from None


class _RefusedError(Exception):
    def __init__(self, given: Any, expected: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(expected)
        self.given, self.expected, self.choices = given, expected, choices


def _plain(given: Any) -> Any:
    """A value without NumPy's types, and with lists for all that is one."""
    if isinstance(given, np.generic | np.ndarray):
        return given.tolist()
    if isinstance(given, list | tuple | range):
        return [_plain(one) for one in given]
    if isinstance(given, Mapping):
        return {_plain(key): _plain(one) for key, one in given.items()}
    return given


def _read(kind: Any, given: Any) -> Any:
    """What a text says where none is expected."""
    if not isinstance(given, str) or _is_text(kind):
        return given
    try:
        read = core_yaml.loads(given)
    except CausalexError:
        return given
    return given if isinstance(read, str) else read


def _is_text(kind: Any) -> bool:
    """Whether a value of this type may be a text."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _is_text(get_args(kind)[0])
    if origin is Literal:
        return any(isinstance(one, str) for one in get_args(kind))
    if origin in (Union, types.UnionType):
        return any(map(_is_text, get_args(kind)))
    return kind is str


def _converted(kind: Any, given: Any) -> Any:
    """The value as plain Python and as its type wants it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _limited(kind, given)
    if origin is Literal:
        return _limited(Annotated[str, one_of(arguments)], given)
    if origin in (Union, types.UnionType):
        return _either(kind, given)
    if origin is tuple:
        return tuple(_items(kind, given))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(given, Mapping):
            raise _RefusedError(given, _expected(kind))
        keys, values = arguments
        return {_converted(keys, key): _converted(values, one) for key, one in given.items()}
    if kind in (int, float):
        return _number(kind, given)
    if not isinstance(given, kind):
        raise _RefusedError(given, _expected(kind))
    return given


def _limited(kind: Any, given: Any) -> Any:
    plain, *limits = get_args(kind)
    try:
        found = _converted(plain, given)
    except _RefusedError as refused:
        raise (
            _RefusedError(given, _expected(kind)) if refused.given is given else refused
        ) from None
    for limit in limits:
        if not limit.holds(found):
            raise _RefusedError(given, _expected(kind), limit.choices)
    return found


def _either(kind: Any, given: Any) -> Any:
    for one in get_args(kind):
        try:
            return _converted(one, given)
        except _RefusedError:
            continue
    raise _RefusedError(given, _expected(kind))


def _items(kind: Any, given: Any) -> list[Any]:
    arguments = get_args(kind)
    if not isinstance(given, list) or not given:
        raise _RefusedError(given, _expected(kind))
    kinds = arguments[:1] * len(given) if arguments[-1] is ... else arguments
    if len(kinds) != len(given):
        raise _RefusedError(given, _expected(kind))
    return [_converted(one, item) for one, item in zip(kinds, given, strict=True)]


def _number(kind: type, given: Any) -> float:
    """A finite number; a float for a whole one only if it is whole."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and kind is float:
            return number
        if math.isfinite(number) and number.is_integer():
            return int(given)
    raise _RefusedError(given, _expected(kind))


def _expected(kind: Any) -> str:
    """A type and its limits in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        words = _expected(arguments[0])
        for limit in arguments[1:]:
            words = limit.expected.format(words)
        return words
    if origin is Literal:
        return one_of(arguments).expected
    if origin in (Union, types.UnionType):
        return " or ".join(map(_expected, arguments))
    if origin is tuple and arguments[-1] is ...:
        return f"a list of one or more values, each {_expected(arguments[0])}"
    if origin is tuple:
        return f"a list of {len(arguments)} values: {'; '.join(map(_expected, arguments))}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping from {_expected(arguments[0])} to {_expected(arguments[1])}"
    return _NAMES.get(kind) or str(getattr(kind, "__name__", kind))


def _shown(given: Any) -> str:
    """A value in a message."""
    text = "null" if given is None else " ".join(repr(given).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
