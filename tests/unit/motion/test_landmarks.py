import subprocess
import sys

import pytest

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.motion import landmarks
from causalex_core.motion.landmarks import FaceMesh


def test_missing_mediapipe_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(CausalexError, match=r"--no-deps mediapipe==0\.10\.21") as raised:
        FaceMesh()
    assert "\n" not in str(raised.value)


QUIET = """
import numpy as np
from causalex_core.motion.landmarks import FaceMesh
print(FaceMesh().find(np.zeros((120, 1400, 3), np.uint8)).shape)
"""


def test_nothing_is_found_in_black_and_nothing_is_said():
    pytest.importorskip("mediapipe", reason="mediapipe is not installed")
    run = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "(0, 68, 2)\n"
    assert run.stderr == ""


def test_mesh_has_a_vertex_of_its_own_for_each_point():
    assert len(set(landmarks.MESH_TO_IBUG)) == 68
