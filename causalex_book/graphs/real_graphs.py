"""Causal graphs of real faces: what FCI finds in the public motion of both databases."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd

from causalex_book.graphs import face_graphs, surrogates
from causalex_book.graphs.comparison import associate, compare, spearman
from causalex_book.graphs.face_graphs import Sampling
from causalex_book.graphs.region_graphs import long_table
from causalex_book.graphs.simulation import Length
from causalex_book.publishing.face import POSITIONS
from causalex_core import action_units, regions
from causalex_core.config import Count, CountOrAll, Limit, Parameters, Probability, Seed, one_of
from causalex_core.data import region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.feature_archive import UNIT_PX
from causalex_core.data.region_motion import RegionMotion
from causalex_core.errors import CausalexError
from causalex_core.graphs import compound, prior
from causalex_core.graphs.independence import EffectiveSampleSize
from causalex_core.graphs.pag import Pag
from causalex_core.graphs.samples import COMPONENTS

SOURCES = region_motion.SOURCES
DATABASES = (CAS, SAMM)
SAMPLE_SIZES: tuple[EffectiveSampleSize, ...] = ("bartlett", "frames")
REAL, SHIFTED, MIXED = "real", "shifted in time", "of different videos"
FEWEST = 10  # videos of which a comparison of graphs is worth showing
ANY, DIRECTED = "any_edge", "directed"
UPPER = np.triu_indices(regions.COUNT, 1)
# Distance of two regions on the schematic face, which is 1.6 wide.
DISTANCE = np.hypot(*np.moveaxis(POSITIONS[:, None] - POSITIONS, -1, 0))

Subject = Annotated[
    str,
    Limit("a subject such as casme_016", lambda name: bool(re.fullmatch(r"casme_\d{3}", name))),
]


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    alpha
        Level of the tests, where nothing else is said.
    alphas
        Levels that are compared.
    components
        How horizontal and vertical motion become samples, where nothing else is said.
    lengths
        Numbers of first frames that graphs are estimated from.
    stretches
        Frames of each stretch whose graphs are compared.
    transient
        First frames that are left out where it says so.
    first_frames
        First frames whose motion is shown.
    subject
        Subject of Figures 1 and 6 of the paper: s16 of CAS(ME)^2.
    n_surrogates
        Surrogates per video.
    n_permutations
        Permutations behind each p-value.
    most_videos
        Videos of each database, for a quick look; 0 is all.
    seed
        Seed of surrogates and permutations.
    """

    alpha: Probability = 0.01
    alphas: tuple[Probability, ...] = (0.001, 0.01, 0.05)
    components: Annotated[str, one_of(COMPONENTS)] = "magnitude"
    lengths: tuple[Length, ...] = (250, 500, 1000, 2000, 4000)
    stretches: tuple[Length, ...] = (200, 1000)
    transient: CountOrAll = 15
    first_frames: Count = 30
    subject: Subject = "casme_016"
    n_surrogates: Count = 5
    n_permutations: Count = 999
    most_videos: CountOrAll = 0
    seed: Seed = 1

    @property
    def sampling(self) -> Sampling:
        """How motion becomes graphs, where nothing else is said."""
        return Sampling(self.components, self.alpha)


class Database(NamedTuple):
    """A database and the graphs of its videos."""

    name: str
    motion: RegionMotion
    graphs: Sequence[Pag]

    @property
    def joined(self) -> np.ndarray:
        """(videos, 12, 12) bool: edges of any kind."""
        return np.array([graph.adjacency for graph in self.graphs])

    @property
    def frequency(self) -> np.ndarray:
        """(12, 12) share of the videos whose graph joins two regions."""
        return self.joined.mean(axis=0)


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Read both databases, estimate graphs and compare them.

    Returns
    -------
    dict
        Aggregates only; see the headings of the page.
    """
    databases = [_read(config, name) for name in DATABASES]
    makers = {
        "edges": _edges,
        "lengths": _lengths,
        "choices": _choices,
        "surrogates": _surrogates,
        "first_frames": _first_frames,
        "stability": _stability,
        "places": _places,
        "associations": _associations,
        "expressions": _expressions,
        "most_causal": _most_causal,
    }
    tables = {
        name: pd.DataFrame(
            {"database": database.name, **row}
            for database in databases
            for row in rows(config, database)
        )
        for name, rows in makers.items()
    }
    tables["associations"] = pd.concat(
        [tables["associations"], _across(config, *databases)], ignore_index=True
    )
    tables["pairs"] = pd.concat([_pairs(database) for database in databases], ignore_index=True)
    return tables | _paper_figures(config, databases[0])


def _read(config: Config, name: str) -> Database:
    motion = region_motion.read(name)
    videos = motion.videos[: config.most_videos or None]
    kept = motion.expressions["video"].isin([video.recording.video for video in videos])
    motion = replace(motion, videos=videos, expressions=motion.expressions[kept])
    graphs = [config.sampling.graph(config.sampling.series(v.recording)) for v in videos]
    return Database(name, motion, graphs)


def _count(marks: np.ndarray, policy: str = ANY) -> int:
    """Edges of a graph under a policy, of 66."""
    matrix = compound.POLICIES[policy](marks)
    return int((matrix | matrix.T)[UPPER].sum())


def _edges(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Edges per video, person and database, under each reading of Eq. 1."""
    by_subject = face_graphs.pooled(database.motion, config.sampling)
    pooled = [series for videos in by_subject.values() for series in videos]
    for level, graphs in (
        ("video", database.graphs),
        ("person", [config.sampling.graph(series) for series in by_subject.values()]),
        ("database", [config.sampling.graph(pooled)]),
    ):
        for policy in compound.POLICIES:
            counts = np.array([_count(graph.marks, policy) for graph in graphs])
            yield {
                "graph_of": level,
                "policy": policy,
                "graphs": len(graphs),
                "frames": float(np.median([graph.settings["frames"] for graph in graphs])),
                "n_eff": float(np.median([face_graphs.n_eff(graph) for graph in graphs])),
                "edges": float(counts.mean()),
                "least": int(counts.min()),
                "most": int(counts.max()),
                "without_any": float(np.mean(counts == 0)),
            }


def _lengths(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Edges of the first frames, of all videos that have them and of those with most."""
    series = [config.sampling.series(video.recording) for video in database.motion.videos]
    full = np.array([len(video[0]) for video in series])
    lengths = [length for length in config.lengths if (full >= length).any()]
    for length in lengths:
        long = np.flatnonzero(full >= length)
        graphs = [config.sampling.graph([s[:length] for s in series[k]]) for k in long]
        counts = np.array([_count(graph.marks) for graph in graphs])
        yield {
            "frames": length,
            "videos": len(long),
            "n_eff": float(np.median([face_graphs.n_eff(graph) for graph in graphs])),
            "edges": float(counts.mean()),
            "edges_of_longest": float(counts[full[long] >= lengths[-1]].mean()),
            "directed": float(np.mean([_count(graph.marks, DIRECTED) for graph in graphs])),
        }


def _choices(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Edges by samples, level and sample size, beside those of surrogates shifted in time."""
    for components in COMPONENTS:
        for alpha in config.alphas if components == config.components else (config.alpha,):
            for method in SAMPLE_SIZES:
                sampling = Sampling(components, alpha, method)
                videos = [sampling.series(video.recording) for video in database.motion.videos]
                graphs = [sampling.graph(series) for series in videos]
                n_eff = [face_graphs.n_eff(graph) / graph.settings["frames"] for graph in graphs]
                shifted = _shifted(config, sampling, videos)
                yield {
                    "components": components,
                    "alpha": alpha,
                    "sample_size": method,
                    "lag_1": float(np.mean([_lag_1(part) for series in videos for part in series])),
                    "n_eff_per_frame": float(np.median(n_eff)),
                    "edges": float(np.mean([_count(graph.marks) for graph in graphs])),
                    "directed": float(np.mean([_count(graph.marks, DIRECTED) for graph in graphs])),
                    "shifted": float(np.mean(shifted)),
                }


def _lag_1(series: np.ndarray) -> float:
    """Correlation of a frame with the next, mean over the regions."""
    centred = series - series.mean(axis=0)
    return float(np.mean((centred[1:] * centred[:-1]).sum(axis=0) / (centred**2).sum(axis=0)))


def _shifted(
    config: Config, sampling: Sampling, videos: Sequence[Sequence[np.ndarray]]
) -> list[int]:
    """Edges of videos whose regions are shifted against each other."""
    generator = np.random.default_rng(config.seed)
    return [
        _count(sampling.graph([surrogates.circular_shift(s, generator) for s in series]).marks)
        for series in videos
        for _ in range(config.n_surrogates)
    ]


def _mixed(
    config: Config,
    sampling: Sampling,
    videos: Sequence[Sequence[np.ndarray]],
    subjects: Sequence[str],
) -> list[int]:
    """Edges between regions of different videos."""
    generator = np.random.default_rng(config.seed)
    stacked = [np.stack(series, axis=2) for series in videos]
    return [
        _count(sampling.graph(list(np.moveaxis(mixed, 2, 0))).marks)
        for _ in range(config.n_surrogates * len(videos))
        for mixed in [surrogates.regions_of_different_videos(stacked, subjects, generator)]
    ]


def _surrogates(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Edges of real videos, and where no link is true, with and without the first frames."""
    subjects = face_graphs.subjects(database.motion)
    for left_out in (0, config.transient):
        for method in SAMPLE_SIZES:
            sampling = Sampling(config.components, config.alpha, method, left_out)
            videos = [sampling.series(video.recording) for video in database.motion.videos]
            for kind, counts in (
                (REAL, [_count(sampling.graph(series).marks) for series in videos]),
                (SHIFTED, _shifted(config, sampling, videos)),
                (MIXED, _mixed(config, sampling, videos, subjects)),
            ):
                yield {
                    "regions": kind,
                    "left_out": left_out,
                    "sample_size": method,
                    "graphs": len(counts),
                    "edges": float(np.mean(counts)),
                    "most": int(np.max(counts)),
                }


def _first_frames(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Motion of the first frames, in px and in deviations of each region's own motion."""
    motions = [video.recording.motion[video.recording.measured] for video in database.motion.videos]
    speed = [UNIT_PX * np.hypot(motion[..., 0], motion[..., 1]) for motion in motions]
    scaled = [(video - video.mean(axis=0)) / video.std(axis=0) for video in speed]
    for frame in range(config.first_frames):
        yield {
            "frame": frame,
            "motion_px": float(np.mean([video[frame] for video in speed if len(video) > frame])),
            "deviations": float(np.mean([video[frame] for video in scaled if len(video) > frame])),
        }


def _stability(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Graphs of equal stretches against each other, where enough videos are that long."""
    sampling = replace(config.sampling, leave_out_first=config.transient)
    full = np.array([len(sampling.series(video.recording)[0]) for video in database.motion.videos])
    for frames in config.stretches:
        if (full >= frames).sum() >= FEWEST:
            yield from (
                {"frames": frames, **row}
                for row in face_graphs.comparisons(
                    database.motion, sampling, frames, config.n_permutations, config.seed
                )
            )


def _places(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """How often pairs are joined, by where they lie, and what share of all edges they make."""
    places = np.array([face_graphs.place(i, j) for i, j in np.transpose(UPPER).tolist()])
    joined = database.frequency[UPPER]
    for name in dict.fromkeys(places):
        here = joined[places == name]
        yield {
            "pairs_lie": str(name),
            "pairs": len(here),
            "joined": float(here.mean()),
            "share_of_edges": float(here.sum() / joined.sum()),
        }


def _associations(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Rank correlation of how often pairs are joined with what may explain it."""
    counts = {
        "prior, AUW-GCN's map": _counts(database.motion.expressions, prior.AUW_GCN),
        "prior, FACS map": _counts(database.motion.expressions, prior.FACS),
    }
    settings = config.n_permutations, config.seed
    rho, p = associate(database.frequency, DISTANCE, *settings)
    yield {"joined_against": "distance on the face", "given": "", "rho": rho, "p": p}
    for name, matrix in counts.items():
        for given, held in (("", None), ("distance", DISTANCE)):
            rho, p = associate(database.frequency, matrix, *settings, held)
            yield {"joined_against": name, "given": given, "rho": rho, "p": p}
    subjects = np.array(face_graphs.subjects(database.motion))
    by_subject = [
        spearman(
            database.joined[subjects == name].mean(axis=0)[UPPER],
            database.joined[subjects != name].mean(axis=0)[UPPER],
        )
        for name in dict.fromkeys(subjects)
    ]
    yield {
        "joined_against": "all other persons, mean over persons",
        "given": "",
        "rho": float(np.nanmean(by_subject)),
        "p": np.nan,
    }


def _counts(expressions: pd.DataFrame, mapping: Mapping[int, tuple[int, ...]]) -> np.ndarray:
    """Co-occurrence counts of Eq. 2; AUW-GCN's map reads codes as its code does."""
    exact = mapping is prior.AUW_GCN
    read = action_units.exact_numbers if exact else lambda text: action_units.parse(text).numbers
    return prior.prior_counts(expressions["action_units"].map(read), mapping)


def _across(config: Config, first: Database, second: Database) -> pd.DataFrame:
    rho, p = associate(first.frequency, second.frequency, config.n_permutations, config.seed)
    row = {"joined_against": "the other database", "given": "", "rho": rho, "p": p}
    return pd.DataFrame([{"database": f"{first.name}, {second.name}", **row}])


def _expressions(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Graphs without the frames of expressions, and without as many others.

    Of videos that are left with at least half of their frames.
    """
    inside = face_graphs.expression_frames(database.motion)
    generator = np.random.default_rng(config.seed)
    with_any = [
        (graph, video.recording, inside[video.recording.video])
        for graph, video in zip(database.graphs, database.motion.videos, strict=True)
        if 0 < inside[video.recording.video].mean() <= 0.5
    ]
    for name in ("nothing", "expressions", "as many other frames"):
        graphs, left_out = [], []
        for _, recording, expressive in with_any:
            dropped = {
                "nothing": np.zeros_like(expressive),
                "expressions": expressive,
                "as many other frames": np.roll(expressive, generator.integers(len(expressive))),
            }[name]
            kept = recording.measured & ~dropped
            graphs.append(config.sampling.graph(config.sampling.series(recording, kept)).marks)
            left_out.append(float(dropped.mean()))
        comparisons = [
            compare(graph.marks, marks)
            for (graph, _, _), marks in zip(with_any, graphs, strict=True)
        ]
        yield {
            "left_out": name,
            "graphs": len(graphs),
            "share_of_frames": float(np.mean(left_out)),
            "edges": float(np.mean([_count(marks) for marks in graphs])),
            "directed": float(np.mean([_count(marks, DIRECTED) for marks in graphs])),
            "jaccard": float(np.nanmean([comparison.jaccard for comparison in comparisons])),
        }


def _most_causal(config: Config, database: Database) -> Iterator[dict[str, object]]:
    """Regions of Eq. 6: how many a graph has, and which."""
    chosen = np.array([compound.most_causal(graph.marks) for graph in database.graphs])
    sizes = chosen.sum(axis=1)
    shares = chosen.mean(axis=0)
    yield {
        "graphs": len(sizes),
        "regions": float(sizes.mean()),
        "empty": float(np.mean(sizes == 0)),
        "one_region": float(np.mean(sizes == 1)),
        "most_regions": int(sizes.max()),
        "most_often": regions.NAMES[int(shares.argmax())],
        "its_share": float(shares.max()),
    }


def _pairs(database: Database) -> pd.DataFrame:
    directed = [compound.adjacency(graph.marks, DIRECTED) for graph in database.graphs]
    table = long_table({"share": database.frequency, "directed": np.mean(directed, axis=0)})
    return table.assign(database=database.name)


def _paper_figures(config: Config, database: Database) -> dict[str, pd.DataFrame]:
    """Figures 1 and 6 of the paper for its own subject."""
    by_subject = face_graphs.pooled(database.motion, config.sampling)
    if config.subject not in by_subject:
        raise CausalexError(
            f"subject '{config.subject}' is not among the {len(by_subject)} subjects of"
            f" {database.name} that are taken, such as '{min(by_subject)}'"
        )
    graph = config.sampling.graph(by_subject[config.subject])
    counts = _counts(database.motion.expressions, prior.AUW_GCN)
    weights = prior.normalise_rows(counts)
    causal = compound.adjacency(graph.marks, ANY)
    matrices = long_table(
        {
            "mark": graph.marks,
            "any_edge": causal,
            "directed": compound.adjacency(graph.marks, DIRECTED),
            "prior": weights,
            "compound": compound.compound(causal, weights),
        }
    )
    shown = [_example(database, config.subject, kind) for kind in ("macro", "micro")]
    return {"subject": matrices, "examples": pd.concat(shown, ignore_index=True)}


def _example(database: Database, subject: str, kind: str) -> pd.DataFrame:
    """Of the subject's video in which most pairs of regions are annotated together."""
    table = database.motion.expressions
    table = table[(table["subject"] == subject) & (table["kind"] == kind)]
    counts = {str(name): _counts(rows, prior.FACS) for name, rows in table.groupby("video")}
    name = max(counts, key=lambda video: (counts[video][UPPER] > 0).sum())
    graphs = {
        v.recording.video: g for v, g in zip(database.motion.videos, database.graphs, strict=True)
    }
    marks = graphs[name].marks
    frame = long_table({"together": counts[name], "mark": marks, "share": (marks > 0) * 1.0})
    return frame.assign(graph=f"s{subject[-2:]}, {kind}")
