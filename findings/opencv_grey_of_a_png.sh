#!/usr/bin/env bash
# Guess: reading a picture in colour as grey gives its colours turned grey, whatever the format of
# the file; a lossless format changes nothing.
# Seen with OpenCV 5.0.0 (headless 5.0.0.93) on one random picture in three lossless formats: of a
# PNG half of all pixels come out one level darker than cvtColor makes them from the same colours; of
# BMP and TIFF 2 in 1000 differ by one, up or down; of lossless WebP none does. So the frames of a
# video, written as PNG for safe keeping, give another grey than the video itself.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import cv2
import numpy as np

picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
for name, options in (
    ("png", []),
    ("bmp", []),
    ("tiff", []),
    ("webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),  # above 100: lossless
):
    cv2.imwrite(f"picture.{name}", picture, options)
    colour = cv2.imread(f"picture.{name}", cv2.IMREAD_COLOR)
    grey = cv2.imread(f"picture.{name}", cv2.IMREAD_GRAYSCALE).astype(int)
    difference = grey - cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    print(
        name,
        "colours kept" if (colour == picture).all() else "colours changed",
        f"grey differs in {(difference != 0).mean():.1%}",
        f"from {difference.min()} to {difference.max()}",
    )
P
env/bin/python ask.py | tee seen.txt
diff seen.txt - <<'P'
png colours kept grey differs in 50.0% from -1 to 0
bmp colours kept grey differs in 0.2% from -1 to 1
tiff colours kept grey differs in 0.2% from -1 to 1
webp colours kept grey differs in 0.0% from 0 to 0
P
echo "as stated"
