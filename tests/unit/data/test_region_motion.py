"""Motion, annotations and durations joined: made-up sources, and the facts of the real ones."""

import numpy as np
import pytest
from factories import MACRO, FolderSource, change_window, marks, write_windows

from causalex_core.data import manifest, region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError

ANNOTATIONS = {
    "info_csv/cas(me)_new.csv": """\
subject,video_name,start_frame,apex_frame,end_frame,type_idx,au
casme_015,casme_015_0401,4,8,0,1,4
casme_015,casme_015_0401,27,30,36,2,12
casme_016,casme_016_0101,4,8,13,1,4+7
casme_019,casme_019_0101,4,8,13,1,4+7
""",
    "info_csv/samm_new_25.csv": """\
subject,video_name,start_frame,apex_frame,end_frame,type_idx,au
samm_006,samm_006_1,4,-1,9,1,4
""",
}
DURATIONS = {
    "labels/cas_duration.csv": """\
vid,duration
casme_15_0401,601
casme_15_0508,101
casme_16_0101,41
casme_17_0101,41
""",
    "labels/samm_duration.csv": "sub_name,duration\nsamm_6_1,321\n",
}
FRAMES = {
    "casme_015_0401": 600,
    "casme_015_0508": 100,
    "casme_016_0101": 40,
    "samm_006_1": 40,
}


def motion(video):
    return np.random.default_rng(FRAMES[video]).normal(size=(FRAMES[video], 12, 2))


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """The three sources, made up; gives the folder of the windows."""
    folder = tmp_path / "windows"
    for video in FRAMES:
        part = folder / region_motion.FOLDERS[SAMM if video.startswith("samm") else CAS]
        label = marks(FRAMES[video], (MACRO, 4, 8, 13))
        write_windows(part, video.rpartition("_")[0], video, motion(video), label)

    for name, tables in (("annotations", ANNOTATIONS), ("durations", DURATIONS)):
        for file, text in tables.items():
            place = tmp_path / name / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    made_up = {
        "region_motion": FolderSource(folder),
        "auw_gcn_annotations": FolderSource(tmp_path / "annotations"),
        "megc_video_lengths": FolderSource(tmp_path / "durations"),
    }
    monkeypatch.setattr(manifest, "require", made_up.__getitem__)
    return folder


def test_motion_labels_and_lengths_are_joined(sources):
    found = region_motion.read(CAS)
    assert (found.database, found.fps) == (CAS, 30)
    assert {one.recording.video: len(one.recording.motion) for one in found.videos} == {
        "casme_015_0401": 600, "casme_015_0508": 100, "casme_016_0101": 40,
    }  # fmt: skip
    for one in found.videos:
        expected = motion(one.recording.video).astype(np.float32)
        np.testing.assert_array_equal(one.recording.motion, expected)
        assert one.recording.fps == 30 and one.marks[4:14, 1, 3].all()
    # The table, not the marks: a missing offset stays missing, a video without rows is allowed.
    assert found.expressions["video"].tolist() == [*["casme_015_0401"] * 2, "casme_016_0101"]
    assert np.isnan(found.expressions["offset"].iloc[0])


def test_durations_at_200_frames_per_second_become_rows_at_25(sources):
    found = region_motion.read(SAMM)  # 321 frames are 41 of every eighth, and 40 steps
    assert found.fps == 25 and len(found.videos[0].recording.motion) == 40
    assert np.isnan(found.expressions["apex"].iloc[0])


def test_own_features_take_the_same_way(sources, tmp_path):
    own = tmp_path / "own"
    write_windows(own / "test", "casme_016", "casme_016_0101", motion("casme_016_0101"), marks(40))
    found = region_motion.read(CAS, own)
    assert [one.recording.video for one in found.videos] == ["casme_016_0101"]
    assert found.expressions["video"].tolist() == ["casme_016_0101"]


def cas(folder):
    return folder / region_motion.FOLDERS[CAS]


def without_annotations(folder):
    write_windows(cas(folder), "casme_017", "casme_017_0101", np.ones((40, 12, 2)), marks(40))


def too_long(folder):
    write_windows(cas(folder), "casme_016", "casme_016_0101", np.ones((41, 12, 2)), marks(41))


def not_finite(folder):
    change_window(
        cas(folder) / "casme_016/casme_016_0101_0000.npz",
        feature=np.full((270, 12, 2), np.inf),
    )


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            without_annotations,
            "subject 'casme_017' (video 'casme_017_0101') has no annotations of CAS(ME)^2;"
            " expected names such as 'casme_015'",
        ),
        (
            too_long,
            "video 'casme_016_0101': motion in 41 rows, but its published duration leaves 40",
        ),
        (not_finite, "casme_016_0101_0000.npz: feature has values that are not finite"),
        (
            lambda f: (cas(f) / "casme_015/casme_015_0401_0256.npz").unlink(),
            "video 'casme_015_0401' lacks the window at frame 256",
        ),
        (
            lambda f: (cas(f) / "casme_015/casme_015_0401_0512.npz").unlink(),
            "video 'casme_015_0401' lacks the window at frame 512",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(sources, damage, said):
    damage(sources)
    with pytest.raises(CausalexError) as raised:
        region_motion.read(CAS)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_an_archive_of_the_other_database_is_named(sources, tmp_path):
    write_windows(tmp_path / "own/test", "samm_006", "samm_006_1", motion("samm_006_1"), marks(40))
    with pytest.raises(CausalexError) as raised:
        region_motion.read(CAS, tmp_path / "own")
    assert str(raised.value) == (
        "video 'samm_006_1' of 'samm_006' has no published duration;"
        " expected names such as 'casme_015_0401'"
    )


@pytest.fixture(scope="module")
def real(mirror):
    """Both databases, from the mirror."""
    missing = [name for name in region_motion.SOURCES if manifest.locate(name) is None]
    if missing:
        pytest.skip(f"sources not here: {', '.join(missing)}")
    return {database: region_motion.read(database) for database in (CAS, SAMM)}


@pytest.mark.parametrize(
    ("database", "subjects", "videos", "rows", "measured", "macro", "micro", "no_offset"),
    [(CAS, 22, 97, 251725, 251724, 300, 57, 44), (SAMM, 30, 147, 60388, 60388, 343, 159, 0)],
)
def test_facts_of_the_real_videos(
    real, database, subjects, videos, rows, measured, macro, micro, no_offset
):
    recordings = [one.recording for one in real[database].videos]
    assert len(recordings) == videos
    assert len({one.subject for one in recordings}) == subjects
    assert sum(len(one.motion) for one in recordings) == rows
    assert sum(one.measured.sum() for one in recordings) == measured
    kinds = real[database].expressions["kind"].value_counts()
    assert (kinds["macro"], kinds["micro"]) == (macro, micro)
    assert real[database].expressions["offset"].isna().sum() == no_offset


def test_every_length_but_one_is_the_published_one_and_two_videos_have_no_annotation(real):
    recordings = [one.recording for part in real.values() for one in part.videos]
    short = {one.video: int((~one.measured).sum()) for one in recordings if not one.measured.all()}
    assert short == {"casme_023_0102": 1}
    annotated = {name for part in real.values() for name in part.expressions["video"]}
    assert {one.video for one in recordings} - annotated == {"casme_023_0503", "casme_015_0508"}
