"""``causalex graph``: from the motion of regions to a causal graph."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from causalex_core import regions
from causalex_core.commands import options
from causalex_core.data import feature_archive
from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn, compound, pag
from causalex_core.graphs.independence import ColumnsError, EffectiveSampleSize
from causalex_core.graphs.samples import SamplingConfig, motion_series
from causalex_core.graphs.search import fci
from causalex_core.motion.record import Recording, read_motion


@click.command()
@click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MOTION..."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The graph, as JSON."
)
@options.declared(SamplingConfig, "components")
@options.declared(SamplingConfig, "leave_out_first")
@options.declared(SamplingConfig, "alpha")
@click.option(
    "--effective-sample-size",
    type=click.Choice(["bartlett", "frames"]),
    default="bartlett",
    show_default=True,
    help="Correct for frames that depend on earlier ones, or take each for independent.",
)
@click.option("--depth", type=click.IntRange(min=0), help="Largest conditioning set.")
@click.option(
    "--possible-d-sep/--no-possible-d-sep",
    default=True,
    show_default=True,
    help="The second search of FCI, over possible-d-separating sets.",
)
@click.option(
    "--backend",
    type=click.Choice(["causalex", "causal-learn"]),
    default="causalex",
    show_default=True,
    help="causal-learn is for comparison: its graphs can change with PYTHONHASHSEED.",
)
@click.option(
    "--policy",
    type=click.Choice(list(compound.POLICIES)),
    help="Add the matrix A of Eq. 1 to the file: the keys policy and adjacency, A[i][j] = 1 for an"
    " edge from i to j. any_edge counts every edge both ways; directed -->; possibly_directed -->"
    " and o->.",
)
def graph(
    inputs: tuple[Path, ...],
    output: Path,
    components: str,
    leave_out_first: int,
    alpha: float,
    effective_sample_size: EffectiveSampleSize,
    depth: int | None,
    possible_d_sep: bool,
    backend: str,
    policy: str | None,
) -> None:
    """Estimate the causal graph of the 12 regions from one or more motion files.

    Reads what causalex extract wrote: motion (T, 12, 2), and quality if it is there, so that
    rows that were not measured are left out. Or AUW-GCN's features, in units of 20 px: the folder
    feature_segment, a subject's folder in it, or some of its windows, which are put together to
    videos. Several videos are pooled: one graph of all.
    """
    recordings, unit_px = read_recordings(inputs)
    series = [
        part
        for recording in recordings
        for part in motion_series(recording.motion, recording.measured, components, leave_out_first)
    ]
    if not series:
        raise CausalexError(
            f"--leave-out-first {leave_out_first} leaves no frame: the longest video has"
            f" {max(len(recording.motion) for recording in recordings)}"
        )
    if backend == "causal-learn" and not possible_d_sep:
        raise CausalexError("causal-learn has no option to leave out possible-d-sep")
    names = list(regions.NAMES)
    try:
        if backend == "causal-learn":
            found = causal_learn.fci(series, alpha, effective_sample_size, depth)
        else:
            found = fci(series, alpha, effective_sample_size, depth, possible_d_sep)
    except ColumnsError as error:
        raise error.named("regions", names) from error
    found = replace(
        found,
        settings={
            **found.settings,
            "components": components,
            "leave_out_first": leave_out_first,
            "regions": names,
            "unit_px": unit_px,
        },
    )
    matrix = {} if policy is None else {"policy": policy, "adjacency": _matrix(found, policy)}
    pag.write(found, output, **matrix)
    off_diagonal = ~np.eye(len(names), dtype=bool)
    assert found.n_eff is not None
    worth = found.n_eff[off_diagonal]
    frames = found.settings["frames"]
    if unit_px != 1:
        click.echo(f"{len(recordings)} videos of AUW-GCN's features, in units of {unit_px} px")
    if leave_out_first:
        click.echo(f"the first {leave_out_first} frames of each video left out")
    click.echo(
        f"{frames} samples in {len(series)} series, worth {worth.min():.0f} to {worth.max():.0f}"
    )
    for start, kind, end in found.edges():
        click.echo(f"{names[start]} {kind} {names[end]}")
    click.echo(f"{len(found.edges())} of {off_diagonal.sum() // 2} edges: {output}")


def _matrix(found: pag.Pag, policy: str) -> list[list[int]]:
    return compound.adjacency(found.marks, policy).astype(int).tolist()


def read_recordings(inputs: Sequence[Path]) -> tuple[list[Recording], int]:
    """Motion of all inputs, and its unit in px.

    Raises
    ------
    CausalexError
        If a file is missing or holds something else, no row of it was measured, one that was is
        not finite, or inputs have different units.
    """
    windows = {path: feature_archive.window_files(path) for path in inputs}
    if not any(windows.values()):
        return [read_motion(path) for path in inputs], 1
    for path, files in windows.items():
        if not files:
            raise CausalexError(
                f"{path} holds no windows of AUW-GCN's features as the other inputs do, and their"
                f" unit is {feature_archive.UNIT_PX} px: make a graph of each kind"
            )
    files = [file for listed in windows.values() for file in listed]
    # Named windows may be part of a video; a folder holds whole ones, so that none may be missing.
    named = not any(path.is_dir() for path in inputs)
    videos = feature_archive.read_windows(files, gaps=named)
    return [video.recording for video in videos], feature_archive.UNIT_PX
