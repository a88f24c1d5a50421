"""Training of folds: the same numbers alone as among others, after a kill, and on bad inputs."""

import errno
import fcntl
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.spotting.data import (
    Targets,
    Video,
    gather,
    hold_out,
    leave_one_subject_out,
    training_normalisation,
)
from causalex_core.spotting.debias import null_motion
from causalex_core.spotting.losses import terms, total
from causalex_core.spotting.model import AUW_GCN, PAPER, Network, NetworkConfig
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect, probabilities
from causalex_core.spotting.training import (
    FoldTrainer,
    Graphs,
    OptimiserConfig,
    TrainingConfig,
    predict,
    train,
)
from causalex_core.training import Run, by_sample

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
    every = train(windows, folds, quick(), seeds=(1, 2), device="cpu")
    some = train(windows, folds[2:3], quick(), device="cpu", seeds=(2,))
    assert [run.fold.name for run in every.runs] == ["s0", "s1", "s2", "s3"] * 2
    np.testing.assert_array_equal(some.predictions[0], every.predictions[6])
    assert not np.allclose(every.losses[2], every.losses[6], rtol=1e-3)  # another seed


@pytest.mark.parametrize(("shape", "lr"), [(SMALL, 1e-2), (PAPER, 1e-5)], ids=["small", "paper"])
def test_training_is_a_plain_loop_with_torchs_adamw(shape, lr):
    """Also what decays: weights of layers, neither biases nor norms; and that no batch is lost.

    The network of the paper is trained in another form. What rounding does to it grows with wide
    steps of Adam, as it does from one run of a plain loop to one whose weights differ by 1e-7.
    """
    windows = gather(*example(nodes=shape.nodes))
    fold = leave_one_subject_out(windows)[0]
    config = quick(batch=3, network=shape, epochs=5, optimiser=OptimiserConfig(lr=lr))
    square = torch.eye(shape.nodes) + 1 / shape.nodes
    results = train(windows, [fold], config, graphs=Graphs(square, square), device="cpu")
    scale = training_normalisation(windows, [fold]).of(0)
    network = Network(shape, compound=square, prior=square)
    network.initialise(1)
    layers, others = [], []
    for parameter in network.parameters():
        (layers if parameter.ndim > 1 else others).append(parameter)
    groups = [{"params": layers, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=lr)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.96)
    for epoch in range(config.epochs):
        order = Run(fold, 1).generator(epoch).permutation(fold.train)
        assert sorted(order) == sorted(fold.train)
        losses = []
        for index in np.array_split(order, range(3, len(order), 3)):
            logits = network(scale(windows.motion[index]))[..., 7:-7]
            targets = Targets(*(values[index] for values in windows.targets))
            loss = total(terms(logits, targets))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item() * len(index))
        schedule.step()
        assert results.losses[0, epoch] == pytest.approx(sum(losses) / len(order), rel=1e-4)
    with torch.no_grad():
        scores = probabilities(network.eval()(scale(windows.motion[fold.held_out])))
    np.testing.assert_allclose(results.predictions[0][-1], scores, atol=2e-3)


def test_what_was_planted_is_found(windows):
    folds = leave_one_subject_out(windows)
    results = train(windows, folds, quick(epochs=40, batch=4), keep=[39], device="cpu")
    assert (results.losses[:, -1] < 0.2 * results.losses[:, 0]).all()
    rules = ProposalConfig(
        micro=ProposalRule(0.5, (2, 7), (5, 14), 1), macro=ProposalRule(0.5, (7, 29), (15, 58), 1)
    )
    scores = np.concatenate([kept[0] for kept in results.predictions]).astype(np.float32)
    order = np.concatenate([fold.held_out for fold in folds])
    detections = detect(scores[np.argsort(order)], windows, rules)
    truth = example()[1]
    both = detections.merge(truth, on=["subject", "video", "kind"], suffixes=("", "_true"))
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
    results = train(windows, folds, setting, graphs=Graphs(compound, prior), device="cpu")
    network = results.model(1, config)
    motion = results.normalisation.of(1)(windows.motion[[1]])
    logits = network(motion, compound=compound[1, [1]], prior=prior[1])
    apex = logits[0, 6:8, 7:263].sigmoid().detach().numpy()
    np.testing.assert_allclose(apex, results.predictions[1][-1, 0, :, 2], atol=1e-3)
    with pytest.raises(CausalexError, match=r"prior matrix of shape \(2, 12, 12\)"):
        train(windows, folds, setting, graphs=Graphs(compound, prior[:2]), device="cpu")
    with pytest.raises(CausalexError, match="matrix"):
        train(windows, folds, setting, device="cpu")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_counterfactual_motion_is_predicted_as_in_training(precision):
    windows = gather(*example((1, 1, 1), nodes=12))
    config = TrainingConfig(network=PAPER, epochs=2, precision=precision)
    graphs = Graphs(torch.rand(3, 3, 12, 12, generator=torch.manual_seed(0)))
    results = train(windows, leave_one_subject_out(windows), config, graphs=graphs, device="cpu")
    views = {
        "same": windows.motion,
        "null": null_motion(windows.motion).expand_as(windows.motion),
    }
    scores = {
        name: by_sample(results.runs, values, len(windows.video))
        for name, values in predict(results, config, graphs, views).items()
    }
    last = results.by_sample(1, len(windows.video))[-1].astype(np.float32)
    assert scores["same"].shape == (len(windows.video), 2, 4, 256)
    np.testing.assert_allclose(scores["same"][:, :, :3], last, atol=2e-3)
    assert np.ptp(scores["null"], axis=-1).max() < 1e-6
    assert np.ptp(scores["same"], axis=-1).max(axis=(0, 1)).min() > 1e-3  # every head sees motion
    views["null"] = torch.full_like(windows.motion, torch.nan)
    with pytest.raises(CausalexError, match=r"view 'null': .* values are not finite"):
        predict(results, config, graphs, views)


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
        optimiser=OptimiserConfig(lr=1e-4),
    )  # fmt: skip
    given = Graphs(prior, prior)
    expected = train(windows, folds, setting, graphs=given, device="cpu")
    if device == "cpu":
        noise = 1 + 1e-6 * torch.randn(windows.motion.shape, generator=generator)
        windows = replace(windows, motion=windows.motion * noise)
    results = train(windows, folds, setting, graphs=given, device=device)
    of_losses, of_scores = AGREEMENT[precision]
    np.testing.assert_allclose(results.losses, expected.losses, rtol=of_losses)
    for scores, reference in zip(results.predictions, expected.predictions, strict=True):
        np.testing.assert_allclose(scores, reference, atol=of_scores)
    assert (expected.losses[:, -1] < 0.97 * expected.losses[:, 0]).all()  # it did learn


def test_only_the_epochs_that_are_asked_for_are_kept(windows):
    folds = leave_one_subject_out(windows)[:1]
    every = train(windows, folds, quick(), device="cpu")
    some = train(windows, folds, quick(), keep=[3, 1], device="cpu")
    assert some.epochs == (1, 3) and some.predictions[0].shape == (2, 2, 2, 3, 256)
    np.testing.assert_array_equal(some.predictions[0], every.predictions[0][[1, 3]])


class KilledError(Exception):
    pass


def counted(monkeypatch, fail_at=None):
    """Epochs of every call of `advance`; each is saved."""
    monkeypatch.setattr("causalex_core.training._SAVE_EVERY", 0.0)
    monkeypatch.setattr("causalex_core.training._SAVING_AT_MOST", 1e9)
    advance, done = FoldTrainer.advance, []

    def count(trainer):
        if len(done) == fail_at:
            raise KilledError
        done.append(trainer.epoch)
        return advance(trainer)

    monkeypatch.setattr(FoldTrainer, "advance", count)
    return done


def test_training_goes_on_after_a_kill(windows, tmp_path, monkeypatch):
    folds = leave_one_subject_out(windows)[:2]
    whole = train(windows, folds, quick(), device="cpu")
    with monkeypatch.context() as patch:
        counted(patch, fail_at=6)  # in the second fold
        with pytest.raises(KilledError):
            train(windows, folds, quick(), device="cpu", folder=tmp_path)
    done = counted(monkeypatch)
    resumed = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    assert done == [2, 3]
    read = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    assert done == [2, 3]
    for results in (resumed, read):
        np.testing.assert_array_equal(results.losses, whole.losses)
        for scores, expected in zip(results.predictions, whole.predictions, strict=True):
            np.testing.assert_array_equal(scores, expected)
        for state, expected in zip(results.states, whole.states, strict=True):
            assert all(torch.equal(state[name], expected[name]) for name in expected)


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
            {key: value for key, value in safetensors.torch.load(whole).items() if key != name}
        )

    return change


@pytest.mark.parametrize(
    ("change", "message"),
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
def test_damaged_progress_is_named_and_can_be_deleted(windows, tmp_path, change, message):
    folds = leave_one_subject_out(windows)[:1]
    whole = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(CausalexError, match=message) as caught:
        train(windows, folds, quick(), device="cpu", folder=tmp_path)
    error = str(caught.value)
    assert str(file) in error and "delete it" in error and "\n" not in error
    file.unlink()
    again = train(windows, folds, quick(), device="cpu", folder=tmp_path)
    np.testing.assert_array_equal(again.losses, whole.losses)


def test_a_full_disk_leaves_the_progress_that_was_there(windows, tmp_path, monkeypatch):
    folds = leave_one_subject_out(windows)[:1]
    done = counted(monkeypatch)

    def full_at_epoch_3(_):
        if len(done) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

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
    config = quick(optimiser=OptimiserConfig(lr=1e30))
    with pytest.raises(CausalexError, match=r"fold 's0', seed 1: the loss of epoch \d is not"):
        train(windows, leave_one_subject_out(windows), config, device="cpu")


def test_two_runs_share_the_work(windows, tmp_path, monkeypatch):
    """What another process trains is left to it, and read when it has ended."""
    folds = leave_one_subject_out(windows)[:3]
    whole = train(windows, folds, quick(), device="cpu", folder=tmp_path / "whole")
    first = sorted((tmp_path / "whole").iterdir(), key=lambda path: path.name)[0]
    (tmp_path / "shared").mkdir()
    lock = (tmp_path / "shared" / first.name).with_suffix(".lock")
    done = counted(monkeypatch)
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)

        def other_ends(seconds):
            (tmp_path / "shared" / first.name).write_bytes(first.read_bytes())
            fcntl.flock(handle, fcntl.LOCK_UN)

        monkeypatch.setattr("causalex_core.training.sleep", other_ends)
        shared = train(windows, folds, quick(), device="cpu", folder=tmp_path / "shared")
    assert len(done) == 2 * quick().epochs
    assert not list((tmp_path / "shared").glob("*.lock"))
    for scores, expected in zip(shared.predictions, whole.predictions, strict=True):
        np.testing.assert_array_equal(scores, expected)
