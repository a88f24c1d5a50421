"""``causalex cohort``: the synthetic people, their videos, and the truth about them, as files."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from causalex_core import paths, regions
from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_core.graphs.separation import maximal_ancestral_graph, partial_ancestral_graph
from causalex_synthetic import causes
from causalex_synthetic.dataset import VERSION, Config, SyntheticDataset, draw
from causalex_synthetic.dataset_spec import SPECS
from causalex_synthetic.displacements import NUMBERS
from causalex_synthetic.events import BIASED_EMOTION, emotion_chances
from causalex_synthetic.people import TIES

DESCRIPTION = "cohort.json"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--plan",
    type=click.Choice(list(SPECS)),
    default="cas_like",
    show_default=True,
    help="Database to be like, in numbers and in time.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--head-motion", type=float, default=1.0, show_default=True, help="1 is little.")
@click.option(
    "--noise", type=float, default=1.0, show_default=True, help="Of the motion tier; 1 as measured."
)
@click.option(
    "--pixels",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Number of videos, from the first, that are drawn as pictures too (10 ms and 90 kB per"
    " frame).",
)
def cohort(
    folder: Path, plan: str, seed: int, head_motion: float, noise: float, pixels: int
) -> None:
    """Write a cohort of synthetic people into FOLDER.

    Motion for every video (what causalex extract writes), the labelled expressions, and the
    truth: intensities of action units, displacements, head and light per frame, the causal graph
    with its latent nodes and what of it can be known, and the planted biases. A run that was
    interrupted goes on where it was.
    """
    drawn = draw(Config(plan, seed, head_motion=head_motion, noise=noise))
    description = _description(drawn)
    _claim(folder, description)
    tables = {"people.csv": drawn.attributes, "expressions.csv": drawn.expressions}
    for name, table in tables.items():
        paths.atomic_write(folder / name, table.to_csv(index=False))
    paths.atomic_write(folder / "causes.json", json.dumps(_causes(), indent=1) + "\n")
    for number, video in enumerate(tqdm(drawn.videos, unit="video", disable=None)):
        motion, truth = (folder / tier / f"{video.name}.npz" for tier in ("motion", "truth"))
        _write(motion, partial(_motion, drawn, number))
        _write(truth, partial(_truth, drawn, number))
        if number < pixels:
            _draw(drawn, number, folder / "pixels" / video.name)
    click.echo(
        f"{folder}: {len(drawn.people)} people, {len(drawn.videos)} videos,"
        f" {len(drawn.expressions)} expressions, cohort {drawn.fingerprint}"
    )


def _claim(folder: Path, description: str) -> None:
    """Mark a folder as this dataset's, unless it is another's."""
    path = folder / DESCRIPTION
    if path.exists() and path.read_text(encoding="utf-8") != description:
        raise CausalexError(f"{folder} holds another cohort (see {DESCRIPTION}): give a new folder")
    paths.atomic_write(path, description)


def _description(drawn: SyntheticDataset) -> str:
    spec, config = drawn.spec, drawn.config
    chances = {
        group: {kind: dict(emotion_chances(spec, group, kind, config.tie)) for kind in KINDS}
        for group in TIES
    }
    content = {
        "version": VERSION,
        "fingerprint": drawn.fingerprint,
        "config": config.stored(),
        "database": spec.database,
        "fps": spec.fps,
        "planted": {
            "counts": {kind: spec.kinds[kind].count for kind in KINDS},
            "tied_emotion": BIASED_EMOTION,
            "emotion_chances": chances,
        },
    }
    return json.dumps(content, indent=1) + "\n"


def _causes() -> dict[str, object]:
    """The planted graph and its margins; marks are those of `causalex graph`."""
    dag = causes.dag()
    return {
        "nodes": causes.NODES,
        "observed": regions.COUNT,
        "arrows": [[causes.NODES[i], causes.NODES[j]] for i, j in np.argwhere(dag)],
        "ancestral_graph": maximal_ancestral_graph(dag, regions.COUNT).marks.tolist(),
        "partial_ancestral_graph": partial_ancestral_graph(dag, regions.COUNT).marks.tolist(),
    }


def _write(path: Path, content: Callable[[], bytes]) -> None:
    if not path.exists():
        paths.atomic_write(path, content())


def _motion(drawn: SyntheticDataset, number: int) -> bytes:
    return drawn.measured(number).to_bytes()


def _truth(drawn: SyntheticDataset, number: int) -> bytes:
    play = drawn.perform(number)
    names = ("units", "regions", "lids", "mouth", "head", "light")
    series = {name: getattr(play, name).astype(np.float32) for name in names}
    out = io.BytesIO()
    np.savez_compressed(out, fps=play.fps, unit_numbers=list(NUMBERS), **series)
    return out.getvalue()


def _draw(drawn: SyntheticDataset, number: int, folder: Path) -> None:
    """Pictures of one video, and its landmarks beside the folder."""
    film = drawn.film(number)
    for frame in range(drawn.videos[number].frames):
        path = folder / f"{frame:05d}.png"
        if not path.exists():
            paths.atomic_write(path, cv2.imencode(".png", film.picture(frame))[1].tobytes())
    points = io.BytesIO()
    np.save(points, film.landmarks())
    _write(folder.with_suffix(".npy"), points.getvalue)
