"""YAML as its version 1.2 reads it: 1e-3 is a number; 006_1, 4:30, 2024-01-05, no are texts.

PyYAML follows version 1.1, for which those are a text, 49, 270, a date and false.
"""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from causalex_core.errors import CausalexError

# The core schema: https://yaml.org/spec/1.2.2/#1032-tag-resolution
_SCHEMA = {
    "null": r"null|Null|NULL|~|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the types of YAML 1.2, and with keys that stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that is given twice; PyYAML would keep the last value."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                where = node.value[number][0].start_mark
                raise yaml.MarkedYAMLError(None, None, f"'{key}' stands here again", where)
        return super().construct_mapping(node, deep)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.yaml_implicit_resolvers = {}  # those of version 1.1 are inherited
for _name, _pattern in _SCHEMA.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})$"), None
    )
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def loads(text: str) -> Any:
    """Content of a text; a `CausalexError` says what is wrong and where."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # endless numbers and brackets
        raise CausalexError(f"not YAML: {' '.join(str(error).split())}") from error


def load(file: Path) -> Any:
    """Content of a file in UTF-8; a `CausalexError` says what is wrong and where."""
    try:
        return loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CausalexError(
            f"{file}: line {line} is not UTF-8; save it in that encoding"
        ) from error
    except CausalexError as error:
        raise CausalexError(f"{file}: {error}") from error
