"""The inputs: public motion, features of one's own, motion files, synthetic people."""

import factories
import numpy as np
import pandas as pd
import pytest
from factories import MACRO, marks, write_windows

from causalex_book.debiasing import counterfactuals
from causalex_book.spotting import graph_spotting, material
from causalex_book.spotting.variants import CAUSAL_EX, NONE, OWN, PUBLISHED, VARIANTS, graphs
from causalex_core.data import manifest, region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError
from causalex_core.motion.extract import Config
from causalex_core.motion.record import MotionRecord
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig

NAMES = ["casme_015_0401", "casme_016_0101", "casme_017_0101"]
ANNOTATIONS = pd.DataFrame(
    [
        (CAS, name[:9], name, onset, onset + 15.0, onset + 40.0, "macro", units, 30.0)
        for name, onset, units in zip(
            [*NAMES, "casme_019_0101"],
            (40.0, 300.0, 90.0, 5.0),
            ("12", "4+7", "14", "1"),
            strict=True,
        )
    ],
    columns=[
        *("database", "subject", "video", "onset", "apex", "offset"),
        *("kind", "action_units", "fps"),
    ],
)


@pytest.fixture
def annotated(monkeypatch):
    """Annotations and lengths as the published tables have them."""

    monkeypatch.setattr(region_motion, "annotations", lambda database: ANNOTATIONS)
    monkeypatch.setattr(region_motion, "motion_lengths", lambda database: dict.fromkeys(NAMES, 400))


def motion(name, frames=400):
    generator = np.random.default_rng(len(name) + sum(map(ord, name)))
    return generator.normal(size=(frames, 12, 2)).astype(np.float32)


def archive(folder, names=NAMES):
    """AUW-GCN's features of some videos."""
    for name in names:
        write_windows(folder / "feature_segment" / "test", name[:9], name, motion(name), marks(400))
    return folder / "feature_segment"


def extracted(folder):
    """The same motion as our extraction would store it."""
    for name in NAMES:
        quality = np.zeros(400, np.uint8)
        measured = MotionRecord(motion(name), quality, 30.0, 3, Config().to_json())
        (folder / f"{name}.npz").write_bytes(measured.to_bytes())
    return folder


def extracted_from_the_database(folder):
    """The same, called as the folders of the database are."""
    for name in NAMES:
        own = folder / f"s{name[7:9]}" / f"{name[7:]}girlcrashing.npz"
        own.parent.mkdir()
        measured = MotionRecord(motion(name), np.zeros(400, np.uint8), 30.0, 3, Config().to_json())
        own.write_bytes(measured.to_bytes())
    return folder


@pytest.mark.parametrize("make", [archive, extracted, extracted_from_the_database])
def test_features_of_real_videos_become_material(make, tmp_path, annotated):
    folder = make(tmp_path)
    part = material.read(CAS, {CAS: str(folder)}, GraphConfig())
    assert part.subjects == ["casme_015", "casme_016", "casme_017"]
    assert part.windows.lengths == (400, 400, 400)
    assert np.array_equal(part.videos[1].motion, motion(NAMES[1]))
    assert len(part.truth) == 3  # the fourth video is not there
    assert CAS in part.name and part.name != CAS and part.drawn is None
    assert len(part.marks) == 3


def test_the_first_people_are_taken_alone(tmp_path, annotated):
    part = material.read(CAS, {CAS: str(archive(tmp_path))}, GraphConfig(), most_subjects=2)
    assert part.subjects == ["casme_015", "casme_016"] and len(part.truth) == 2


def test_real_features_take_the_way_of_the_synthetic_people(tmp_path, annotated, monkeypatch):
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "data"))
    given = {"features": {CAS: str(archive(tmp_path))}, "seeds": (1,), "epochs": 1}
    small = {"n_thresholds": 3, "n_bootstrap": 10}
    spotted = graph_spotting.compute(
        graph_spotting.Config(
            plans=((CAS, (NONE, CAUSAL_EX)),), nested=(CAUSAL_EX,), n_shifts=3, **given, **small
        )
    )
    assert spotted["scores"]["database"].unique() == [f"{CAS}, own features"]
    assert (spotted["scores"].query("kind == 'macro'")["n_truth"] == 3).all()
    debiased = counterfactuals.compute(
        counterfactuals.Config(plans=((CAS, (CAUSAL_EX,)),), forms=("logits",), **given, **small)
    )
    assert len(debiased["debiasing"]) and len(debiased["rates"])
    assert not len(debiased["bias"]) and not len(debiased["odds"])  # nobody planted any


@pytest.mark.parametrize(
    ("database", "features", "said"),
    [
        ("casme", {}, "database 'casme': expected one of cas_like, samm_like"),
        (CAS, {}, "'region_motion' is not on this machine; add it with: causalex data fetch"),
        (CAS, {CAS: "nowhere"}, "nowhere is no folder"),
    ],
)
def test_what_is_not_there_is_one_line(database, features, said, annotated, tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSALEX_MIRROR", "")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path))
    with pytest.raises(CausalexError, match=said):
        material.read(database, features, GraphConfig())


def test_marks_of_the_windows_can_be_what_is_learned(tmp_path, annotated):
    label = marks(400, (MACRO, 10, 12, 20))  # the table has 40 to 80
    folder = tmp_path / "feature_segment"
    write_windows(folder / "test", "casme_015", NAMES[0], motion(NAMES[0]), label)
    part = material.read(CAS, {CAS: str(folder)}, GraphConfig(), targets="marks")
    action = part.windows.targets.action[:, 1].numpy().reshape(-1)
    assert np.flatnonzero(action).tolist() == list(range(10, 21))
    assert part.truth["onset"].tolist() == [40.0]  # what detections are scored on
    from_table = material.read(CAS, {CAS: str(folder)}, GraphConfig())
    action = from_table.windows.targets.action[:, 1].numpy().reshape(-1)
    assert np.flatnonzero(action).tolist() == list(range(40, 81))


@pytest.mark.parametrize("database", [CAS, SAMM])
def test_the_public_motion_is_taken_where_no_folder_is_named(database, of_nobody):
    part = material.read(database, {}, GraphConfig(), 2)
    names = factories.NAMES[database][:2]
    assert (part.name, part.fps) == (database, {CAS: 30, SAMM: 25}[database])
    assert part.windows.names == names and part.drawn is None
    for video in part.videos:
        motion_of_it = factories.motion(video.name, factories.FRAMES[database])
        assert np.array_equal(video.motion, motion_of_it)
    assert len(part.truth) == 2 * len(factories.EXPRESSIONS)


def test_the_published_prior_is_that_of_the_database(of_nobody, made_up_sources):
    for database, name in material.PRIORS.items():
        part = material.read(database, {}, GraphConfig(), 1)
        expected = np.load(made_up_sources["auw_gcn_priors"].path(name))
        assert np.array_equal(part.published_prior, expected)
    assert material.read("cas_like", {}, GraphConfig(), 1).published_prior is None


def test_without_the_published_prior_a_setting_that_asks_for_it_is_refused(
    of_nobody, made_up_sources, monkeypatch
):
    there = {name: one for name, one in made_up_sources.items() if name != "auw_gcn_priors"}
    monkeypatch.setattr(manifest, "locate", there.get)
    part = material.read(SAMM, {}, GraphConfig(), 2)
    assert part.published_prior is None
    folds = leave_one_subject_out(part.windows)
    with pytest.raises(CausalexError, match=r"published prior .* `causalex data fetch auw_gcn_pr"):
        graphs(part, VARIANTS[CAUSAL_EX], folds, 1, PUBLISHED)
    graphs(part, VARIANTS[CAUSAL_EX], folds, 1)  # that of the training subjects will do


def test_the_published_prior_is_the_same_in_every_fold(of_nobody):
    part = material.read(SAMM, {}, GraphConfig(), 3)
    folds = leave_one_subject_out(part.windows)
    prior = graphs(part, VARIANTS[CAUSAL_EX], folds, 1, PUBLISHED).prior.numpy()
    assert np.array_equal(prior, np.repeat(part.published_prior[None], 3, axis=0))
    own = graphs(part, VARIANTS[CAUSAL_EX], folds, 1, OWN).prior.numpy()
    assert np.array_equal(own, part.priors(folds)) and not np.array_equal(own, prior)


def test_motion_files_have_no_marks(tmp_path, annotated):
    folder = extracted(tmp_path)
    with pytest.raises(CausalexError, match="motion files have no marks; take targets ="):
        material.read(CAS, {CAS: str(folder)}, GraphConfig(), targets="marks")


def test_the_public_motion_is_read_without_a_folder(mirror):
    if any(manifest.locate(name) is None for name in region_motion.SOURCES):
        pytest.skip("the public motion is not in the mirror")
    part = material.read(SAMM, {}, GraphConfig(), most_subjects=1)
    assert (part.name, part.fps, part.subjects) == (SAMM, 25, ["samm_006"])
    assert part.drawn is None and set(part.truth["subject"]) == {"samm_006"}


def test_videos_of_other_names_are_refused(tmp_path, annotated):
    folder = archive(tmp_path, ["s15_01"])
    with pytest.raises(
        CausalexError, match=r"video 's15_01' .* expected names such as 'casme_015_"
    ):
        material.read(CAS, {CAS: str(folder)}, GraphConfig())


def test_crossed_people_keep_apart_though_they_are_called_alike():
    source, target = (
        material.read(name, {}, GraphConfig(), 2) for name in ("cas_like", "samm_like")
    )
    both, others = material.crossed(source, target)
    assert len(both.subjects) == 4 and len(others) == 2
    assert len(both.truth) == len(source.truth) + len(target.truth)
    assert both.rules is source.rules and len(both.marks) == len(both.windows.names)
    assert set(both.truth["video"]) <= set(both.windows.names)
