"""What tests of several packages are made of: windows, sources of nobody, processes to kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from causalex_core import paths
from causalex_core.data import auw_gcn, region_motion, video_lengths
from causalex_core.data.annotations import CAS, SAMM

# Windows as AUW-GCN's features have them, written from motion and marks of a video.

MICRO, MACRO = 0, 4


def marks(frames, *expressions):
    """Marks (frames, 8) of expressions: kind, onset, apex, offset."""
    label = np.zeros((frames, 8))
    for kind, onset, apex, offset in expressions:
        label[onset, kind] = label[apex, kind + 1] = label[offset, kind + 2] = 1
        label[onset : offset + 1, kind + 3] = 1
    return label


def write_windows(folder, subject, video, motion, label):
    """Cut a video into windows as the archive has them."""
    for first in range(0, len(motion), 256):
        window = {}
        for name, series in (("feature", motion), ("label", label)):
            room = [(7, 300), *[(0, 0)] * (series.ndim - 1)]
            window[name] = np.pad(series, room)[first : first + 270]
        path = folder / subject / f"{video}_{first:04d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **window, video_name=np.array(video))


def change_window(path, **changes):
    """Give a window other arrays."""
    content = dict(np.load(path)) | changes
    np.savez(path, **content)


# The public sources of real motion, made up: three people of each database, one video each. In
# files of their layout, so that what reads the real ones reads these too.

NAMES = {
    CAS: ("casme_015_0401", "casme_016_0101", "casme_017_0101"),
    SAMM: ("samm_006_1", "samm_007_3", "samm_008_2"),
}
FRAMES = {CAS: 300, SAMM: 280}
# Kind, onset, apex, offset and action units of the expressions of every video.
EXPRESSIONS = (("macro", 40, 55, 80, "12"), ("micro", 150, 154, 160, "4+7"))
_TYPES = {"macro": (1, MACRO), "micro": (2, MICRO)}
_HEAD = "subject,video_name,start_frame,apex_frame,end_frame,type_idx,au"


class FolderSource:
    """Stands for a source: the files of a folder, without checksums."""

    fingerprint = "made up"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files, below the folder."""
        found = (file.relative_to(self.folder) for file in self.folder.rglob("*") if file.is_file())
        return tuple(sorted(map(str, found)))

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.folder / name

    def read_bytes(self, name: str) -> bytes:
        """Content of a file."""
        return self.path(name).read_bytes()


def motion(name: str, frames: int) -> np.ndarray:
    """Noise, and a jump of one region in every expression."""
    generator = np.random.default_rng(sum(map(ord, name)))
    steps = generator.normal(0, 0.1, (frames, 12, 2)).astype(np.float32)
    for _, onset, apex, offset, _ in EXPRESSIONS:
        steps[onset:apex, 3] += 1
        steps[apex:offset, 3] -= 1
    return steps


def label(frames: int) -> np.ndarray:
    """Marks of a video, as the archive has them."""
    return marks(frames, *((_TYPES[kind][1], *own) for kind, *own, _ in EXPRESSIONS))


def write_all(folder: Path) -> Mapping[str, FolderSource]:
    """Write every source below a folder; by the names of their cards."""
    from causalex_book.spotting.dataset import PRIORS  # late: the core is tested alone, too

    tables, durations = {}, {}
    for database, names in NAMES.items():
        frames = FRAMES[database]
        rows = [
            f"{name.rpartition('_')[0]},{name},{onset},{apex},{offset},{_TYPES[kind][0]},{units}"
            for name in names
            for kind, onset, apex, offset, units in EXPRESSIONS
        ]
        tables[auw_gcn.FILES[database]] = "\n".join([_HEAD, *rows, ""])
        step = 8 if database == SAMM else 1  # SAMM-LV was filmed at 200 frames per second
        column = "vid" if database == CAS else "sub_name"
        lines = [f"{name.replace('_0', '_', 1)},{frames * step + 1}" for name in names]
        durations[video_lengths.FILES[database]] = "\n".join([f"{column},duration", *lines, ""])
        for name in names:
            place = folder / "region_motion" / region_motion.FOLDERS[database]
            write_windows(place, name.rpartition("_")[0], name, motion(name, frames), label(frames))
    files = {"auw_gcn_annotations": tables, "megc_video_lengths": durations}
    for card, contents in files.items():
        for name, text in contents.items():
            place = folder / card / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    for number, name in enumerate(PRIORS.values()):
        place = folder / "auw_gcn_priors" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        prior = np.random.default_rng(number).random((12, 12)).astype(np.float32)
        np.save(place, prior / prior.sum(axis=1, keepdims=True))
    return {
        card: FolderSource(folder / card) for card in ("region_motion", *files, "auw_gcn_priors")
    }


# For tests of the published setting.

TOY = {"epochs": 2, "batch": 1, "n_bootstrap": 20}


def everything_is_proposed(patch):
    """Look at every epoch, and take any frame as an apex: networks have learnt next to nothing."""
    from causalex_book.spotting import published_setting  # late: the core is tested alone, too

    for database, rules in published_setting.READ_OUT.items():
        of_kinds = {kind: replace(getattr(rules, kind), threshold=0) for kind in ("macro", "micro")}
        patch.setitem(published_setting.READ_OUT, database, replace(rules, **of_kinds))
        patch.setitem(published_setting.FIRST_EPOCH, database, 0)


# For tests that kill a process at a known moment.


def stand_still_in(owner: object, name: str, call: int) -> None:
    """Let one call of a function never return: it says so and waits to be killed."""
    real, calls = getattr(owner, name), []

    def counted(*given):
        calls.append(1)
        if len(calls) == call:
            print("now", flush=True)
            sys.stdin.read()
        return real(*given)

    setattr(owner, name, counted)


def kill_when_it_stands_still(script: str, *arguments: str) -> None:
    """Run a script until it says that it stands still, and kill it."""
    process = subprocess.Popen(
        [sys.executable, script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(paths.ROOT), str(Path(__file__).parent)]),
        },
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
