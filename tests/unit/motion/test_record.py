import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalex_core.errors import CausalexError, CausalexWarning
from causalex_core.motion.record import (
    MotionRecord,
    Quality,
    differences,
    read_folder,
    read_motion,
    read_origin,
)

ROWS = 12


def record(video="a", source="", **versions):
    return MotionRecord(
        np.full((ROWS, 12, 2), ord(video), np.float32),
        np.zeros(ROWS, np.uint8),
        30.0,
        4,
        source=source,
        made_with=json.dumps(versions) if versions else "",
        frames=np.arange(ROWS, dtype=np.int32),
        times=np.arange(ROWS) / 30,
        subject="s01",
        video=video,
    )


def written(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.to_bytes())
    return path


def test_a_file_keeps_what_it_was_made_from_and_with(tmp_path):
    made = record(source="0" * 64, opencv="5.0.0", av="18.1.0")
    kept = read_motion(written(tmp_path / "a.npz", made))
    for name in ("motion", "quality", "frames", "times"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))
    assert (kept.source, kept.made_with, kept.fps) == (made.source, made.made_with, 30)
    assert kept.to_bytes() == made.to_bytes()


def test_older_files_are_read(tmp_path):
    old = replace(record(), frames=None, times=None)
    path = tmp_path / "old.npz"
    np.savez(path, motion=old.motion, fps=30.0, stride=4, config="", landmarks="")
    kept = read_motion(path)
    np.testing.assert_array_equal(kept.motion, old.motion)
    assert (kept.source, kept.made_with, kept.frames, kept.times) == ("", "", None, None)
    assert read_origin(path) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"times": np.zeros(3)}, r"times of shape \(3,\) for 12 frames"),
        ({"frames": np.zeros((ROWS, 2), np.int32)}, r"frame numbers of shape \(12, 2\)"),
        ({"made_with": "no json"}, "cannot read the motion file"),
        ({"made_with": "[1]"}, "cannot read the motion file"),
        ({"fps": 1e-6}, "1e-06 frames per second; expected 1 to 1000"),
        ({"fps": 1e9}, "1e\\+09 frames per second; expected 1 to 1000"),
        ({"motion": np.full((ROWS, 12, 2), 2e3)}, "above 1000 px per frame, first in frame 0"),
        ({"motion": np.full((ROWS, 12, 2), np.nan)}, "motion that is not finite"),
    ],
)
def test_files_that_are_wrong(tmp_path, change, said):
    with pytest.raises(CausalexError, match=said):
        read_motion(written(tmp_path / "a.npz", replace(record(opencv="5.0.0"), **change)))


def test_rows_without_a_frame_are_not_measured(tmp_path):
    quality = np.where(np.arange(ROWS) == 3, Quality.NO_FRAME, Quality.MEASURED).astype(np.uint8)
    kept = read_motion(written(tmp_path / "a.npz", replace(record(), quality=quality)))
    assert kept.quality[3] == Quality.NO_FRAME
    assert not kept.motion[3].any()


def test_different_makers_are_named():
    new, old = record("a", opencv="5.0.0", av="18.1.0"), record("b", opencv="4.14.0", av="18.1.0")
    assert differences([new, new, old]) == "opencv 5.0.0 (a) and 4.14.0 (b)"
    assert differences([new, new]) == differences([]) == differences([record(), record()]) == ""
    searched = record("c", opencv="5.0.0", av="18.1.0", mediapipe="0.10.21")
    assert differences([new, searched]) == ""
    assert differences([new, record("d")]) == (
        "opencv 5.0.0 (a) and unknown (d); av 18.1.0 (a) and unknown (d)"
    )


def test_pooled_files_of_different_makers_are_told(tmp_path):
    written(tmp_path / "s01" / "a.npz", record("a", "1", opencv="5.0.0"))
    written(tmp_path / "s01" / "b.npz", record("b", "2", opencv="4.14.0"))
    nobody = pd.DataFrame({"subject": [], "video": []})
    with pytest.warns(CausalexWarning, match=r"opencv 5\.0\.0 \(a\) and 4\.14\.0 \(b\)"):
        assert len(read_folder(tmp_path, nobody)) == 2
    written(tmp_path / "s01" / "c.npz", record("c", "2", opencv="4.14.0"))
    with pytest.raises(CausalexError, match=r"c\.npz holds motion of the same video as .*b\.npz"):
        read_folder(tmp_path, nobody)


@pytest.mark.parametrize(
    ("change", "alike"),
    [({"fps": 29.3}, True), ({"fps": 25.0}, False), ({"fps": None}, False), ({"stride": 2}, False)],
)
def test_files_of_two_rates_are_refused_by_name(tmp_path, change, alike):
    written(tmp_path / "s01" / "a.npz", record("a"))
    written(tmp_path / "s01" / "b.npz", replace(record("b"), **change))
    nobody = pd.DataFrame({"subject": [], "video": []})
    if alike:
        assert len(read_folder(tmp_path, nobody)) == 2
        return
    with pytest.raises(CausalexError, match=r"b\.npz: (frames per second|stride) .*a\.npz"):
        read_folder(tmp_path, nobody)
