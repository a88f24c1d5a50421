#!/usr/bin/env bash
# Guess: a video of grey pictures, encoded without loss as H.264 in FFmpeg's pixel format "gray", gives
# the grey levels that were put in; "gray" is full range, and x264 takes it.
# Seen with PyAV 18.1.0 (FFmpeg 8.1) and OpenCV 5.0.0: the decoder calls it yuv420p of unknown range,
# and everything that asks for grey or colours gets it stretched as if it lay between 16 and 235: 8
# becomes 0, 128 becomes 130, 240 becomes 255. The ends are clipped and lost, with no warning, in PyAV and
# in OpenCV. FFV1 gives the levels back. Cameras and laboratories write such grey films.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install av==18.1.0 opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import av
import cv2
import numpy as np

LEVELS = [0, 8, 128, 240, 255]
for codec, options in (("libx264", {"qp": "0"}), ("ffv1", {})):
    with av.open("grey.mkv", "w") as file:
        stream = file.add_stream(codec, rate=25, options=options)
        stream.width = stream.height = 64
        stream.pix_fmt = "gray"
        for level in LEVELS:
            picture = np.full((64, 64), level, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
    with av.open("grey.mkv") as file:
        frames = list(file.decode(video=0))
        shown = [int(frame.to_ndarray(format="gray")[5, 5]) for frame in frames]
        print(codec, "read as", frames[0].format.name, "PyAV", shown, end=" ")
    video = cv2.VideoCapture("grey.mkv")
    print("OpenCV", [int(video.read()[1][5, 5, 0]) for _ in LEVELS])
P
env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
libx264 read as yuv420p PyAV [0, 0, 130, 255, 255] OpenCV [0, 0, 130, 255, 255]
ffv1 read as gray PyAV [0, 8, 128, 240, 255] OpenCV [0, 8, 128, 240, 255]
P
echo "as stated"
