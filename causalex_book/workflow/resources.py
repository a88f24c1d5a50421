"""What a run may ask for: memory, time, cores, a GPU; checked when its file is read."""

import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from causalex_core.config import Count, Limit, value
from causalex_core.errors import CausalexError

_GRES = re.compile(r"\w+(:[\w.]+)?(:\d+[TGM]?)?")  # as Snakemake's executor for SLURM
_SPAN = re.compile(r"(\d+) ?(min|m|h|d)")
_ARRAYS = {r"--array[=\s]|(?<!\S)-a\s?\d": "number of jobs"}
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": 24 * 60}

Megabytes = Annotated[int, Limit("a whole number of MB, such as 2000", lambda size: size >= 1)]
Minutes = Annotated[
    int, Limit("minutes as a whole number, or a text such as 4h or 2d", lambda time: time >= 1)
]
Name = Annotated[str, Limit("{} (a number in quotes)", bool)]
Gres = Annotated[str, Limit("{} such as gpu:1 or gpu:a100:2", _GRES.fullmatch)]

# Snakemake hands any other name on, and a cluster never sees it.
KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("mem_mb", "mem_mb_per_cpu", "disk_mb"), Megabytes),
    "runtime": Minutes,
    **dict.fromkeys(("cpus_per_task", "tasks", "nodes", "gpu"), Count),
    "gres": Gres,
    **dict.fromkeys(("gpu_model", "constraint", "qos"), Name),
    **dict.fromkeys(("slurm_partition", "slurm_account", "slurm_extra"), Name),
}
DEFAULTS: Mapping[str, int | str] = {"mem_mb": 2000, "runtime": 240}


def checked(given: Mapping[str, Any], who: str) -> dict[str, int | str]:
    """What is asked for as whole numbers (MB, minutes) and texts, with defaults.

    Raises
    ------
    CausalexError
        For a value of a wrong kind, or an option of sbatch that belongs to Snakemake.
    """
    asked = {
        name: value(
            KINDS[name],
            _in_minutes(wanted) if name == "runtime" else wanted,
            f"{who}, resource '{name}'",
        )
        for name, wanted in given.items()
    }
    if "slurm_extra" in asked:
        _refuse_managed(asked["slurm_extra"], who)
    if "mem_mb_per_cpu" in asked:
        asked["mem_mb"] = asked["mem_mb_per_cpu"] * asked.get("cpus_per_task", 1)
    return {**DEFAULTS, **asked}


def _in_minutes(wanted: Any) -> Any:
    span = _SPAN.fullmatch(wanted) if isinstance(wanted, str) else None
    return int(span[1]) * _MINUTES[span[2]] if span else wanted


def _refuse_managed(options: str, who: str) -> None:
    """Refuse options of sbatch that Snakemake's executor sets itself, and several jobs for one."""
    # Slow to import, and seldom needed.
    from snakemake_executor_plugin_slurm.validation import get_forbidden_slurm_options

    try:
        shlex.split(options)
    except ValueError as error:
        raise CausalexError(f"{who}, resource 'slurm_extra': {options!r}: {error}") from error
    for option, what in (get_forbidden_slurm_options() | _ARRAYS).items():
        if re.search(option, options):
            raise CausalexError(
                f"{who}, resource 'slurm_extra': {options!r} sets the {what}, which is Snakemake's"
                f" to set; take another resource (there are: {', '.join(KINDS)})"
            )
