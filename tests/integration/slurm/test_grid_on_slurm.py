"""A grid of six on a real SLURM: a job is killed, then the controller; the same command goes on."""

import os
import re
import signal
import subprocess
from collections import Counter

import pytest

from causalex_book.workflow import resources, slurm
from causalex_core.errors import CausalexError

SIX = ["1", "2", "3", "4", "5", "6"]
GPU = """\
import os
print('GPU', os.environ.get('CUDA_VISIBLE_DEVICES'), os.environ.get('CAUSALEX_DEVICE'))"""


def queue() -> dict[str, tuple[str, str]]:
    """Number and state of each job that waits or runs, by the value it is about."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--format=%i|%T|%k"], capture_output=True, text=True, check=True
    )
    rows = [line.split("|") for line in listed.stdout.splitlines()]
    return {comment.rpartition("=")[2]: (number, state) for number, state, comment in rows}


@pytest.mark.usefixtures("cluster")
def test_what_this_slurm_would_refuse():
    slurm.refuse_impossible(resources.DEFAULTS)
    slurm.refuse_impossible(resources.checked({"mem_mb_per_cpu": 100, "gres": "gpu:1"}, "e"))
    slurm.refuse_impossible({"mem_mb": 10**6})  # as for nodes that are drained
    with pytest.raises(CausalexError, match="--partition=gone: invalid partition specified: gone"):
        slurm.refuse_impossible({"slurm_partition": "gone"})
    with pytest.raises(CausalexError, match="Invalid feature specification"):
        slurm.refuse_impossible({"constraint": "gone"})


@pytest.mark.slow  # Snakemake asks a cluster every ten seconds
@pytest.mark.usefixtures("cluster")
def test_six_jobs_one_kill_one_resume(project):
    project.notebook("on_slurm", project.GATE, GPU)
    resources = {"gres": "gpu:1", "mem_mb": 500, "runtime": 30}
    values = [int(value) for value in SIX]
    grid = {"notebook": "on_slurm", "grid": {"value": values}}
    folder = project.experiment("six", **grid, resources=resources)
    asked = ("six", "--profile", "slurm", "--device", "cuda")  # of the jobs, not of this machine
    journal = folder / "journal.log"

    first = project.start_experiment(*asked)
    project.wait_until(lambda: len(project.values("on_slurm")) == 2 and len(queue()) == 6, first)
    finished, killed = project.values("on_slurm")
    project.open("on_slurm", finished)
    project.wait_until(lambda: f"executed value={finished} in" in journal.read_text(), first)
    subprocess.run(["scancel", "--full", "--signal=KILL", queue()[killed][0]], check=True)
    project.wait_until(lambda: len(project.values("on_slurm")) == 4, first)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()

    status, said = project.causalex("experiment", "status", "six")
    assert status == 0, said
    opening, *lines = said.splitlines()
    assert opening.startswith("six: 6 runs: 1 done, 2 running, 2 queued, 1 failed; nobody is at")
    assert "was killed" in opening and "the same command goes on" in opening
    states = {re.split(r"\s+", line)[1].partition("=")[2]: line for line in lines}
    assert states[finished].startswith("done")
    ended = r"  cell 4: .* \(on .*, SLURM job \d+, begun .*\); log: .*\.log$"
    assert re.search(ended, states[killed])
    running = [value for value in SIX if states[value].startswith("running")]
    assert sorted(running) == sorted(project.values("on_slurm")[2:])
    assert all(re.search(r"since .* on .*, SLURM job \d+", states[value]) for value in running)

    orphan, cancelled = running
    project.open("on_slurm", orphan)  # it ends well while nobody is there to see it
    project.wait_until(lambda: f"executed value={orphan} in" in journal.read_text(), None)
    project.wait_until(lambda: orphan not in queue(), None)

    left = [value for value in SIX if value not in (finished, orphan)]
    second = project.start_experiment(*asked)
    project.wait_until(lambda: "resuming: an earlier run was killed" in journal.read_text(), second)
    project.wait_until(lambda: "cancelled value=" in journal.read_text(), second)
    project.open("on_slurm", *SIX)
    said, _ = second.communicate(timeout=600)
    assert second.returncode == 0, said
    assert "six: 6 runs: 6 done" in said

    told = journal.read_text()
    done = re.findall(r"executed value=(\d) in", told)
    assert sorted(done) == SIX, "each was finished once, none twice"
    ran = Counter(project.values("on_slurm"))
    assert {ran[value] for value in (finished, orphan)} == {1}
    assert ran[killed] == 2 and set(ran) == set(SIX)
    assert sorted(re.findall(r"cancelled value=(\d) \(SLURM", told)) == sorted(
        set(left) - {killed}
    ), "what waited or ran without a controller was cancelled, not left to run beside the new jobs"
    assert told.count("resuming") == 1
    assert cancelled in re.findall(r"began value=(\d)", told[told.index("resuming") :])

    submitted = re.findall(r"with SLURM jobid (\d+)", (folder / "logs/workflow.log").read_text())
    assert len(submitted) == 4
    assert re.search("GPU [01] cuda", project.printed("six", f"value={killed}"))
    assert (folder / "results.csv").is_file() and (folder / "comparison.html").is_file()

    again, said = project.causalex("experiment", "run", *asked)
    assert again == 0, said
    assert Counter(project.values("on_slurm")) == ran
