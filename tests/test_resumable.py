"""How often progress is written."""

import torch

from causalex_core import resumable
from causalex_core.resumable import Job, finish


class Clock:
    """An epoch takes 40 s, writing as long as is said."""

    def __init__(self, writing):
        self.now, self.writing, self.written = 0.0, writing, []


class Counting:
    """Training that counts its epochs."""

    def __init__(self, clock):
        self.clock, self.epoch, self.count = clock, 0, torch.zeros(())

    def advance(self):
        self.clock.now += 40
        self.epoch += 1
        self.count += 1
        return 0.0

    def progress(self):
        return {"count": self.count, "more": torch.ones(3)}

    def outcome(self):
        return {"count": self.count}


def watched(writing, tmp_path, monkeypatch):
    clock, save = Clock(writing), resumable._save

    def counted(training, path, ended, seconds):
        clock.now += clock.writing
        clock.written.append(training.epoch)
        save(training, path, ended, seconds)

    monkeypatch.setattr(resumable, "_save", counted)
    monkeypatch.setattr(resumable, "monotonic", lambda: clock.now)
    job = Job(lambda: Counting(clock), 12, 1, tmp_path / "a.safetensors")
    found = finish([job])
    assert found[0].keys() == {"count", "cpu_seconds"} and int(found[0]["count"]) == 12
    return clock.written


def test_what_is_written_fast_is_written_after_every_half_minute(tmp_path, monkeypatch):
    assert watched(0.1, tmp_path, monkeypatch) == list(range(1, 13))


def test_what_takes_long_to_write_is_written_less_often(tmp_path, monkeypatch):
    assert watched(10, tmp_path, monkeypatch) == [1, 7, 12]  # 200 s are passed after six epochs
