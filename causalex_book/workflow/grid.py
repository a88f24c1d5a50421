"""Ablations: lists of values that make a product, names of its points, changes from outside."""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from causalex_core.config import core_yaml
from causalex_core.errors import CausalexError, did_you_mean

_LONGEST = 80  # characters of a name
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.=+-]+")  # in names of files, jobs and links


def points(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Points of a grid file, a point that is given twice once.

    The product of the lists in ``grid``, then the mappings in ``points``; at least one of them.
    """
    axes, extra = content.get("grid") or {}, content.get("points") or []
    if not isinstance(axes, Mapping):
        raise CausalexError(f"'grid' is {axes!r}: give a list of values for each parameter")
    for name, values in axes.items():
        if not isinstance(values, list) or not values:
            raise CausalexError(f"'grid' has {name}: {values!r}; give a list, such as [1, 2]")
    if not isinstance(extra, list) or not all(
        isinstance(point, Mapping) and point for point in extra
    ):
        raise CausalexError(f"'points' is {extra!r}: give a list of values by parameter")
    product = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    named: dict[str, dict[str, Any]] = {}
    for point in [*(product if axes else ()), *map(dict, extra)]:
        if json.dumps(named.setdefault(label(point), point)) != json.dumps(point):
            raise CausalexError(
                f"two points are called {label(point)}, a number and a text: keep one of them"
            )
    if not named:
        raise CausalexError("a grid file needs a list under 'grid', or points under 'points'")
    return list(named.values())


def label(values: Mapping[str, Any]) -> str:
    """Name of a point, such as ``alpha=0.05+seed=1``; the same values give the same name.

    A long or unusual name is cut and gets a digest.
    """
    text = "+".join(f"{name}={_text(value)}" for name, value in values.items())
    if len(text) <= _LONGEST and not _UNUSUAL.search(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    plain = _UNUSUAL.sub("_", text).replace("=_", "=")
    return f"{plain[: _LONGEST - 9].rstrip('_')}-{digest}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def changed(content: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Content of an experiment file with settings ``key=value`` from the command line, in YAML.

    The key is a parameter of a grid (a list replaces its list, anything else is fixed), or
    ``page.parameter``, or ``resources.name``. The new name says what was changed, so that its
    results have their own folder.
    """
    given = dict(_split(setting) for setting in settings)
    new: dict[str, Any] = json.loads(json.dumps(content, default=str))
    for key, value in given.items():
        section, name = _section(new, key)
        if section == "grid" and not isinstance(value, list):
            value = [value]
        part = new
        for step in section.split("/"):
            part[step] = part.get(step) or {}
            part = part[step]
        part[name] = value
    if given:
        new["experiment"] = f"{content['experiment']}+{label(given)}"
    return new


def _split(setting: str) -> tuple[str, Any]:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise CausalexError(f"--set {setting!r}: expected key=value, such as seed=2")
    try:
        return key, core_yaml.loads(text)
    except CausalexError as error:
        raise CausalexError(f"--set {setting!r}: {error}") from error


def _section(content: Mapping[str, Any], key: str) -> tuple[str, str]:
    """Where a key from the command line belongs, and its name there."""
    page, dot, name = key.partition(".")
    if dot and page == "resources":
        return page, name
    if "pages" in content:
        if dot and page in content["pages"]:
            return f"pages/{page}", name
        raise CausalexError(
            f"--set {key}=...: expected page.parameter{did_you_mean(page, content['pages'])}"
            f" (pages: {', '.join(content['pages'])})"
        )
    if any(key in point for point in content.get("points") or ()):
        raise CausalexError(f"--set {key}=...: the file's 'points' say it one by one; edit them")
    return ("grid" if key in (content.get("grid") or {}) else "fixed"), key


def fixed(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Parameters that are the same at every point; refused if they are also among the lists."""
    values = content.get("fixed") or {}
    if not isinstance(values, Mapping):
        raise CausalexError(f"'fixed' is {values!r}: give a value for each parameter")
    for name in values:
        if name in (content.get("grid") or {}):
            raise CausalexError(f"'{name}' stands under 'fixed' and under 'grid': keep one")
    yield from values.items()
