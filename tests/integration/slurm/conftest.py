"""A SLURM of its own on the loopback: Debian's daemons, as root, in a folder of the test's."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "srun", "squeue", "scancel", "sinfo")
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
PATIENCE = 120  # seconds

CONFIGURATION = """\
ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
KillWait=5
MinJobAge=3600
GresTypes=gpu
NodeName=toy NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=64000 Gres=gpu:fake:2
PartitionName=toy Nodes=toy Default=YES MaxTime=INFINITE State=UP
"""
GPUS = """\
NodeName=toy Name=gpu Type=fake File=/dev/null
NodeName=toy Name=gpu Type=fake File=/dev/zero
"""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """Folder of a running SLURM with one node of two cores and two false GPUs."""
    lacking = [one for one in (*DAEMONS, *COMMANDS) if shutil.which(one, path=PLACES) is None]
    if lacking:
        pytest.skip(f"no SLURM here (apt-get install slurm-wlm munge); lacks {', '.join(lacking)}")
    if os.geteuid() != 0:
        pytest.skip("only root can start a SLURM")
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # sockets have short paths
    folder.chmod(0o755)
    surroundings = pytest.MonkeyPatch()
    started: list[subprocess.Popen] = []
    try:
        _configure(folder)
        surroundings.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        surroundings.setenv("PATH", str(folder / "commands"), prepend=os.pathsep)
        _start(folder, started)
        yield folder
        subprocess.run(["scancel", "--full", "--signal=KILL", "--user=root"])
        subprocess.run(["scancel", "--user=root"])
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(PATIENCE)
        surroundings.undo()
        shutil.rmtree(folder)


def _configure(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    with socket.socket() as one, socket.socket() as other:  # two ports that nobody uses
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
        ports = {"controller": one.getsockname()[1], "daemon": other.getsockname()[1]}
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(CONFIGURATION.format(folder=folder, host=host, **ports))
    (folder / "gres.conf").write_text(GPUS)
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\nConstrainCores=no\n")
    # Snakemake's executor takes SLURM_CONF away from the srun inside a job.
    srun = folder / "commands" / "srun"
    srun.parent.mkdir()
    conf = f"SLURM_CONF={folder / 'slurm.conf'}"
    srun.write_text(f'#!/bin/sh\nexec env {conf} {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)


def _start(folder: Path, started: list[subprocess.Popen]) -> None:
    munge = {
        "key-file": "munge.key",
        "socket": "munge.socket",
        "pid-file": "munge.pid",
        "log-file": "munge.log",
        "seed-file": "munge.seed",
    }
    commands = [
        ["munged", "--foreground", *(f"--{name}={folder / file}" for name, file in munge.items())],
        ["slurmctld", "-D"],
        ["slurmd", "-D", "-N", "toy"],
    ]
    for command in commands:
        program = shutil.which(command[0], path=PLACES)
        assert program is not None
        with (folder / f"{command[0]}.said").open("w") as said:
            started.append(
                subprocess.Popen([program, *command[1:]], stdout=said, stderr=subprocess.STDOUT)
            )
        if command[0] == "munged":
            _wait_until(folder, started, lambda: (folder / "munge.socket").exists())
    _wait_until(folder, started, lambda: _asked("sinfo", "--noheader", "--format=%T") == "idle")


def _asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def _wait_until(folder: Path, started: list[subprocess.Popen], happened) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        ended = any(process.poll() is not None for process in started)
        if ended or time.monotonic() > deadline:
            said = "".join(file.read_text() for file in sorted(folder.glob("*.said")))
            pytest.fail(f"SLURM did not start: {said}")
        time.sleep(0.1)
