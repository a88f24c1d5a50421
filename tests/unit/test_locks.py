import subprocess
import sys
import textwrap
from pathlib import Path

from causalex_core import locks, paths


def hold(path: Path, how: str) -> subprocess.Popen:
    """Start a process that holds a lock until its input ends."""
    code = f"""
        import sys
        from pathlib import Path
        from causalex_core import locks
        {how.format(path=str(path))}
            print("held", flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.first = process.stdout.readline().strip()  # type: ignore[attr-defined]
    return process


ALONE = "with locks.exclusive(Path({path!r}), 'waiting'):"
TOGETHER = "with locks.shared(Path({path!r})):"


def test_exclusive_waits_and_says_so(tmp_path, capsys):
    path = tmp_path / "x.lock"
    with locks.exclusive(path, "waiting"):
        second = hold(path, ALONE)
        assert second.first == "waiting"
    assert second.stdout.readline().strip() == "held"
    second.communicate()
    assert capsys.readouterr().out == ""


def test_a_killed_holder_lets_go(tmp_path, capsys):
    path = tmp_path / "x.lock"
    first = hold(path, ALONE)
    assert first.first == "held"
    first.kill()
    first.communicate()
    with locks.exclusive(path, "waiting"):
        assert capsys.readouterr().out == ""


def test_shared_holders_do_not_wait_for_each_other_but_keep_others_out(tmp_path):
    path = tmp_path / "x.lock"
    mine = locks.shared(path)
    assert hold_and_end(path, TOGETHER) == "held"
    other = hold(path, ALONE)
    assert other.first == "waiting"
    mine.close()
    assert other.stdout.readline().strip() == "held"
    other.communicate()


def test_a_lock_file_removed_meanwhile_is_made_again(tmp_path):
    path = tmp_path / "x.lock"
    with locks.exclusive(path, "waiting"):
        second = hold(path, ALONE)
        path.unlink()
    assert second.stdout.readline().strip() == "held"
    assert path.exists()
    second.communicate()


def hold_and_end(path: Path, how: str) -> str:
    process = hold(path, how)
    process.communicate()
    return process.first


def test_an_attempt_does_not_wait_and_leaves_nothing(tmp_path):
    path = tmp_path / "x.lock"
    with locks.try_lock(path) as free, locks.try_lock(path) as again:
        assert free and not again
        assert path.exists()
    assert not path.exists()
    with locks.try_lock(path) as free:
        assert free


def test_one_can_see_whether_somebody_holds_a_lock_alone(tmp_path):
    path = tmp_path / "x.lock"
    assert not locks.held(path)
    assert not path.exists()
    with locks.exclusive(path, "waiting"):
        assert locks.held(path)
    assert not locks.held(path)
    mine = locks.shared(path)
    assert not locks.held(path)
    mine.close()
