"""Windows as AUW-GCN's features have them, written from motion and marks of a video."""

import numpy as np

MICRO, MACRO = 0, 4


def marks(frames, *expressions):
    """Marks (frames, 8) of expressions: kind, onset, apex, offset."""
    label = np.zeros((frames, 8))
    for kind, onset, apex, offset in expressions:
        label[onset, kind] = label[apex, kind + 1] = label[offset, kind + 2] = 1
        label[onset : offset + 1, kind + 3] = 1
    return label


def write(folder, subject, video, motion, label):
    """Cut a video into windows as the archive has them."""
    for first in range(0, len(motion), 256):
        window = {}
        for name, series in (("feature", motion), ("label", label)):
            room = [(7, 300), *[(0, 0)] * (series.ndim - 1)]
            window[name] = np.pad(series, room)[first : first + 270]
        path = folder / subject / f"{video}_{first:04d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **window, video_name=np.array(video))


def change(path, **changes):
    """Give a window other arrays."""
    content = dict(np.load(path)) | changes
    np.savez(path, **content)
