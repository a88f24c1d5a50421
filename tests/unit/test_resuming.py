"""How often progress is written."""

import io
import sys

import pytest
import safetensors.torch
import torch

from causalex_core import training
from causalex_core.tensors import WeightsError
from causalex_core.training import Job, train_or_resume


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

    def result(self):
        return {"count": self.count}


def watched(writing, tmp_path, monkeypatch):
    clock, save = Clock(writing), training._save

    def counted(training, path, ended, seconds):
        clock.now += clock.writing
        clock.written.append(training.epoch)
        save(training, path, ended, seconds)

    monkeypatch.setattr(training, "_save", counted)
    monkeypatch.setattr(training, "monotonic", lambda: clock.now)
    job = Job(lambda: Counting(clock), 12, 1, tmp_path / "a.safetensors")
    found = train_or_resume([job])
    assert found[0].keys() == {"count", "cpu_seconds"} and int(found[0]["count"]) == 12
    return clock.written


def test_what_is_written_fast_is_written_after_every_half_minute(tmp_path, monkeypatch):
    assert watched(0.1, tmp_path, monkeypatch) == list(range(1, 13))


def test_what_takes_long_to_write_is_written_less_often(tmp_path, monkeypatch):
    assert watched(10, tmp_path, monkeypatch) == [1, 7, 12]  # 200 s are passed after six epochs


@pytest.mark.parametrize("ends_at", [None, 3])
def test_cpu_seconds_are_those_of_all_pieces_of_a_training(ends_at, tmp_path, monkeypatch):
    """Each epoch takes 40 s, and the time between a kill and the next start counts for nothing."""
    clock = Clock(0)
    monkeypatch.setattr(training, "monotonic", lambda: clock.now)
    monkeypatch.setattr(training, "process_time", lambda: clock.now)

    class Killed(Counting):
        def advance(self):
            if self.epoch == ends_at:
                raise KeyboardInterrupt
            return super().advance()

    path = tmp_path / "a.safetensors"
    if ends_at is not None:
        with pytest.raises(KeyboardInterrupt):
            train_or_resume([Job(lambda: Killed(clock), 5, 1, path)])
        clock.now += 10_000
    (found,) = train_or_resume([Job(lambda: Counting(clock), 5, 1, path)])
    assert float(found["cpu_seconds"]) == 5 * 40
    clock.now += 10_000
    (read,) = train_or_resume([Job(lambda: Counting(clock), 5, 1, path)])
    assert float(read["cpu_seconds"]) == 5 * 40 and int(read["count"]) == 5


def test_a_file_without_cpu_seconds_is_not_gone_on_from(tmp_path):
    path = tmp_path / "a.safetensors"
    kept = {"count": torch.ones(()), "epoch": torch.tensor(1)}
    path.write_bytes(safetensors.torch.save({**kept, "more": torch.ones(3)}))
    with pytest.raises(WeightsError, match="not the progress of these models; delete it"):
        train_or_resume([Job(lambda: Counting(Clock(0)), 5, 1, path)])


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_lines_where_nobody_watches_a_terminal(terminal, monkeypatch):
    class Stream(io.StringIO):
        def isatty(self):
            return terminal

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(training, "_TELL_EVERY", 0.0)  # tell of every epoch
    train_or_resume([Job(lambda: Counting(Clock(0)), 4, 2, None)])
    said = stream.getvalue()
    if terminal:
        assert "\r" in said
    else:
        assert "\r" not in said and "\n\n" not in said
        lines = said.splitlines()
        assert [line.split("|")[2].split("[")[0].strip() for line in lines][:2] == ["0/8", "2/8"]
        assert all(line == line.strip() and "epoch" in line for line in lines)
