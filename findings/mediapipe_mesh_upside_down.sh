#!/usr/bin/env bash
# Guess: MediaPipe's face mesh follows a face that is turned, as its detector measures the angle of the
# eyes; where it cannot, it finds no face.
# Seen with MediaPipe 0.10.21 on the astronaut that scikit-image 0.26.0 ships: with the picture turned by 90 or
# 270 degrees the mesh lies right (mean distance of its points .02 and .03 of the height of the face); turned by
# 180 degrees a face is found as well, with the default confidence, but the mesh is upright, forehead on the chin,
# .63 of the height of the face beside the truth. Nothing in the answer tells the two apart.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install mediapipe==0.10.21 scikit-image==0.26.0 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import mediapipe
import numpy as np
from skimage import data

FOREHEAD, CHIN = 10, 152


def mesh(picture):
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True) as faces:
        (face,) = faces.process(picture).multi_face_landmarks
    height, width = picture.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in face.landmark])


picture = np.ascontiguousarray(data.astronaut()[:300, 80:380])
truth = mesh(picture)
size = np.linalg.norm(truth[FOREHEAD] - truth[CHIN])
for turns in (1, 2, 3):
    truth = np.stack([truth[:, 1], picture.shape[1] - 1 - truth[:, 0]], axis=1)
    found = mesh(np.ascontiguousarray(np.rot90(picture, turns)))
    off = np.linalg.norm(found - truth, axis=1).mean() / size
    print(90 * turns, "degrees:", "right" if off < 0.05 else f"off by {off:.1f} face heights")
P
env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
90 degrees: right
180 degrees: off by 0.6 face heights
270 degrees: right
P
echo "as stated"
