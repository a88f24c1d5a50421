"""The workflow as a whole, in a small copy of the project: killed, failing, changed."""

import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

import nbformat
import pytest
from toy_project import PATIENCE, Project, wait_until

from causalex_core import paths


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_goes_on_after_a_kill(project: Project) -> None:
    project.page("quick", value=2)
    gate = "import pathlib, time\nwhile not pathlib.Path('gate').exists(): time.sleep(0.05)"
    project.page("slow", gate, value=3)
    build = project.folder / "_build"
    log = build / "toy" / "logs" / "workflow.log"
    process = project.start()
    wait_until(lambda: log.is_file() and "1 of 3 steps" in log.read_text(), process)
    wait_until(lambda: project.runs("slow") == 1, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert list((build / "toy" / ".snakemake" / "locks").iterdir())
    assert not (build / "toy" / "pages" / "slow.ipynb").exists()

    (project.notebooks / "gate").touch()
    status, output = project.run()
    assert status == 0, output
    assert (project.runs("quick"), project.runs("slow")) == (1, 2)
    assert (project.printed("quick"), project.printed("slow")) == ("value 2\n", "value 3\n")


def test_waits_for_what_a_killed_run_left_alive(project: Project) -> None:
    gate = "import pathlib, time\nwhile not pathlib.Path('gate').exists(): time.sleep(0.05)"
    project.page("slow", gate, value=3)
    first = project.start()
    wait_until(lambda: project.runs("slow") == 1, first)
    first.kill()  # its Snakemake lives on
    first.wait()

    second = project.start()
    assert second.stdout is not None
    assert "an earlier run is still at work" in second.stdout.readline()
    (project.notebooks / "gate").touch()
    output, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, output
    assert project.runs("slow") == 1, "what the first run left alive was done"
    assert project.printed("slow") == "value 3\n"


TRAINING = """
import os
import time
from pathlib import Path
import numpy as np
import pandas as pd
from causalex_core import paths, training
from causalex_core.spotting.model import NetworkConfig
from causalex_core.spotting.training import FoldTrainer, TrainingConfig
from causalex_core.spotting.training import train
from causalex_core.spotting.data import Video, gather, leave_one_subject_out

Path('training.kernel').write_text(str(os.getpid()))
training._SAVE_EVERY, training._SAVING_AT_MOST = 0.0, 1e9
advance = FoldTrainer.advance

def watched(group):
    with open('training.epochs', 'a') as epochs:
        print(group.runs[0].fold.name, group.epoch, file=epochs)
    while group.epoch == 3 and not Path('gate').exists():
        time.sleep(0.05)
    return advance(group)

FoldTrainer.advance = watched
generator = np.random.default_rng(1)
videos = [Video(name, '1', generator.normal(0, 1, (99, 1, 2))) for name in 'abc']
rows = [(name, '1', 20.0, 30.0, 50.0, 'macro') for name in 'abc']
columns = ['subject', 'video', 'onset', 'apex', 'offset', 'kind']
windows = gather(videos, pd.DataFrame(rows, columns=columns))
network = NetworkConfig(graph=(), nodes=1, width=8, pooling=False)
config = TrainingConfig(network=network, epochs=5, batch=1)
folder = paths.data_folder() / 'training'
folds = leave_one_subject_out(windows)[:2]
value = train(windows, folds, config, folder=folder, device='cpu').losses.tolist()
"""


def test_a_page_that_trains_goes_on_from_the_epochs_that_were_done(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    epochs, gate = project.notebooks / "training.epochs", project.notebooks / "gate"
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "data"))
    project.page("train", TRAINING)
    process = project.start()
    wait_until(lambda: epochs.is_file() and "a 3\n" in epochs.read_text(), process)
    os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # a kernel is not in the group of its parent
        os.kill(int((project.notebooks / "training.kernel").read_text()), signal.SIGKILL)
    process.communicate()

    gate.touch()
    epochs.unlink()
    status, output = project.run()
    assert status == 0, output
    assert epochs.read_text().splitlines() == ["a 3", "a 4", *(f"b {n}" for n in range(5))]

    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "other data"))
    (project.folder / "gate").touch()
    status, uninterrupted = project.run("-c", f"{TRAINING}print('value', value)")
    assert status == 0, uninterrupted
    assert project.printed("train") == uninterrupted.splitlines(keepends=True)[-1]  # after progress


def test_runs_only_what_changed(project: Project) -> None:
    project.page("a", value=1)
    project.page("b", "from causalex_core import errors", value=1)
    counts = lambda: (project.runs("a"), project.runs("b"))  # noqa: E731
    assert project.run()[0] == 0
    assert counts() == (1, 1)

    os.utime(project.notebooks / "a.ipynb")
    assert project.run()[0] == 0
    assert counts() == (1, 1), "a file that was only touched has not changed"

    project.parameters["a"]["value"] = 5
    project.write_experiment()
    assert project.run()[0] == 0
    assert counts() == (2, 1)
    assert project.printed("a") == "value 5\n"

    module = project.folder / "causalex_core" / "errors.py"
    module.write_text(module.read_text() + "\nADDED = 1\n")
    assert project.run()[0] == 0
    assert counts() == (2, 2), "only b imports the module that changed"


def test_failed_notebook_is_kept_and_named(project: Project) -> None:
    project.page("good")
    project.page("bad", "raise ValueError('no such subject')")
    status, output = project.run()
    kept = project.folder / "_build" / "toy" / "failed" / "bad.ipynb"
    assert status != 0
    assert "bad failed: cell 3: ValueError" in output
    assert "ValueError: no such subject" in output
    assert str(kept.relative_to(project.folder)) in output
    assert nbformat.read(kept, 4).metadata.papermill.exception is True
    assert project.printed("good") == "value 1\n"
    assert not (kept.parent.parent / "pages" / "bad.ipynb").exists()

    project.page("bad")
    assert project.run()[0] == 0
    assert (project.runs("good"), project.runs("bad")) == (1, 2)
    assert not kept.exists()


def test_plain_snakemake_does_the_same(project: Project) -> None:
    project.page("a", value=4)
    status, output = project.run(
        *("-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", "1"),
        *("--configfile", "workflow/experiments/toy.yml"),
    )
    assert status == 0, output
    assert project.printed("a") == "value 4\n"


def test_broken_book_leaves_the_previous_one(project: Project) -> None:
    project.page("a")
    book = project.folder / "book"
    for name in ("_static", "published"):
        shutil.copytree(paths.BOOK / name, book / name)
    (book / "references.bib").touch()
    (book / "intro.md").write_text("# Toy\n\nSee {doc}`pages/a`.\n")
    chapters = [{"file": "pages/a"}]
    toc = {"format": "jb-book", "root": "intro", "chapters": chapters}
    (project.folder / "_toc.yml").write_text(json.dumps(toc))
    make = ("-m", "causalex_book.workflow", "book", "--experiment", "toy")
    status, output = project.run(*make)
    assert status == 0, output
    html = project.folder / "_build" / "html"
    first = {file: file.read_bytes() for file in html.rglob("*.html")}
    assert b"value 1" in first[html / "pages" / "a.html"]

    assert "nothing changed" in project.run(*make)[1]

    (book / "intro.md").write_text("# Toy\n\nSee {doc}`pages/nowhere`.\n")
    status, output = project.run(*make)
    assert status == 2
    assert "pages/nowhere" in output
    assert {file: file.read_bytes() for file in html.rglob("*.html")} == first

    chapters.append({"file": "pages/b"})
    (project.folder / "_toc.yml").write_text(json.dumps(toc))
    status, output = project.run(*make)
    assert status == 2
    assert "_toc.yml lists the page 'b'" in output
