#!/usr/bin/env bash
# Guess: imageio's ffmpeg plugin gives the frames that a video holds, one by one, so that the number of
# a frame is the number of the picture.
# Seen with imageio 2.38.1 and imageio-ffmpeg 0.8.1 on a video with a changing rate (12 pictures at
# 25 frames per second and a pause of one second, as phones and screen recorders write): 36 frames
# come, the picture before the pause 25 times; the picture with the number 4 is frame 28. Its own
# count_frames() says 12, and its rate 8.33. The pyav plugin of the same package gives 12.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install imageio==2.38.1 imageio-ffmpeg==0.8.1 av==17.0.1 numpy==2.4.6 2>/dev/null
cd "$place"
cat > ask.py <<'P'
from fractions import Fraction

import av
import imageio.v2
import imageio.v3
import numpy as np

TIMES = [0, 40, 80, 120, *range(1120, 1401, 40)]  # ms
with av.open("clip.mp4", "w") as file:
    stream = file.add_stream("libx264", rate=25)
    stream.width = stream.height = 64
    stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, 1000)
    stream.codec_context.time_base = Fraction(1, 1000)
    stream.options = {"bf": "0"}
    for number, time in enumerate(TIMES):
        grey = np.full((64, 64, 3), 10 * number + 10, np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
        frame.pts, frame.time_base = time, Fraction(1, 1000)
        for packet in stream.encode(frame):
            file.mux(packet)
    for packet in stream.encode():
        file.mux(packet)


def numbers(frames):
    return [round((frame.mean() - 10) / 10) for frame in frames]


reader = imageio.v2.get_reader("clip.mp4", format="ffmpeg")
shown = numbers(reader)
print("written", len(TIMES), "ffmpeg plugin", len(shown), "its count", reader.count_frames())
print("picture 3 comes", shown.count(3), "times, picture 4 is frame", shown.index(4))
print("pyav plugin", len(numbers(imageio.v3.imiter("clip.mp4", plugin="pyav"))))
P
env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
written 12 ffmpeg plugin 36 its count 12
picture 3 comes 25 times, picture 4 is frame 28
pyav plugin 12
P
echo "as stated"
