"""Numbers and other scalars as YAML 1.2 reads them."""

import math

import pytest

from causalex_core.config import core_yaml
from causalex_core.errors import CausalexError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1e-3", 0.001), ("5E2", 500.0), (".5", 0.5), ("1.", 1.0), ("-1.5e+2", -150.0)),
        *(("7", 7), ("-7", -7), ("007", 7), ("0o17", 15), ("0x1F", 31)),
        *(("true", True), ("False", False), ("null", None), ("~", None), ("", None)),
        *((".inf", math.inf), ("-.Inf", -math.inf)),
        *(("006_1", "006_1"), ("4:30", "4:30"), ("2024-01-05", "2024-01-05"), ("1e", "1e")),
        *(("yes", "yes"), ("off", "off"), ("'1'", "1"), ("nan", "nan"), ("0b1", "0b1")),
        ("[1, {a: 1e-3}]", [1, {"a": 0.001}]),
        ('{"a": [1.0, "\\u00fc"]}', {"a": [1.0, "ü"]}),
    ],
)
def test_a_scalar_is_what_version_1_2_says(text, value):
    read = core_yaml.loads(text)
    assert read == value and type(read) is type(value)


def test_not_a_number():
    assert math.isnan(core_yaml.loads(".nan"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1", "not YAML: .*line 1"),
        ("grid: {seed: [1]}\ngrid: {seed: [2]}", "'grid' stands here again.* line 2"),
        ("!!python/object:os.system x", "not YAML"),
        ("9" * 5000, "not YAML"),
        ("[" * 5000, "not YAML"),
    ],
)
def test_what_is_no_yaml_is_one_line(text, message):
    with pytest.raises(CausalexError, match=message) as raised:
        core_yaml.loads(text)
    assert "\n" not in str(raised.value)


def test_a_file_in_another_encoding_is_one_line(tmp_path):
    file = tmp_path / "latin.yml"
    file.write_bytes("a: 1\nb: 2  # für\n".encode("latin-1"))
    with pytest.raises(CausalexError, match=r"latin\.yml: line 2 is not UTF-8"):
        core_yaml.load(file)
    file.write_bytes("a: ü".encode("utf-8-sig"))
    assert core_yaml.load(file) == {"a": "ü"}
