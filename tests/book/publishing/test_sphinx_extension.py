"""Signatures of the reference."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import pytest

from causalex_book.publishing import sphinx_extension


@dataclass
class Inner:
    rate: float = 0.1


@dataclass
class Outer:
    first: Inner = field(default_factory=Inner)
    second: dict = field(default_factory=lambda: {"a": 1})
    third: list = field(default_factory=list)


class Pair(NamedTuple):
    low: int

    def middle(self):
        """A method stays."""


class Kind(Enum):
    MACRO = "macro"


ARRAY = "~numpy.ndarray[tuple[~typing.Any, ...], ~numpy.dtype[~numpy.int64]]"
SHORT = "~numpy.typing.NDArray[~numpy.int64]"


@pytest.mark.parametrize(
    ("described", "given", "shown"),
    [
        (
            Outer,
            ("(first: ~a.Inner = <factory>, second: dict = <factory>, third=<factory>)", None),
            ("(first: ~a.Inner = Inner(), second: dict = ..., third=list())", None),
        ),
        (len, (f"(a: {ARRAY}, b: {ARRAY})", ARRAY), (f"(a: {SHORT}, b: {SHORT})", SHORT)),
        (len, (None, None), (None, None)),
        (Kind, ("(new_class_name, /, names, *, module=None)", None), ("", None)),
        (len, ("(a: str = '<factory>')", "None"), ("(a: str = '<factory>')", "None")),
    ],
)
def test_signatures_have_defaults_that_can_be_read(described, given, shown):
    hook = sphinx_extension._readable_signature
    assert hook(None, "class", "a.Outer", described, None, *given) == shown


def test_attributes_are_listed_and_may_share_a_line():
    lines = ["What it is.", "", ":ivar low, high: The ends,", "                 in frames."]
    lines += [":ivar seed: Of all.", "", "More."]
    sphinx_extension._attributes_as_list(None, "class", "a.Outer", Outer, None, lines)
    assert lines == [
        "What it is.",
        "",
        ":Attributes:",
        "    - **low, high** – The ends,",
        "      in frames.",
        "    - **seed** – Of all.",
        "",
        "More.",
    ]


def test_parameters_on_lines_of_their_own_are_no_list_of_definitions():
    terms = "<dl><dt>term</dt><dd>what it is</dd></dl>"
    context = {"body": f'<dt>f(<dl>\n<dd><em class="sig-param">a</em>,</dd>\n</dl>\n)</dt>{terms}'}
    sphinx_extension._plain_signatures(None, "api/a", "page.html", context, None)
    lines = '<span class="sig-line"><em class="sig-param">a</em>,</span>\n'
    assert context["body"] == f'<dt>f(<span class="sig-lines">{lines}</span>\n)</dt>{terms}'


def test_fields_of_a_tuple_are_said_once():
    hook = sphinx_extension._without_fields_of_tuples
    assert hook(None, "class", "low", Pair.low, False, None) is True
    assert hook(None, "class", "middle", Pair.middle, False, None) is None
