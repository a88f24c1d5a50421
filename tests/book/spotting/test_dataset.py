"""The inputs: public motion, features of one's own, motion files, synthetic people."""

import numpy as np
import pandas as pd
import public_sources
import pytest
from window_archive import MACRO, marks, write

from causalex_book.debiasing import counterfactuals
from causalex_book.spotting import dataset, graph_spotting
from causalex_book.spotting.variants import CAUSAL_EX, FEW_EPOCHS, NONE, PUBLISHED, VARIANTS, graphs
from causalex_core.data import manifest, region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError
from causalex_core.motion.extract import Config
from causalex_core.motion.record import MotionRecord
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.graph import GraphConfig

NAMES = ["casme_015_0401", "casme_016_0101", "casme_017_0101"]
LABELS = zip(
    [*NAMES, "casme_019_0101"], (40.0, 300.0, 90.0, 5.0), ("12", "4+7", "14", "1"), strict=True
)
ANNOTATIONS = pd.DataFrame(
    {"database": CAS, "subject": name[:9], "video": name, "onset": onset, "apex": onset + 15}
    | {"offset": onset + 40, "kind": "macro", "action_units": units, "fps": 30.0}
    for name, onset, units in LABELS
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
        write(folder / "feature_segment" / "test", name[:9], name, motion(name), marks(400))
    return folder / "feature_segment"


def extracted(folder, path="{name}.npz"):
    """The same motion as our extraction would store it."""
    for name in NAMES:
        file = folder / path.format(name=name, subject=name[7:9], video=name[7:])
        file.parent.mkdir(exist_ok=True)
        quality = np.zeros(400, np.uint8)
        measured = MotionRecord(motion(name), quality, 30.0, 3, Config().to_json())
        file.write_bytes(measured.to_bytes())
    return folder


def extracted_from_the_database(folder):
    """The same, called as the folders of the database are."""
    return extracted(folder, "s{subject}/{video}girlcrashing.npz")


def read(database=CAS, folder=None, most_subjects=0, **more):
    features = {} if folder is None else {database: str(folder)}
    return dataset.read(database, features, GraphConfig(), most_subjects, **more)


@pytest.mark.parametrize("make", [archive, extracted, extracted_from_the_database])
def test_features_of_real_videos_become_a_dataset(make, tmp_path, annotated):
    data = read(CAS, make(tmp_path))
    assert data.subjects == ["casme_015", "casme_016", "casme_017"]
    assert data.windows.lengths == (400, 400, 400)
    assert np.array_equal(data.videos[1].motion, motion(NAMES[1]))
    assert len(data.truth) == 3  # the fourth video is not there
    assert CAS in data.name and data.name != CAS and data.synthetic is None
    assert len(data.marks) == 3


def test_the_first_people_are_taken_alone(tmp_path, annotated):
    data = read(CAS, archive(tmp_path), 2)
    assert data.subjects == ["casme_015", "casme_016"] and len(data.truth) == 2


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
    ("database", "folder", "message"),
    [
        ("casme", None, "database 'casme': expected one of cas_like, samm_like"),
        (CAS, None, "'region_motion' is not on this machine; add it with: causalex data fetch"),
        (CAS, "nowhere", "nowhere is no folder"),
    ],
)
def test_missing_data_are_one_line(database, folder, message, annotated, tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSALEX_MIRROR", "")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path))
    with pytest.raises(CausalexError, match=message):
        read(database, folder)


def test_marks_of_the_windows_can_be_what_is_learned(tmp_path, annotated):
    folder = tmp_path / "feature_segment"
    label = marks(400, (MACRO, 10, 12, 20))  # the table has 40 to 80
    write(folder / "test", "casme_015", NAMES[0], motion(NAMES[0]), label)
    for targets, expected in (("marks", range(10, 21)), ("annotations", range(40, 81))):
        data = read(CAS, folder, targets=targets)
        action = data.windows.targets.action[:, 1].numpy().reshape(-1)
        assert np.flatnonzero(action).tolist() == list(expected)
        assert data.truth["onset"].tolist() == [40.0]  # what detections are scored on


@pytest.mark.parametrize("database", [CAS, SAMM])
def test_the_public_motion_is_taken_where_no_folder_is_named(database, of_nobody):
    data = read(database, most_subjects=2)
    assert (data.name, data.fps) == (database, {CAS: 30, SAMM: 25}[database])
    assert data.windows.names == public_sources.NAMES[database][:2] and data.synthetic is None
    for video in data.videos:
        expected = public_sources.motion(video.name, public_sources.FRAMES[database])
        assert np.array_equal(video.motion, expected)
    assert len(data.truth) == 2 * len(public_sources.EXPRESSIONS)


def test_the_published_prior_is_that_of_the_database_in_every_fold(of_nobody, made_up_sources):
    for database, name in dataset.PRIORS.items():
        expected = np.load(made_up_sources["auw_gcn_priors"].path(name))
        assert np.array_equal(read(database, most_subjects=1).published_prior, expected)
    assert read("cas_like", most_subjects=1).published_prior is None
    data = read(SAMM, most_subjects=3)
    folds = leave_one_subject_out(data.windows)
    published, training = (
        graphs(data, VARIANTS[CAUSAL_EX], folds, 1, setting).prior.numpy()
        for setting in (PUBLISHED, FEW_EPOCHS)
    )
    assert np.array_equal(published, np.repeat(data.published_prior[None], 3, axis=0))
    assert np.array_equal(training, data.priors(folds)) and not np.array_equal(training, published)


def test_without_the_published_prior_a_setting_that_asks_for_it_is_refused(
    of_nobody, made_up_sources, monkeypatch
):
    monkeypatch.setattr(manifest, "locate", {**made_up_sources, "auw_gcn_priors": None}.get)
    data = read(SAMM, most_subjects=2)
    assert data.published_prior is None
    folds = leave_one_subject_out(data.windows)
    with pytest.raises(CausalexError, match=r"published prior .* `causalex data fetch auw_gcn_pr"):
        graphs(data, VARIANTS[CAUSAL_EX], folds, 1, PUBLISHED)
    graphs(data, VARIANTS[CAUSAL_EX], folds, 1)  # that of the training subjects will do


def test_motion_files_have_no_marks(tmp_path, annotated):
    with pytest.raises(CausalexError, match="motion files have no marks; take targets ="):
        read(CAS, extracted(tmp_path), targets="marks")


def test_the_public_motion_is_read_without_a_folder(mirror):
    if any(manifest.locate(name) is None for name in region_motion.SOURCES):
        pytest.skip("the public motion is not in the mirror")
    data = read(SAMM, most_subjects=1)
    assert (data.name, data.fps, data.subjects) == (SAMM, 25, ["samm_006"])
    assert data.synthetic is None and set(data.truth["subject"]) == {"samm_006"}


def test_videos_of_other_names_are_refused(tmp_path, annotated):
    message = r"video 's15_01' .* expected names such as 'casme_015_"
    with pytest.raises(CausalexError, match=message):
        read(CAS, archive(tmp_path, ["s15_01"]))


def test_crossed_people_keep_apart_though_they_are_called_alike():
    source, target = (read(name, most_subjects=2) for name in ("cas_like", "samm_like"))
    both, others = dataset.crossed(source, target)
    assert len(both.subjects) == 4 and len(others) == 2
    assert len(both.truth) == len(source.truth) + len(target.truth)
    assert both.rules is source.rules and len(both.marks) == len(both.windows.names)
    assert set(both.truth["video"]) <= set(both.windows.names)
