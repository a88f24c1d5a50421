#!/usr/bin/env bash
# Guess: of a video cut without encoding it again (`-ss 1.2 -c copy`, as lossless cutters do), decord
# gives the 70 frames that players show, or all 100 that are still in the file; in both cases the time
# that get_frame_timestamp says of a frame belongs to the picture under its index.
# Seen with decord 0.6.0: 100 frames; those before the cut are not shown, so index 0 is picture 30,
# but its time is -1.2 s; all later times are 1.2 s early, and indices 70 to 99 repeat the last picture.
# Index 69 is picture 99 when frames are read in order, and picture 68 when it is asked for alone.
# PyAV 17.0.1 reads 70 pictures with the right times.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install decord==0.6.0 av==17.0.1 imageio-ffmpeg==0.8.1 numpy==2.4.6 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import subprocess

import av
import decord
import imageio_ffmpeg
import numpy as np

with av.open("long.mp4", "w") as file:
    stream = file.add_stream("libx264", rate=25)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    stream.options = {"g": "50", "keyint_min": "50", "sc_threshold": "0", "qp": "0"}
    for number in range(100):
        grey = np.full((64, 64, 3), 2 * number + 10, np.uint8)
        for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")):
            file.mux(packet)
    for packet in stream.encode():
        file.mux(packet)
cut = ["-loglevel", "error", "-ss", "1.2", "-i", "long.mp4", "-c", "copy", "cut.mp4"]
subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *cut], check=True)


def picture(grey):
    return round((float(grey.mean()) - 10) / 2)


with av.open("cut.mp4") as file:
    frames = [(float(one.time), picture(one.to_ndarray(format="rgb24"))) for one in file.decode(video=0)]
print("PyAV", len(frames), "first", frames[0], "last", frames[-1])
reader = decord.VideoReader("cut.mp4")
print("decord", len(reader))
pictures = [picture(reader[index].asnumpy()) for index in range(len(reader))]
for index in (0, 30, 69, 99):
    time = float(reader.get_frame_timestamp(index)[0])
    print(f"index {index}: time {time:.2f} s, picture {pictures[index]}")
print("index 69, asked for alone: picture", picture(decord.VideoReader("cut.mp4")[69].asnumpy()))
P
env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
PyAV 70 first (0.0, 30) last (2.76, 99)
decord 100
index 0: time -1.20 s, picture 30
index 30: time 0.00 s, picture 60
index 69: time 1.56 s, picture 99
index 99: time 2.76 s, picture 99
index 69, asked for alone: picture 68
P
echo "as stated"
