"""Training of folds side by side: the same numbers as alone, after a kill, and on bad inputs."""

import errno
import fcntl
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from torch import nn

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.spotting import fold_trainer
from causalex_core.spotting.batches import Run, batches, shuffled
from causalex_core.spotting.fold_trainer import Graphs, TrainingConfig
from causalex_core.spotting.network import AUW_GCN, PAPER, NetworkConfig
from causalex_core.spotting.optimiser import Optimiser, OptimiserConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect
from causalex_core.spotting.training import train
from causalex_core.spotting.windows import Fold, Video, gather, hold_out, leave_one_subject_out

CPU = torch.device("cpu")
SMALL = NetworkConfig(graph=(), nodes=1, width=8, pooling=False)


def example(videos_of=(2, 1, 3, 1), kinds=("macro", "micro"), nodes=1):
    """Videos of 150 frames with a rise and a fall of motion at each expression."""
    generator = np.random.default_rng(7)
    videos, rows = [], []
    for person, count in enumerate(videos_of):
        for number in range(count):
            motion = generator.normal(0, 0.05, (150, nodes, 2)).astype(np.float32)
            for kind, half in (("macro", 12), ("micro", 4)):
                if kind not in kinds:
                    continue
                onset = int(generator.integers(5, 110))
                motion[onset : onset + half] += 1
                motion[onset + half : onset + 2 * half] -= 1
                rows.append(
                    (f"s{person}", str(number), onset, onset + half, onset + 2 * half, kind)
                )
            videos.append(Video(f"s{person}", str(number), motion))
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"onset": float, "apex": float, "offset": float}
    )
    return videos, table


@pytest.fixture(scope="module")
def windows():
    return gather(*example())


def quick(**changes):
    return TrainingConfig(**{"network": SMALL, "epochs": 4, "batch": 3, **changes})


def test_a_fold_trained_alone_is_the_fold_trained_among_all(windows):
    folds = leave_one_subject_out(windows)
    options = {"seeds": (1, 2), "device": "cpu"}
    together = train(windows, folds, quick(), runs_at_once=8, **options)
    apart = train(windows, folds, quick(), runs_at_once=1, **options)
    some = train(windows, folds[2:3], quick(), device="cpu", seeds=(2,))
    assert [run.fold.name for run in together.runs] == ["s0", "s1", "s2", "s3"] * 2
    np.testing.assert_allclose(together.losses, apart.losses, rtol=1e-4)
    for one, two in zip(together.scores, apart.scores, strict=True):
        np.testing.assert_allclose(one, two, atol=2e-3)
    np.testing.assert_array_equal(some.scores[0], apart.scores[6])
    assert not np.allclose(apart.losses[2], apart.losses[6], rtol=1e-3)  # another seed


def test_what_was_planted_is_found(windows):
    folds = leave_one_subject_out(windows)
    outcome = train(windows, folds, quick(epochs=40, batch=4), keep=[39], device="cpu")
    assert (outcome.losses[:, -1] < 0.2 * outcome.losses[:, 0]).all()
    rules = ProposalConfig(
        micro=ProposalRule(0.5, (2, 7), (5, 14), 1), macro=ProposalRule(0.5, (7, 29), (15, 58), 1)
    )
    scores = np.concatenate([one[0] for one in outcome.scores]).astype(np.float32)
    order = np.concatenate([fold.held_out for fold in folds])
    found = detect(scores[np.argsort(order)], windows, rules)
    truth = example()[1]
    both = found.merge(truth, on=["subject", "video", "kind"], suffixes=("", "_true"))
    near = (both["onset"] - both["onset_true"]).abs() <= 3
    assert near.sum() >= 0.8 * len(truth)


@pytest.mark.parametrize("config", [PAPER, AUW_GCN])
def test_graphs_of_folds_and_windows_reach_the_network(config):
    windows = gather(*example((1, 1, 1), nodes=12))
    folds = leave_one_subject_out(windows)
    generator = torch.Generator().manual_seed(1)
    prior = torch.rand(3, 12, 12, generator=generator)
    compound = torch.rand(3, 3, 12, 12, generator=generator)
    setting = TrainingConfig(network=config, epochs=2)
    outcome = train(windows, folds, setting, graphs=Graphs(compound, prior), device="cpu")
    together = train(
        windows, folds, setting, graphs=Graphs(compound, prior), device="cpu", runs_at_once=3
    )
    np.testing.assert_allclose(outcome.losses, together.losses, rtol=1e-4)
    again = outcome.model(1, config)
    motion = outcome.normalisation.of(torch.tensor([1]))(windows.motion[[1]][None])
    logits = again(motion, compound=compound[1, [1]], prior=prior[1])
    expected = outcome.scores[1][-1, 0, :, 2]
    found = logits[0, 0, 6:8, 7:263].sigmoid().detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)
    with pytest.raises(CausalexError, match=r"prior matrix of shape \(2, 12, 12\)"):
        train(windows, folds, setting, graphs=Graphs(compound, prior[:2]), device="cpu")
    with pytest.raises(CausalexError, match="matrix"):
        train(windows, folds, setting, device="cpu")


# How far a GPU may be from a processor: relative, of losses; of scores. Both round differently,
# and what rounding does grows from step to step as Adam's steps are wide: at a rate of 0.01 it
# moves losses by some per cent within an epoch or two, as another seed does. What can agree is
# the step, seen at a hundredth of that rate.
AGREEMENT = {"float32": (1e-3, 5e-3), "bfloat16": (2e-2, 3e-2)}
NO_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU that torch can use on this machine"
)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NO_GPU)])
@pytest.mark.parametrize("precision", AGREEMENT)
@pytest.mark.parametrize("config", [PAPER, AUW_GCN])
def test_what_rounds_differently_agrees(config, precision, device):
    """On the processor: inputs that differ by a millionth, which is about what rounding does."""
    windows = gather(*example(nodes=12))
    folds = leave_one_subject_out(windows)
    generator = torch.Generator().manual_seed(1)
    prior = torch.rand(12, 12, generator=generator) / 4
    setting = quick(
        network=config, epochs=3, batch=4, precision=precision,
        optimiser=OptimiserConfig(rate=1e-4),
    )  # fmt: skip
    given = Graphs(prior, prior)
    expected = train(windows, folds, setting, graphs=given, device="cpu")
    if device == "cpu":
        noise = 1 + 1e-6 * torch.randn(windows.motion.shape, generator=generator)
        windows = replace(windows, motion=windows.motion * noise)
    found = train(windows, folds, setting, graphs=given, device=device)
    of_losses, of_scores = AGREEMENT[precision]
    np.testing.assert_allclose(found.losses, expected.losses, rtol=of_losses)
    for one, two in zip(found.scores, expected.scores, strict=True):
        np.testing.assert_allclose(one, two, atol=of_scores)
    assert (expected.losses[:, -1] < 0.97 * expected.losses[:, 0]).all()  # it did learn


def test_only_the_epochs_that_are_asked_for_are_kept(windows):
    folds = leave_one_subject_out(windows)[:1]
    every = train(windows, folds, quick(), device="cpu")
    some = train(windows, folds, quick(), keep=[3, 1], device="cpu")
    assert some.epochs == (1, 3) and some.scores[0].shape == (2, 2, 2, 3, 256)
    np.testing.assert_array_equal(some.scores[0], every.scores[0][[1, 3]])


class KilledError(Exception):
    pass


def test_training_goes_on_after_a_kill(windows, tmp_path, monkeypatch):
    folds = leave_one_subject_out(windows)[:2]
    whole = train(windows, folds, quick(), device="cpu")
    advance, done = fold_trainer.FoldTrainer.advance, []

    def until_killed(group):
        if len(done) == 6:  # in the second fold
            raise KilledError
        done.append(1)
        return advance(group)

    monkeypatch.setattr("causalex_core.resumable._SAVE_EVERY", 0.0)
    monkeypatch.setattr("causalex_core.resumable._SAVING_AT_MOST", 1e9)
    monkeypatch.setattr(fold_trainer.FoldTrainer, "advance", until_killed)
    with pytest.raises(KilledError):
        train(windows, folds, quick(), device="cpu", folder=tmp_path)
    done.clear()
    resumed = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    assert len(done) == 2
    done.clear()
    read = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    assert not done
    for outcome in (resumed, read):
        np.testing.assert_array_equal(outcome.losses, whole.losses)
        for one, two in zip(outcome.scores, whole.scores, strict=True):
            np.testing.assert_array_equal(one, two)
        for one, two in zip(outcome.states, whole.states, strict=True):
            assert all(torch.equal(one[name], two[name]) for name in two)


def test_other_inputs_start_anew(windows, tmp_path):
    folds = [hold_out(windows, ["s0"], name="s0/inner 1", among=["s0", "s1", "s2"])]
    train(windows, folds, quick(), device="cpu", folder=tmp_path)
    train(windows, folds, quick(epochs=5), device="cpu", folder=tmp_path)
    moved = gather(example()[0], example()[1].assign(onset=lambda rows: rows["onset"] + 1))
    train(moved, folds, quick(), device="cpu", folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def without(name):
    """Take an entry out of a file."""

    def change(whole):
        return safetensors.torch.save(
            {each: value for each, value in safetensors.torch.load(whole).items() if each != name}
        )

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda whole: b"", "truncated or not safetensors"),
        (lambda whole: whole[:1000], "truncated or not safetensors"),
        (lambda whole: whole[:-1], "truncated or not safetensors"),
        (lambda whole: pickle.dumps({"epoch": 2}), "truncated or not safetensors"),
        (without("losses"), "not the progress of these models"),
        (without("epoch"), "not the progress of these models"),
        (
            lambda whole: safetensors.torch.save(
                safetensors.torch.load(whole) | {"losses": torch.zeros(1, 9)}
            ),
            "not the progress of these models",
        ),
    ],
)
def test_damaged_progress_is_named_and_can_be_deleted(windows, tmp_path, change, said):
    folds = leave_one_subject_out(windows)[:1]
    whole = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(CausalexError, match=said) as caught:
        train(windows, folds, quick(), device="cpu", folder=tmp_path)
    told = str(caught.value)
    assert str(file) in told and "delete it" in told and "\n" not in told
    file.unlink()
    again = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    np.testing.assert_array_equal(again.losses, whole.losses)


def test_a_full_disk_leaves_the_progress_that_was_there(windows, tmp_path, monkeypatch):
    folds = leave_one_subject_out(windows)[:1]
    done, advance = [], fold_trainer.FoldTrainer.advance

    def counted(group):
        done.append(group.epoch)
        return advance(group)

    def full_at_epoch_3(_):
        if len(done) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("causalex_core.resumable._SAVE_EVERY", 0.0)
    monkeypatch.setattr("causalex_core.resumable._SAVING_AT_MOST", 1e9)
    monkeypatch.setattr(fold_trainer.FoldTrainer, "advance", counted)
    with monkeypatch.context() as disk:
        disk.setattr(paths.os, "fsync", full_at_epoch_3)
        with pytest.raises(OSError, match="No space") as caught:
            train(windows, folds, quick(), device="cpu", folder=tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".safetensors" and caught.value.filename == str(file)
    done.clear()
    resumed = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    assert done == [2, 3]
    whole = train(windows, folds, quick(), device="cpu")
    np.testing.assert_array_equal(resumed.losses, whole.losses)


def test_without_any_micro_expression():
    windows = gather(*example((1, 2, 1), kinds=("macro",)))
    outcome = train(windows, leave_one_subject_out(windows), quick(epochs=20), device="cpu")
    assert np.isfinite(outcome.losses).all()
    last = outcome.scores[0][-1].astype(float)
    assert last[:, 0, 2].max() < 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "device 'tpu'"),
        ({"keep": [4]}, r"epochs to keep \(4,\) of 4"),
        ({"seeds": ()}, "0 seeds"),
    ],
)
def test_settings_that_cannot_be(windows, options, message):
    with pytest.raises(CausalexError, match=message):
        train(windows, leave_one_subject_out(windows), quick(), **{"device": "cpu", **options})


def test_a_loss_that_is_not_finite_is_told(windows):
    config = quick(optimiser=OptimiserConfig(rate=1e30))
    with pytest.raises(CausalexError, match=r"fold 's0', seed 1: the loss of epoch \d is not"):
        train(windows, leave_one_subject_out(windows), config, device="cpu")


def test_every_window_comes_once_per_epoch_and_fillers_do_not_count():
    runs = [
        Run(Fold("a", np.arange(7), np.array([9])), 0, 1),
        Run(Fold("b", np.arange(3), np.array([9])), 1, 1),
    ]
    seen = [[], []]
    for index, real in batches(runs, 0, 4, CPU):
        for run in range(2):
            seen[run] += index[run][real[run] > 0].tolist()
    assert sorted(seen[0]) == list(range(7))
    assert sorted(seen[1]) == list(range(3))
    assert seen[0] != sorted(seen[0])
    assert shuffled(runs[0], 0).tolist() != shuffled(runs[0], 1).tolist()


def test_the_optimiser_is_torchs_adamw():
    model = nn.Module()
    model.weight = nn.Parameter(torch.randn(1, 5, generator=torch.Generator().manual_seed(1)))
    theirs = model.weight.detach().clone().requires_grad_()
    reference = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(reference, 0.96)
    ours = Optimiser(model, OptimiserConfig())
    for epoch in range(5):
        for parameter, update in ((model.weight, ours), (theirs, reference)):
            (parameter**3).sum().backward()
            if update is ours:
                ours.step(epoch, torch.tensor([True]))
            else:
                reference.step()
                reference.zero_grad()
                schedule.step()
        torch.testing.assert_close(model.weight, theirs, rtol=1e-5, atol=1e-7)


def test_a_fold_without_a_batch_stands_still():
    model = nn.Module()
    model.weight = nn.Parameter(torch.ones(2, 3))
    optimiser = Optimiser(model, OptimiserConfig())
    for active in ([True, True], [True, False], [True, True]):
        model.weight.sum().backward()
        optimiser.step(0, torch.tensor(active))
    alone = nn.Module()
    alone.weight = nn.Parameter(torch.ones(1, 3))
    single = Optimiser(alone, OptimiserConfig())
    for _ in range(2):
        alone.weight.sum().backward()
        single.step(0, torch.tensor([True]))
    torch.testing.assert_close(model.weight[1], alone.weight[0])
    assert optimiser.state["steps"].tolist() == [3, 2]


def test_two_runs_share_the_work(windows, tmp_path, monkeypatch):
    """What another process trains is left to it, and read when it has ended."""
    folds = leave_one_subject_out(windows)[:3]
    whole = train(windows, folds, quick(), device="cpu", folder=tmp_path / "whole")
    first = sorted((tmp_path / "whole").iterdir(), key=lambda path: path.name)[0]
    (tmp_path / "shared").mkdir()
    lock = (tmp_path / "shared" / first.name).with_suffix(".lock")
    advanced, advance = [], fold_trainer.FoldTrainer.advance
    monkeypatch.setattr(
        fold_trainer.FoldTrainer, "advance", lambda self: (advanced.append(1), advance(self))[1]
    )
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)

        def other_ends(seconds):
            (tmp_path / "shared" / first.name).write_bytes(first.read_bytes())
            fcntl.flock(handle, fcntl.LOCK_UN)

        monkeypatch.setattr("causalex_core.resumable.sleep", other_ends)
        found = train(windows, folds, quick(), device="cpu", folder=tmp_path / "shared")
    assert len(advanced) == 2 * quick().epochs
    assert not list((tmp_path / "shared").glob("*.lock"))
    for one, two in zip(found.scores, whole.scores, strict=True):
        np.testing.assert_array_equal(one, two)
