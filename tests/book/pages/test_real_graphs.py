"""Graphs of real faces: on small made-up windows, and on the public motion where it is here."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from causalex_book.graphs import figures, real_graphs
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.feature_archive import read_windows
from causalex_core.data.region_motion import RegionMotion
from causalex_core.errors import CausalexError

FRAMES, SHORT = 500, 300
SMALL = real_graphs.Config(
    alphas=(0.01,), lengths=(100, 400), stretches=(200,), n_surrogates=2, n_permutations=19
)
BROW, LIPS = (0, 1), (9, 11)
EXPRESSIONS = slice(40, 70), slice(90, 100)


def motion(generator, frames, database):
    """One brow moves as a whole, lips share a cause; CAS(ME)^2 begins with a jolt.

    In the expressions of short videos an inner brow moves with a corner of the mouth.
    """
    values = generator.normal(size=(frames, 12, 2))
    if frames == SHORT:
        for expression in EXPRESSIONS:
            values[expression, 2] = values[expression, 10] = 4 * values[expression, 10]
    values[:, BROW[1]] = values[:, BROW[0]] + 0.2 * values[:, BROW[1]]
    values[:, LIPS] += values[:, [8]]
    if database == CAS:
        values[:15] *= np.linspace(9, 1, 15)[:, None, None]
    return values.astype(np.float32) / 20


def made_up(folder, database, prefix):
    """Windows of 14 persons, two videos each; every second video is short and annotated."""
    generator = np.random.default_rng(5)
    rows, files, lengths = [], [], {}
    for number in range(28):
        subject = f"{prefix}_{15 + number // 2:03d}"
        video = f"{subject}_{number % 2}"
        lengths[video] = SHORT if number % 2 else FRAMES
        padded = np.pad(motion(generator, lengths[video], database), ((7, 300), (0, 0), (0, 0)))
        for offset in range(0, lengths[video], 256):
            file = folder / subject / f"{video}_{offset:04d}.npz"
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                file,
                feature=padded[offset : offset + 270],
                label=np.zeros((270, 8)),
                video_name=np.array(video),
            )
            files.append(file)
        if number % 2:
            rows += [
                (database, subject, video, 40.0, 50.0, 69.0, "macro", "1+4"),
                (database, subject, video, 90.0, 95.0, 99.0, "micro", "12+25"),
            ]
    columns = ["database", "subject", "video", "onset", "apex", "offset", "kind", "action_units"]
    videos = read_windows(files, lengths, 30.0)
    return RegionMotion(database, 30.0, videos, pd.DataFrame(rows, columns=columns))


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    return {
        name: made_up(tmp_path_factory.mktemp(prefix), name, prefix)
        for name, prefix in ((CAS, "casme"), (SAMM, "samm"))
    }


@pytest.fixture(scope="module")
def tables(databases):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_graphs.region_motion, "read", databases.__getitem__)
        return real_graphs.compute(SMALL)


def test_planted_edges_are_found_in_every_video(tables):
    share = tables["pairs"].set_index(["database", "row", "column"])["share"]
    for name in (CAS, SAMM):
        for i, j in (BROW, (8, 9), (8, 11)):
            assert share[name, i, j] == share[name, j, i] > 0.8
        assert share[name, 0, 5] < 0.5
    edges = tables["edges"].set_index(["database", "graph_of", "policy"])
    assert edges.loc[(SAMM, "video", "any_edge"), "graphs"] == 28
    assert edges.loc[(SAMM, "person", "any_edge"), "graphs"] == 14
    assert edges.loc[(SAMM, "person", "any_edge"), "frames"] == FRAMES + SHORT
    assert 3 <= edges.loc[(SAMM, "video", "any_edge"), "edges"] < 6
    readings = edges["edges"].xs((SAMM, "video"), level=("database", "graph_of"))
    assert readings["directed"] <= readings["possibly_directed"] <= readings["any_edge"]


def test_surrogates_have_hardly_an_edge_once_the_shared_start_is_left_out(tables):
    edges = tables["surrogates"].set_index(["database", "regions", "left_out", "sample_size"])
    edges = edges["edges"].xs("bartlett", level="sample_size")
    for name in (CAS, SAMM):
        for kind in (real_graphs.SHIFTED, real_graphs.MIXED):
            assert edges[name, kind, 15] < 1.5
        assert edges[name, real_graphs.REAL, 15] >= 3
    assert edges[CAS, real_graphs.MIXED, 0] > 5  # the jolt
    assert edges[SAMM, real_graphs.MIXED, 0] < 1.5


def test_the_start_shows_in_the_motion_of_the_first_frames(tables):
    motion = tables["first_frames"].set_index(["database", "frame"])["deviations"]
    assert motion[CAS, 0] > 3 and abs(motion[CAS, 25]) < 0.5 and abs(motion[SAMM, 0]) < 0.5


def test_lengths_and_stretches_take_the_videos_that_have_them(tables):
    lengths = tables["lengths"].query("database == @SAMM")
    assert lengths["frames"].tolist() == [100, 400] and lengths["videos"].tolist() == [28, 14]
    assert (lengths["n_eff"] <= lengths["frames"]).all()
    stability = tables["stability"].set_index(["database", "comparison"])["pairs"]
    assert stability.loc[SAMM].tolist() == [14, 14, 28 * 27 / 2 - 14]


def test_frames_of_expressions_are_left_out_beside_as_many_others(tables):
    rows = tables["expressions"].query("database == @SAMM").set_index("left_out")
    assert rows["graphs"].tolist() == [14, 14, 14]
    assert rows.loc["nothing", "jaccard"] == 1
    edges = rows["edges"]
    assert edges["expressions"] + 0.5 < min(edges["nothing"], edges["as many other frames"])
    assert rows["share_of_frames"].tolist() == pytest.approx([0, 40 / SHORT, 40 / SHORT])


def test_shares_of_all_edges_add_up_and_associations_are_correlations(tables):
    for _, rows in tables["places"].groupby("database"):
        assert rows["share_of_edges"].sum() == pytest.approx(1)
        assert rows["pairs"].sum() == 66
    assert tables["associations"]["rho"].abs().max() <= 1
    assert tables["associations"]["joined_against"].iloc[-1] == "the other database"


def test_the_papers_figures_are_of_its_own_subject(tables):
    subject = tables["subject"]
    assert set(subject["any_edge"]) == {0, 1}
    rows = subject.groupby("row")[["prior", "compound"]].sum()
    assert np.allclose(rows["compound"], 1, atol=1e-5)
    assert (rows["prior"] > 0.9).sum() == 8  # the units annotated here: 1, 12 and 25
    examples = tables["examples"]
    assert examples["graph"].unique().tolist() == ["s16, macro", "s16, micro"]
    together = examples.set_index(["graph", "row", "column"])["together"]
    assert together["s16, macro", 2, 0] > 0 and together["s16, micro", 2, 0] == 0
    assert together["s16, micro", 8, 9] > 0 and together["s16, macro", 8, 9] == 0


def test_only_aggregates_are_returned(tables):
    for name, frame in tables.items():
        assert not {"subject", "video"} & set(frame.columns), name
        text = frame.astype(str)
        assert not text.apply(lambda column: column.str.contains("casme_|samm_")).any(axis=None)


def test_every_figure_is_drawn(tables):
    bartlett = tables["surrogates"].query("sample_size == 'bartlett'")
    for drawn in (
        figures.paper_matrices(tables["subject"]),
        figures.frequencies(tables["pairs"]),
        figures.lengths(tables["lengths"]),
        figures.surrogates(bartlett),
        figures.first_frames(tables["first_frames"], 15),
        figures.side_by_side(tables["examples"], ("together", "causal graph")),
    ):
        assert drawn.axes
        plt.close(drawn)


def test_a_subject_who_is_not_there_is_one_line(databases, monkeypatch):
    monkeypatch.setattr(real_graphs.region_motion, "read", databases.__getitem__)
    config = replace(SMALL, subject="casme_099", n_permutations=1, n_surrogates=1)
    with pytest.raises(CausalexError, match="'casme_099' is not among the 14 subjects"):
        real_graphs.compute(config)


@pytest.fixture(scope="session")
def real(obtained):
    small = {"alphas": (0.01,), "lengths": (250,), "stretches": (1000,)}
    return obtained(real_graphs, **small, n_surrogates=1, n_permutations=99).tables


def test_real_faces_have_the_edges_that_were_counted_before(real):
    edges = real["edges"].set_index(["database", "graph_of", "policy"])["edges"]
    assert edges[CAS, "video", "any_edge"] == pytest.approx(23.0, abs=0.1)
    assert edges[CAS, "video", "directed"] == pytest.approx(11.9, abs=0.1)
    assert edges[CAS, "database", "any_edge"] == 50
    assert edges[SAMM, "video", "any_edge"] == pytest.approx(9.8, abs=0.1)


def test_real_surrogates_have_at_most_an_edge_and_a_half_without_the_start(real):
    edges = real["surrogates"].set_index(["database", "regions", "left_out", "sample_size"])
    edges = edges["edges"].xs("bartlett", level="sample_size")
    for name in (CAS, SAMM):
        for kind in (real_graphs.SHIFTED, real_graphs.MIXED):
            assert edges[name, kind, 15] <= 1.5
    assert edges[CAS, real_graphs.MIXED, 0] > 2.5


def test_real_halves_agree_on_edges_more_than_on_directions(real):
    halves = real["stability"].query("comparison == 'halves of one video'").iloc[0]
    assert halves["jaccard"] == pytest.approx(0.53, abs=0.03)
    assert halves["same_marks"] < 0.4
