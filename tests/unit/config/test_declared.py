"""A parameter is declared once: type, range, default and sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest

from causalex_core import cli
from causalex_core.config import Count, Parameters, Probability, declared, including, one_of


@dataclass(frozen=True)
class Base(Parameters):
    """Parameters of a search.

    Attributes
    ----------
    alpha
        Level of the tests.
    first, last
        Frames, at 30 per
        second.
    """

    alpha: Probability = 0.05
    first: Count = 1
    last: int = 9


@dataclass(frozen=True)
class Derived(Base):
    """The same for several.

    Attributes
    ----------
    levels
        Levels to compare; ``alpha`` is one.
    method
        How.
    names
        Whose.
    folders
        Where.
    """

    alpha: Probability = 0.01
    levels: Annotated[tuple[Probability, ...], including(0.01)] = (0.01,)
    method: Literal["fast", "slow"] = "fast"
    names: tuple[Annotated[str, one_of(["a", "b"])], ...] = ("a",)
    folders: Mapping[str, str] = field(default_factory=dict)


def test_sentences_are_inherited_and_defaults_are_not():
    assert [(p.name, p.default, p.help) for p in declared(Derived)] == [
        ("alpha", 0.01, "Level of the tests (above 0 and below 1)"),
        ("first", 1, "Frames, at 30 per second (at least 1)"),
        ("last", 9, "Frames, at 30 per second"),
        (
            "levels",
            (0.01,),
            "Levels to compare; alpha is one (each above 0 and below 1, 0.01 among them)",
        ),
        ("method", "fast", "How (one of fast, slow)"),
        ("names", ("a",), "Whose (each one of a, b)"),
        ("folders", {}, "Where"),
    ]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--alpha", "2"), "--alpha: '2' given, expected a number above 0 and below 1"),
        (("--components", "stackd"), "did you mean 'stacked'"),
        (("--leave-out-first", "-1"), "expected a whole number of at least 0"),
    ],
)
def test_a_command_refuses_what_its_config_refuses(option, message, capsys):
    assert cli.main(["graph", "motion.npz", "-o", "graph.json", *option]) == 2
    assert message in capsys.readouterr().err
