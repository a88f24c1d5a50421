"""What a parameter may be, from wherever it comes."""

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import nbformat
import numpy as np
import pytest

from causalex_book import pages
from causalex_book.workflow import parameters
from causalex_core import paths
from causalex_core.config import (
    Count,
    Limit,
    Parameters,
    Positive,
    Probability,
    Seed,
    at_least,
    checked,
    including,
    one_of,
)
from causalex_core.errors import CausalexError

CONFIGS = {name: pages.module(name).Config for name in pages.names()}


@dataclass(frozen=True)
class Toy(Parameters):
    """One field of each kind."""

    count: Count = 1
    seed: Seed = 1
    share: Probability = 0.5
    length: Positive = 1.0
    whole: bool = False
    method: Literal["fast", "slow"] = "fast"
    plan: Annotated[str, one_of(["cas_like", "samm_like"])] = "cas_like"
    frames: tuple[Annotated[int, at_least(30)], ...] = (200,)
    size: tuple[int, float] = (1, 1.0)
    noise: Annotated[tuple[float, ...], including(1.0)] = (1.0,)
    folders: Mapping[Annotated[str, one_of(["CAS"])], str] = field(default_factory=dict)
    level: float | None = None


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        *(("count", "3", 3), ("count", 3.0, 3), ("count", np.int64(3), 3), ("count", "0x10", 16)),
        *(("seed", np.uint8(0), 0), ("seed", np.array(4), 4)),
        *(("share", "1e-3", 0.001), ("share", np.float64(0.25), 0.25), ("length", 2, 2.0)),
        *(("whole", "false", False), ("whole", "True", True), ("whole", np.bool_(True), True)),
        *(("method", "slow", "slow"), ("plan", "samm_like", "samm_like")),
        *(("frames", "[200, 300]", (200, 300)), ("frames", [200], (200,))),
        *(("frames", np.array([200, 300]), (200, 300)), ("frames", range(30, 32), (30, 31))),
        ("frames", [np.int32(40), 50.0], (40, 50)),
        *(("size", [1, 2], (1, 2.0)), ("noise", "[0, 1]", (0.0, 1.0))),
        ("folders", "{CAS: here}", {"CAS": "here"}),
        *(("level", None, None), ("level", "null", None), ("level", "0.5", 0.5)),
    ],
)
def test_the_same_value_is_taken_however_it_is_written(name, given, value):
    taken = getattr(Toy(**{name: given}), name)
    assert taken == value
    assert type(taken) is type(value)
    assert json.loads(json.dumps(taken)) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("count", -5, "-5 given, expected a whole number of at least 1"),
        ("count", 0, "0 given, expected a whole number of at least 1"),
        ("count", 2.5, "2.5 given"),
        ("count", True, "True given"),
        ("count", np.bool_(True), "True given"),
        ("count", "x", "'x' given"),
        ("count", "006_1", "'006_1' given"),
        ("count", "4:30", "'4:30' given"),
        ("count", "[1]", r"'\[1\]' given"),
        ("count", None, "null given"),
        ("count", [1], r"\[1\] given"),
        ("count", {"a": 1}, "given, expected a whole number"),
        ("count", float("inf"), "inf given"),
        ("count", float("nan"), "nan given"),
        ("count", "1\n2", "given, expected a whole number"),
        ("seed", -1, "-1 given, expected a whole number from 0 to 4294967295"),
        ("seed", 2**32, "4294967296 given"),
        ("share", 0, "0 given, expected a number above 0 and below 1"),
        ("share", 1.0, "1.0 given"),
        ("share", float("nan"), "nan given"),
        ("share", False, "False given"),
        ("length", 0, "0 given, expected a number above 0"),
        ("length", 10**400, "given, expected a number above 0"),
        ("whole", 1, "1 given, expected true or false"),
        ("whole", "maybe", "'maybe' given, expected true or false"),
        ("whole", "1", "'1' given, expected true or false"),
        ("method", "slo", "'slo' given, expected one of fast, slow; did you mean 'slow'"),
        ("method", 1, "1 given, expected one of fast, slow"),
        ("plan", "sam_like", "did you mean 'samm_like'"),
        ("plan", ["cas_like"], r"\['cas_like'\] given, expected one of cas_like, samm_like$"),
        ("frames", 200, "200 given, expected a list of one or more values, each a whole number of"),
        ("frames", "200", "'200' given, expected a list"),
        ("frames", [], r"\[\] given, expected a list of one or more"),
        ("frames", [200, 3], r"3 in \[200, 3\] given, expected a whole number of at least 30"),
        ("frames", ["200"], r"'200' in \['200'\] given, expected a whole number"),
        ("frames", {200}, "given, expected a list"),
        ("size", [1], r"\[1\] given, expected a list of 2 values: a whole number; a number"),
        ("noise", [0.5], r"\[0.5\] given, .*each a number, 1.0 among them"),
        ("folders", {"SAMM": "x"}, "'SAMM' in .* given, expected one of CAS"),
        ("folders", "{CAS: 1}", "1 in '{CAS: 1}' given, expected a text"),
        ("folders", ["CAS"], "given, expected a mapping from one of CAS to a text"),
        ("level", "x", "'x' given, expected a number or null"),
    ],
)
def test_any_other_is_refused_in_one_line(name, given, said):
    with pytest.raises(CausalexError, match=said) as raised:
        Toy(**{name: given})
    assert str(raised.value).startswith(f"parameter '{name}' of the page 'test_parameters': ")
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400
    with pytest.raises(CausalexError, match=said):
        checked(Toy, {name: given})


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(CausalexError, match="has no parameter 'cuont'; did you mean 'count'"):
        checked(Toy, {"cuont": 1})


def test_a_notebook_shows_no_traceback():
    with pytest.raises(CausalexError) as raised:
        Toy(count=0)
    assert raised.value._render_traceback_() == [f"causalex: error: {raised.value}"]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_number_of_a_page_has_a_range(name):
    config = CONFIGS[name]
    assert issubclass(config, Parameters), "a Config extends causalex_core.config.Parameters"
    kinds = get_type_hints(config, include_extras=True)
    free = [one.name for one in fields(config) if _unlimited(kinds[one.name])]
    assert not free, "give these a Limit, such as Count or Probability"


def _unlimited(kind: Any) -> bool:
    """Whether a type has numbers, or texts outside of mappings, of which any will do."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated and get_origin(arguments[0]) is None:
        return not any(isinstance(one, Limit) for one in arguments[1:])
    if origin is Annotated:
        return _unlimited(arguments[0])
    if origin in (tuple, Union, types.UnionType):
        return any(_unlimited(one) for one in arguments if one is not ...)
    return kind in (int, float, str)


@pytest.mark.parametrize("name", CONFIGS)
def test_defaults_are_what_they_are_after_json(name):
    config = CONFIGS[name]()
    assert type(config)(**json.loads(json.dumps(asdict(config)))) == config


@pytest.mark.parametrize("file", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda one: one.stem)
def test_a_page_without_data_asks_for_what_is_stored(file, monkeypatch):
    """Else the book would not build where data are missing."""
    monkeypatch.setattr(pages.manifest, "locate", lambda _: None)
    given: dict[str, Any] = {}
    for cell in nbformat.read(file, 4).cells:
        if "parameters" in cell.metadata.get("tags", []):
            exec(cell.source, given)
    assert pages.parts(file.stem)
    parameters.check(file.stem, given)
