"""Small right inputs of the commands, and mutations of them that know what has to come of each.

What comes of a mutation is said by what its function returns: the facts that the result then holds
(`work.facts`, those of the unchanged input, where it changes nothing), a condition that they meet,
or `TOLD`: that something is wrong has to be told. Nothing lies in a file: all is made from seeds.
"""

import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from causalex_core.motion.extract import Config

SIDE, FPS, FRAMES, PICTURES = 160, 30, 24, 10
Facts = dict[str, Any]
TOLD = None
Random = np.random.Generator


@dataclass
class Work:
    """An input that may be changed: words of the command line, files of a folder, and facts."""

    folder: Path
    words: list[str]
    facts: Facts
    made_by: Callable[[Path], list[str]]

    def file(self, name: str) -> Path:
        """Path of a file."""
        return self.folder / name

    def option(self, name: str, value: object) -> None:
        """Give an option, or give it another value."""
        if name in self.words:
            self.words[self.words.index(name) + 1] = str(value)
        else:
            self.words += [name, str(value)]

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, on the command line too."""
        self.file(old).rename(self.file(new))
        self.words = [str(self.file(new)) if w == str(self.file(old)) else w for w in self.words]

    def text(self, name: str, change: Callable[[str], str]) -> None:
        """Change the text of a file."""
        self.file(name).write_text(change(self.file(name).read_text()))

    def table(self, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Change a table of text."""
        cells = pd.read_csv(self.file(name), dtype=str, keep_default_na=False)
        change(cells).to_csv(self.file(name), index=False)

    def arrays(self, name: str, **changes: Any) -> None:
        """Give a motion file other arrays; None takes one away."""
        content = dict(np.load(self.file(name))) | changes
        np.savez(self.file(name), **{key: v for key, v in content.items() if v is not None})


Expected = Facts | Callable[[Facts], bool] | None
Mutation = Callable[[Work, Random], Expected]


@dataclass(frozen=True)
class Subject:
    """One kind of input: how it is made, what its result says, and how it is changed."""

    command: str
    make: Callable[[Path], list[str]]
    facts: Callable[[Path, str], Facts]
    mutations: dict[str, Mutation] = field(default_factory=dict)


SUBJECTS: dict[str, Subject] = {}


def mutates(*names: str) -> Callable[[Mutation], Mutation]:
    """Register a mutation of some kinds of input."""

    def register(mutation: Mutation) -> Mutation:
        for name in names:
            SUBJECTS[name].mutations[mutation.__name__] = mutation
        return mutation

    return register


def pick(random: Random, choices: Any) -> Any:
    """One of some choices."""
    return choices[int(random.integers(len(choices)))]


# Right inputs


def layout() -> NDArray[np.float64]:
    """68 points, in px of a picture of 160 x 160."""
    points = np.stack((np.linspace(45, 115, 68), np.tile(np.linspace(60, 120, 4), 17)), axis=1)
    points[36:42], points[42:48] = (62, 62), (98, 62)
    return points


def drift(frame: int) -> tuple[float, float]:
    """Where the picture has moved to, in px."""
    return 1.5 * np.sin(frame / 3), 0.8 * np.cos(frame / 4)


def pictures(count: int, seed: int = 1) -> list[NDArray[np.uint8]]:
    """A grey texture that moves."""
    noise = np.random.default_rng(seed).uniform(0, 255, (SIDE, SIDE))
    texture = cv2.GaussianBlur(noise, (0, 0), 2.5)
    texture = cv2.normalize(texture, None, 20, 235, cv2.NORM_MINMAX)
    shifts = (np.float32([[1, 0, drift(k)[0]], [0, 1, drift(k)[1]]]) for k in range(count))
    size, mode = (SIDE, SIDE), cv2.BORDER_REFLECT
    moved = (cv2.warpAffine(texture, shift, size, borderMode=mode) for shift in shifts)
    return [np.dstack([picture.astype(np.uint8)] * 3) for picture in moved]


def write_film(
    path: Path,
    frames: list[NDArray[np.uint8]],
    seconds: Callable[[int], Fraction] = lambda k: Fraction(k, FPS),
    codec: str = "libx264",
    **options: str,
) -> None:
    """Write a film whose frame k lies at `seconds(k)`."""
    unit = Fraction(1, 90000)
    with av.open(f"file:{path}", "w", options=options) as out:
        stream = out.add_stream(codec, rate=FPS)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", unit
        stream.codec_context.thread_count = 1
        for k, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(seconds(k) / unit), unit
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def write_points(path: Path, count: int) -> None:
    """Write landmarks as OpenFace does."""
    points = np.stack([layout() + drift(k) for k in range(count)]).round(2)
    names = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
    table = pd.DataFrame(points.transpose(0, 2, 1).reshape(count, -1), columns=names)
    table.insert(0, "frame", range(1, count + 1))
    table.insert(1, "confidence", 0.98)
    table.insert(2, "success", 1)
    table.to_csv(path, index=False)


def paint(films: Path, points: Path, name: str, frames: int, seed: int) -> None:
    """A film and its landmarks."""
    films.mkdir(exist_ok=True)
    points.mkdir(exist_ok=True)
    write_film(films / f"{name}.mp4", pictures(frames, seed))
    write_points(points / f"{name}.csv", frames)


def _film(folder: Path) -> list[str]:
    write_film(folder / "clip.mp4", pictures(FRAMES))
    write_points(folder / "points.csv", FRAMES)
    return [
        "extract", str(folder / "clip.mp4"), "--landmarks", str(folder / "points.csv"),
        "-o", str(folder / "out.npz"), "--crop", "64", "--stride", "2", "--processes", "1",
    ]  # fmt: skip


def _pictures(folder: Path) -> list[str]:
    (folder / "clip").mkdir()
    for k, picture in enumerate(pictures(PICTURES)):
        cv2.imwrite(str(folder / "clip" / f"img{k + 1}.png"), picture)
    write_points(folder / "points.csv", PICTURES)
    return [
        "extract", str(folder / "clip"), "--landmarks", str(folder / "points.csv"), "--fps", "30",
        "-o", str(folder / "out.npz"), "--crop", "64", "--stride", "2", "--processes", "1",
    ]  # fmt: skip


def _extracted(folder: Path, _: str) -> Facts:
    (file,) = folder.rglob("out.npz")
    record = np.load(file)
    return {
        "rows": len(record["motion"]),
        "fps": round(float(record["fps"]), 2),
        "motion": _digest(record["motion"]),
        "quality": record["quality"].tolist(),
        "frames": record["frames"].tolist(),
    }


def write_motion(path: Path, seed: int, frames: int = 300) -> None:
    """A motion file of noise in which regions depend on each other, with two expressions."""
    random = np.random.default_rng(seed)
    motion = random.normal(0, 0.05, (frames, 12, 2))
    motion[:, 1] += 0.8 * motion[:, 0]
    motion[:, 5] += 0.7 * motion[:, 4]
    for first in (60, 180):
        motion[first : first + 10, 8:10] += 0.6
        motion[first + 14 : first + 24, 8:10] -= 0.6
    np.savez(
        path,
        motion=motion.astype(np.float32),
        fps=30.0,
        stride=4,
        quality=np.zeros(frames, np.uint8),
        quality_names=["measured", "several_faces", "end_of_video", "no_face"],
        config=Config().to_json(),
        landmarks="given 012345678901",
    )


def _motion(folder: Path) -> list[str]:
    write_motion(folder / "s01.npz", 1)
    return ["spot", str(folder / "s01.npz"), "-o", str(folder / "out.csv")]


def _spotted(folder: Path, _: str) -> Facts:
    table = pd.read_csv(folder / "out.csv", dtype=str)
    names = {name: sorted(set(table.pop(name))) for name in ("subject", "video")}
    return {"rows": len(table), "table": table.to_csv(index=False), **names}


def _intervals(folder: Path) -> list[str]:
    words = _film(folder)
    (folder / "intervals.csv").write_text(
        "subject,video,onset,apex,offset,kind\nclip,clip,2,6,10,micro\nclip,clip,8,12,20,macro\n"
    )
    return [
        "recognise", words[1], "--landmarks", words[3], "-o", str(folder / "out.csv"),
        "--intervals", str(folder / "intervals.csv"),
    ]  # fmt: skip


def _recognised(folder: Path, _: str) -> Facts:
    table = pd.read_csv(folder / "out.csv", dtype=str, keep_default_na=False)
    table = table.sort_values("onset", kind="stable")
    table["kind"] = table["kind"].str.lower()
    columns = ["onset", "kind", "emotion", "negative", "positive", "surprise", "skipped"]
    return {str(k): row for k, row in enumerate(table[columns].to_numpy().tolist())}


def _motions(folder: Path) -> list[str]:
    write_motion(folder / "s01.npz", 1)
    write_motion(folder / "s02.npz", 2)
    files = [str(folder / name) for name in ("s01.npz", "s02.npz")]
    return ["graph", *files, "-o", str(folder / "out.json"), "--policy", "any_edge"]


def _graph(folder: Path, _: str) -> Facts:
    content = json.loads((folder / "out.json").read_text())
    return {key: content[key] for key in sorted(content) if key in ("edges", "marks", "adjacency")}


def _labels(folder: Path) -> list[str]:
    random = np.random.default_rng(3)
    for name, shift in (("truth", 0), ("predictions", 6)):
        rows = []
        for k in range(24):
            onset, length = 40 + 100 * (k % 6), (15, 40)[k % 2]
            onset += int(random.integers(0, shift + 1))
            kind = ("micro", "macro")[k % 2]
            score = f",{random.uniform():.3f}" if shift else ""
            rows.append(
                f"s{k // 6 + 1:02d},{k // 6 + 1:02d}_1,{onset},{onset + length // 2},"
                f"{onset + length},{kind}{score}"
            )
        head = "subject,video,onset,apex,offset,kind" + (",score" if shift else "")
        (folder / f"{name}.csv").write_text("\n".join([head, *rows, ""]))
    return [
        "score", "--truth", str(folder / "truth.csv"), "--predictions",
        str(folder / "predictions.csv"), "--json", str(folder / "out.json"),
    ]  # fmt: skip


def _scored(folder: Path, _: str) -> Facts:
    content = json.loads((folder / "out.json").read_text())
    return {kind: [content[kind][n] for n in ("tp", "n_pred", "n_truth")] for kind in _KINDS}


_KINDS = ("macro", "micro", "overall")


def matched(folder: Path) -> Facts:
    """Score of two tables by another way: an assignment of least cost in each video."""
    truth, found = (pd.read_csv(folder / f"{name}.csv") for name in ("truth", "predictions"))
    counts = {}
    for kind in ("macro", "micro"):
        rows = [table[table["kind"] == kind] for table in (truth, found)]
        a, b = (part.assign(name=part["subject"] + "/" + part["video"]) for part in rows)
        inner = np.minimum.outer(a["offset"].to_numpy(), b["offset"].to_numpy()) - np.maximum.outer(
            a["onset"].to_numpy(), b["onset"].to_numpy()
        )
        inner = (inner + 1).clip(0)
        lengths = [(part["offset"] - part["onset"] + 1).to_numpy() for part in (a, b)]
        overlap = inner / (np.add.outer(*lengths) - inner)
        hit = (overlap >= 0.5) & (a["name"].to_numpy()[:, None] == b["name"].to_numpy())
        pairs = linear_sum_assignment(~hit)
        counts[kind] = [int(hit[pairs].sum()), len(b), len(a)]
    total = np.sum(list(counts.values()), axis=0).tolist()
    return {**counts, "overall": total}


def _grid(folder: Path) -> list[str]:
    (folder / "tried.yml").write_text(
        "experiment: tried\nnotebook: template\nfixed: {frames: [200], n_graphs: 2}\n"
        "grid:\n  alpha: [0.01, 0.05]\n  seed: [1, 2, 3]\n"
        "resources:\n  mem_mb: 2000\n  runtime: 60\n"
    )
    return ["experiment", "status", str(folder / "tried.yml")]


def _standing(_: Path, said: str) -> Facts:
    return {"runs": sorted(re.findall(r"^left +(\S+)", said, re.M))}


def _digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values)).hexdigest()[:12]


for _name, _subject in {
    "film": Subject("extract", _film, _extracted),
    "pictures": Subject("extract", _pictures, _extracted),
    "motion": Subject("spot", _motion, _spotted),
    "intervals": Subject("recognise", _intervals, _recognised),
    "motions": Subject("graph", _motions, _graph),
    "labels": Subject("score", _labels, _scored),
    "grid": Subject("experiment", _grid, _standing),
}.items():
    SUBJECTS[_name] = _subject


# Tables of text: those of landmarks, of expressions to be named, and of truths and predictions

TABLES = {
    "film": ("points.csv",),
    "pictures": ("points.csv",),
    "intervals": ("intervals.csv",),
    "labels": ("truth.csv", "predictions.csv"),
}
NEEDED = {
    "points.csv": ("x_5", "y_30", "x_67"),
    "intervals.csv": ("subject", "video", "onset", "offset", "kind", "apex"),
    "truth.csv": ("subject", "video", "onset", "offset", "kind"),
    "predictions.csv": ("subject", "video", "onset", "offset", "kind"),
}
NO_NUMBERS = ("x", "1.2.3", "12 frames", "--", "1e", "0x1F", "nil", "１２x")
INFINITE = ("inf", "-inf", "1e999")


def _table(work: Work, random: Random) -> str:
    return pick(random, [name for name in NEEDED if work.file(name).is_file()][-2:])


def _interval_table(work: Work, random: Random) -> str:
    return pick(random, [n for n in NEEDED if n != "points.csv" and work.file(n).is_file()])


def _cell(work: Work, name: str, random: Random, column: str, content: str) -> None:
    """Write a cell of a random row."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[pick(random, table.index), column] = content
        return table

    work.table(name, change)


@mutates(*TABLES)
def columns_in_another_order(work: Work, random: Random) -> Expected:
    work.table(_table(work, random), lambda table: table[random.permutation(table.columns)])
    return work.facts


@mutates(*TABLES)
def column_of_remarks(work: Work, random: Random) -> Expected:
    where = int(random.integers(3))

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.insert(where, pick(random, ["remark", "Bemerkung", "2nd rater"]), "see, below; é")
        return table

    work.table(_table(work, random), change)
    return work.facts


@mutates(*TABLES)
def line_ends_of_other_systems(work: Work, random: Random) -> Expected:
    file = work.file(_table(work, random))
    file.write_bytes(file.read_bytes().replace(b"\n", pick(random, [b"\r\n", b"\r"])))
    return work.facts


@mutates(*TABLES)
def byte_order_mark(work: Work, random: Random) -> Expected:
    file = work.file(_table(work, random))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    return work.facts


@mutates(*TABLES)
def rows_in_another_order(work: Work, random: Random) -> Expected:
    work.table(_table(work, random), lambda table: table.iloc[random.permutation(len(table))])
    return work.facts


@mutates(*TABLES)
def spaces_around_cells(work: Work, random: Random) -> Expected:
    work.text(_table(work, random), lambda text: text.replace(",", pick(random, [", ", " , "])))
    return work.facts


@mutates(*TABLES)
def blank_lines(work: Work, random: Random) -> Expected:
    where = int(random.integers(1, 8))
    work.text(_table(work, random), lambda text: text.replace("\n", "\n\n", where) + "\n\n")
    return work.facts


@mutates(*TABLES)
def cells_in_quotes(work: Work, random: Random) -> Expected:
    def quoted(text: str) -> str:
        return "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in text.splitlines()
        )

    work.text(_table(work, random), quoted)
    return work.facts


@mutates("intervals", "labels")
def other_separator(work: Work, random: Random) -> Expected:
    separator = pick(random, [";", "\t"])
    work.text(_interval_table(work, random), lambda text: text.replace(",", separator))
    return work.facts


@mutates("intervals", "labels")
def utf_16(work: Work, random: Random) -> Expected:
    file = work.file(_interval_table(work, random))
    file.write_bytes(file.read_text().encode("utf-16"))
    return work.facts


@mutates("intervals", "labels")
def kinds_in_capitals(work: Work, random: Random) -> Expected:
    def change(text: str) -> str:
        return text.replace("micro", pick(random, ["Micro", "MICRO"])).replace("macro", "Macro")

    work.text(_interval_table(work, random), change)
    return work.facts


@mutates("intervals", "labels")
def numbers_written_otherwise(work: Work, random: Random) -> Expected:
    form = pick(random, ["{}.0", "{}.000", "+{}", "0{}", "{}e0"])

    def change(table: pd.DataFrame) -> pd.DataFrame:
        for name in ("onset", "apex", "offset"):
            table[name] = table[name].map(form.format)
        return table

    work.table(_interval_table(work, random), change)
    return work.facts if work.file("truth.csv").exists() else _same_emotions(work.facts)


def _same_emotions(facts: Facts) -> Callable[[Facts], bool]:
    """The same emotions, however the onset is written."""
    return lambda new: [row[1:] for row in new.values()] == [row[1:] for row in facts.values()]


@mutates("labels")
def compressed(work: Work, random: Random) -> Expected:
    name = _interval_table(work, random)
    work.rename(name, f"{name}.gz")
    work.file(f"{name}.gz").write_bytes(gzip.compress(work.file(f"{name}.gz").read_bytes()))
    return work.facts


@mutates(*TABLES)
def column_missing(work: Work, random: Random) -> Expected:
    name = _table(work, random)
    work.table(name, lambda table: table.drop(columns=pick(random, NEEDED[name])))
    return TOLD


@mutates(*TABLES)
def column_misspelt(work: Work, random: Random) -> Expected:
    name = _table(work, random)
    column = pick(random, NEEDED[name])
    other = pick(random, [column.upper(), column + "s", column[:-1], f"{column}?"])
    work.table(name, lambda table: table.rename(columns={column: other}))
    return TOLD


@mutates(*TABLES)
def column_twice(work: Work, random: Random) -> Expected:
    name = _table(work, random)
    column = pick(random, NEEDED[name])
    work.table(name, lambda table: pd.concat([table, table[[column]]], axis=1))
    return TOLD


@mutates(*TABLES)
def header_moved_by_a_column(work: Work, random: Random) -> Expected:
    step = pick(random, [1, -1, 2])
    work.table(_table(work, random), lambda t: t.set_axis(np.roll(t.columns, step), axis=1))
    return TOLD


@mutates("intervals", "labels")
def two_headers_exchanged(work: Work, random: Random) -> Expected:
    pairs = [("onset", "offset"), ("onset", "apex"), ("apex", "offset"), ("video", "kind")]
    a, b = pick(random, pairs)
    work.table(_interval_table(work, random), lambda table: table.rename(columns={a: b, b: a}))
    return TOLD


@mutates(*TABLES)
def cell_is_no_number(work: Work, random: Random) -> Expected:
    name = _table(work, random)
    points = name == "points.csv"
    columns = NEEDED[name] if points else ("onset", "offset", "apex")
    contents = NO_NUMBERS if points else (*NO_NUMBERS, *INFINITE)
    _cell(work, name, random, pick(random, columns), pick(random, contents))
    return TOLD


@mutates("film", "pictures")
def landmark_infinite(work: Work, random: Random) -> Expected:
    row, value = int(random.integers(3, 7)), pick(random, [*INFINITE, "nan", ""])

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[row, pick(random, NEEDED["points.csv"])] = value
        return table

    work.table("points.csv", change)
    return lambda facts: facts["quality"][row] > 1


@mutates("intervals", "labels")
def number_out_of_range(work: Work, random: Random) -> Expected:
    content = pick(random, ["-5", "-1e9", "1e300", "123456789012", "99999999999999999999"])
    _cell(work, _interval_table(work, random), random, pick(random, ["onset", "offset"]), content)
    return TOLD


@mutates("intervals", "labels")
def thousands_with_a_comma(work: Work, random: Random) -> Expected:
    _cell(work, _interval_table(work, random), random, "offset", "1,234")
    return TOLD


@mutates(*TABLES)
def cell_lost(work: Work, random: Random) -> Expected:
    def change(text: str) -> str:
        lines = text.splitlines()
        row = int(random.integers(1, len(lines)))
        cells = lines[row].split(",")
        del cells[int(random.integers(5))]
        return "\n".join([*lines[:row], ",".join(cells), *lines[row + 1 :], ""])

    work.text(_table(work, random), change)
    return TOLD


@mutates(*TABLES)
def cell_too_many(work: Work, random: Random) -> Expected:
    def change(text: str) -> str:
        lines = text.splitlines()
        row = int(random.integers(1, len(lines)))
        return "\n".join([*lines[:row], f"{lines[row]},7", *lines[row + 1 :], ""])

    work.text(_table(work, random), change)
    return TOLD


@mutates(*TABLES)
def table_without_rows(work: Work, random: Random) -> Expected:
    work.text(_table(work, random), lambda text: text.splitlines()[0] + "\n")
    return TOLD


@mutates(*TABLES)
def no_table_at_all(work: Work, random: Random) -> Expected:
    content = pick(random, [b"", b"\n\n", random.bytes(400), b"PK\x03\x04" + bytes(60), b"\0" * 90])
    work.file(_table(work, random)).write_bytes(content)
    return TOLD


@mutates("intervals", "labels")
def letters_of_latin_1(work: Work, random: Random) -> Expected:
    name = _interval_table(work, random)
    _cell(work, name, random, "subject", "Zoé")
    work.file(name).write_bytes(work.file(name).read_text().encode("latin-1"))
    return TOLD


@mutates("intervals", "labels")
def unknown_kind(work: Work, random: Random) -> Expected:
    content = pick(random, ["mirco", "m", "1", "", "micro-expression", "nan"])
    _cell(work, _interval_table(work, random), random, "kind", content)
    return TOLD


@mutates("intervals", "labels")
def name_of_another_video(work: Work, random: Random) -> Expected:
    content = pick(random, ["other", "", "nan", "CLIP ", "../clip", "é" * 300])
    _cell(work, _interval_table(work, random), random, "video", content)
    return TOLD


@mutates("labels")
def names_changed_alike(work: Work, random: Random) -> Expected:
    new = pick(random, ["Person {}", "{}é", "a,b{}", "{}/x", "x{}: 1"])
    for name in ("truth.csv", "predictions.csv"):
        work.table(name, lambda table: table.assign(subject=table["subject"].map(new.format)))
    return work.facts


@mutates("labels")
def zeros_of_names_lost(work: Work, random: Random) -> Expected:
    column = pick(random, ["subject", "video"])

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{column: table[column].str.replace("0", "")})

    work.table(_interval_table(work, random), change)
    return TOLD


@mutates("labels")
def times_in_another_unit(work: Work, random: Random) -> Expected:
    factor = pick(random, [1 / 30, 1 / 25, 8, 20, 1000 / 30])

    def change(table: pd.DataFrame) -> pd.DataFrame:
        times = table[["onset", "apex", "offset"]].astype(float) * factor
        return table.assign(**times.round(3 if factor < 1 else 0))

    work.table(_interval_table(work, random), change)
    return TOLD


@mutates("labels")
def times_shifted(work: Work, random: Random) -> Expected:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        shift = random.integers(-12, 13, len(table))
        times = table[["onset", "apex", "offset"]].astype(int).add(shift, axis=0)
        return table.assign(**times)

    work.table(_interval_table(work, random), change)
    return matched(work.folder)


@mutates("labels")
def rows_lost(work: Work, random: Random) -> Expected:
    kept = np.sort(random.choice(24, int(random.integers(8, 24)), replace=False))
    work.table(_interval_table(work, random), lambda table: table.iloc[kept])
    return matched(work.folder)


@mutates("labels")
def kinds_changed(work: Work, random: Random) -> Expected:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(kind=random.choice(["micro", "macro"], len(table)))

    work.table(_interval_table(work, random), change)
    return matched(work.folder)


@mutates("labels")
def row_twice(work: Work, random: Random) -> Expected:
    row = int(random.integers(24))
    work.table(_interval_table(work, random), lambda t: pd.concat([t, t.iloc[row : row + 1]]))
    return TOLD


@mutates("intervals")
def expression_beyond_the_video(work: Work, random: Random) -> Expected:
    late = int(random.integers(FRAMES, 10 * FRAMES))
    _cell(work, "intervals.csv", random, "offset", str(late))
    return TOLD


@mutates("intervals")
def key_frames_not_whole(work: Work, random: Random) -> Expected:
    _cell(work, "intervals.csv", random, pick(random, ["onset", "apex", "offset"]), "9.5")
    return TOLD


@mutates("intervals")
def apex_outside(work: Work, random: Random) -> Expected:
    _cell(work, "intervals.csv", random, "apex", pick(random, ["1", "21", "0", "-1", ""]))
    return TOLD


@mutates("intervals")
def emotions_there_already(work: Work, random: Random) -> Expected:
    work.table("intervals.csv", lambda t: t.assign(**{pick(random, ["emotion", "skipped"]): "x"}))
    return TOLD


@mutates("intervals")
def video_and_names_changed(work: Work, random: Random) -> Expected:
    new = pick(random, ["Person 1", "ü", "a.b", "x:1", "007"])
    work.rename("clip.mp4", f"{new}.mp4")
    work.table("intervals.csv", lambda table: table.assign(subject=new, video=new))
    return work.facts


# Landmarks


@mutates("film", "pictures", "intervals")
def landmarks_counted_from_0(work: Work, random: Random) -> Expected:
    name = pick(random, ["frame", "frame_idx"])

    def change(table: pd.DataFrame) -> pd.DataFrame:
        numbers = table["frame"].astype(int) - 1
        table = table.drop(columns=["frame", "confidence", "success"])
        return table.assign(**{name: numbers}, FaceScore=0.9, input="clip.mp4")

    work.table("points.csv", change)
    return work.facts


@mutates("film", "pictures", "intervals")
def landmarks_as_an_array(work: Work, random: Random) -> Expected:
    table = pd.read_csv(work.file("points.csv"))
    points = table.filter(regex="^[xy]_").to_numpy().reshape(len(table), 2, 68).swapaxes(1, 2)
    np.save(work.file("points.npy"), points)
    work.option("--landmarks", work.file("points.npy"))
    return work.facts


@mutates("film", "pictures", "intervals")
def landmarks_without_header(work: Work, random: Random) -> Expected:
    table = pd.read_csv(work.file("points.csv")).filter(regex="^[xy]_")
    table.to_csv(work.file("points.csv"), index=False, header=False)
    return work.facts


def _points(work: Work, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
    """Change the landmarks (T, 2, 68)."""

    def changed(table: pd.DataFrame) -> pd.DataFrame:
        names = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
        points = table[names].to_numpy(float).reshape(-1, 2, 68)
        table[names] = change(points).reshape(len(table), -1)
        return table

    work.table("points.csv", changed)


@mutates("film", "pictures", "intervals")
def landmarks_in_fractions(work: Work, random: Random) -> Expected:
    _points(work, lambda points: points / SIDE)
    return TOLD


@mutates("film", "pictures", "intervals")
def landmarks_outside(work: Work, random: Random) -> Expected:
    far = pick(random, [-500, 300, 1e5, -1e5, 1e30])
    _points(work, lambda points: points + far)
    return TOLD


@mutates("film", "pictures", "intervals")
def landmarks_of_a_larger_picture(work: Work, random: Random) -> Expected:
    factor = float(random.uniform(2.5, 20))
    _points(work, lambda points: points * factor)
    return TOLD


@mutates("film", "pictures", "intervals")
def x_and_y_exchanged(work: Work, random: Random) -> Expected:
    _points(work, lambda points: points[:, ::-1])
    return TOLD


@mutates("film", "pictures", "intervals")
def y_counted_from_below(work: Work, random: Random) -> Expected:
    _points(work, lambda points: np.stack((points[:, 0], SIDE - points[:, 1]), axis=1))
    return TOLD


@mutates("film", "pictures")
def landmarks_of_zeros(work: Work, random: Random) -> Expected:
    row, zero = int(random.integers(3, 7)), pick(random, [0, -1])

    def change(points: NDArray[np.float64]) -> NDArray[np.float64]:
        points[row] = zero
        return points

    _points(work, change)
    return lambda facts: facts["quality"][row] > 1


@mutates("film", "pictures")
def landmarks_of_a_point_far_away(work: Work, random: Random) -> Expected:
    row, point = int(random.integers(3, 7)), int(random.integers(68))

    def change(points: NDArray[np.float64]) -> NDArray[np.float64]:
        points[row, :, point] = pick(random, [-700, 700, -1e4, 1e5, 1e12])
        return points

    _points(work, change)
    return lambda facts: facts["quality"][row] > 1


@mutates("film", "pictures", "intervals")
def landmarks_of_more_frames(work: Work, random: Random) -> Expected:
    write_points(work.file("points.csv"), FRAMES + int(random.integers(1, 50)))
    return TOLD


@mutates("film", "pictures", "intervals")
def landmarks_of_two_faces(work: Work, random: Random) -> Expected:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        other = table.assign(x_3="5")
        return pd.concat([table, other.iloc[: int(random.integers(1, len(other)))]])

    work.table("points.csv", change)
    return TOLD


@mutates("film", "pictures", "intervals")
def frame_number_impossible(work: Work, random: Random) -> Expected:
    content = pick(random, ["0", "-3", "2.5", "1e12", "nan", "", "x"])
    _cell(work, "points.csv", random, "frame", content)
    return TOLD


@mutates("film", "pictures")
def face_not_found_in_a_row(work: Work, random: Random) -> Expected:
    row = int(random.integers(3, 7))
    work.table("points.csv", lambda t: t.assign(success=np.where(np.arange(len(t)) == row, 0, 1)))
    return lambda facts: facts["quality"][row] > 1 and len(facts["quality"]) == work.facts["rows"]


# Films


def remux(
    source: Path,
    target: Path,
    moved: Callable[[int], int] = lambda stamp: stamp,
    lost: tuple[int, ...] = (),
    **options: str,
) -> None:
    """Copy a film without encoding it anew, its stamps (in 1 / 90000 s) moved, packets left out."""
    unit = Fraction(1, 90000)
    with av.open(f"file:{source}") as film, av.open(f"file:{target}", "w", options=options) as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        packets = [packet for packet in film.demux(video=0) if packet.pts is not None]
        for k, packet in enumerate(packets):
            pts, dts = (round(part * packet.time_base / unit) for part in (packet.pts, packet.dts))
            packet.pts, packet.dts, packet.time_base = moved(pts), moved(dts), unit
            packet.duration = 0
            packet.stream = stream
            if k not in lost:
                out.mux(packet)


def _remuxed(work: Work, ending: str = ".mp4", **changes: Any) -> None:
    """Put a copy in the place of the film."""
    work.file("clip.mp4").rename(work.file("before.mp4"))
    work.words = [w.replace("clip.mp4", f"clip{ending}") for w in work.words]
    remux(work.file("before.mp4"), work.file(f"clip{ending}"), **changes)
    work.file("before.mp4").unlink()


@mutates("film", "intervals")
def other_container(work: Work, random: Random) -> Expected:
    _remuxed(work, pick(random, [".mkv", ".mov", ".ts", ".m4v", ".MP4", ".mts"]))
    return work.facts


@mutates("film")
def film_renamed(work: Work, random: Random) -> Expected:
    stem = pick(random, ["a clip", "ü", "x:1", "%d", "-1", "a'b", "clip.v2", "#1", "http:x"])
    work.rename("clip.mp4", stem + pick(random, [".mp4", ".MP4", ".mov"]))
    return work.facts


@mutates("film", "intervals")
def film_streamed(work: Work, random: Random) -> Expected:
    flags = pick(random, ["frag_keyframe+empty_moov", "faststart", "frag_every_frame+empty_moov"])
    _remuxed(work, movflags=flags)
    return work.facts


@mutates("film", "intervals")
def film_starts_late(work: Work, random: Random) -> Expected:
    late = int(random.integers(1, 900_000))
    _remuxed(work, pick(random, [".ts", ".mkv"]), moved=lambda stamp: stamp + late)
    return work.facts


@mutates("film", "pictures", "labels", "motion", "motions")
def files_touched(work: Work, random: Random) -> Expected:
    for file in work.folder.rglob("*"):
        file.touch()
    return work.facts


@mutates("film")
def rate_changed(work: Work, random: Random) -> Expected:
    rate = pick(random, [10, 15, 24, 25, 50, 60, 100, 120, 200])
    _remuxed(work, moved=lambda stamp: stamp * FPS // rate)
    return {"fps": float(rate), "rows": FRAMES, "frames": work.facts["frames"]}


@mutates("film", "intervals")
def rate_absurd(work: Work, random: Random) -> Expected:
    factor = pick(random, [Fraction(1, 100), 60, 400])
    _remuxed(work, moved=lambda stamp: int(stamp * factor))
    return TOLD


@mutates("film", "intervals")
def pause(work: Work, random: Random) -> Expected:
    first, long = int(random.integers(3, FRAMES - 3)), int(random.integers(20_000, 900_000))
    _remuxed(work, moved=lambda stamp: stamp + (long if stamp >= first * 3000 else 0))
    return TOLD


@mutates("film", "intervals")
def rate_changes_within(work: Work, random: Random) -> Expected:
    first, times = int(random.integers(5, FRAMES - 8)) * 3000, pick(random, [3, 4, 8])
    _remuxed(work, moved=lambda stamp: stamp + max(0, stamp - first) * times)
    return TOLD


@mutates("film")
def film_shorter(work: Work, random: Random) -> Expected:
    count = int(random.integers(4, FRAMES))
    write_film(work.file("clip.mp4"), pictures(count))
    write_points(work.file("points.csv"), count)
    return {"rows": count, "fps": 30.0}


@mutates("film", "intervals")
def film_of_other_length_than_landmarks(work: Work, random: Random) -> Expected:
    write_film(work.file("clip.mp4"), pictures(int(random.integers(3, 10))))
    return TOLD


@mutates("film", "intervals")
def film_cut_off(work: Work, random: Random) -> Expected:
    ending = pick(random, [".mp4", ".mkv", ".ts"])
    _remuxed(work, ending)
    content = work.file(f"clip{ending}").read_bytes()
    kept = int(len(content) * random.uniform(0.02, 0.95))
    work.file(f"clip{ending}").write_bytes(content[:kept])
    return TOLD


@mutates("film", "intervals")
def packets_lost(work: Work, random: Random) -> Expected:
    first, count = int(random.integers(FRAMES - 6)), int(random.integers(1, 5))
    _remuxed(work, pick(random, [".mp4", ".mkv", ".ts"]), lost=tuple(range(first, first + count)))
    return TOLD


@mutates("film", "intervals")
def film_is_something_else(work: Work, random: Random) -> Expected:
    content = pick(random, [b"", b"no film\n" * 50, random.bytes(5000), b"\0" * 5000, b"GIF89a"])
    work.file("clip.mp4").write_bytes(content)
    return TOLD


@mutates("film", "intervals")
def film_is_not_there(work: Work, random: Random) -> Expected:
    work.file("clip.mp4").unlink()
    if random.integers(2):
        work.file("clip.mp4").mkdir()
    return TOLD


@mutates("film", "intervals")
def two_films_in_one_file(work: Work, random: Random) -> Expected:
    side = pick(random, [SIDE, 96])
    other = [cv2.resize(picture, (side, side)) for picture in pictures(8, 2)]
    write_film(work.file("other.ts"), other)
    _remuxed(work, ".ts")
    joined = work.file("clip.ts").read_bytes() + work.file("other.ts").read_bytes()
    work.file("clip.ts").write_bytes(joined)
    return TOLD


@mutates("film")
def each_nth_frame(work: Work, random: Random) -> Expected:
    every = int(random.integers(2, 5))
    work.option("--every", every)
    numbers = list(range(0, FRAMES, every))
    return {"fps": round(30 / every, 2), "frames": numbers}


@mutates("film")
def rate_overruled(work: Work, random: Random) -> Expected:
    work.option("--fps", pick(random, [1, 24, 25, 29, 31, 60, 1000]))
    return TOLD


# Folders of pictures


def _renamed(work: Work, name: Callable[[int], str]) -> Expected:
    """Give picture k, from 1, another name."""
    for k in range(1, PICTURES + 1):
        work.file(f"clip/img{k}.png").rename(work.file(f"clip/new {name(k)}"))
    for file in work.file("clip").iterdir():
        file.rename(file.with_name(file.name.removeprefix("new ")))
    return work.facts


@mutates("pictures")
def pictures_renamed(work: Work, random: Random) -> Expected:
    first = int(random.integers(0, 2000))
    form = pick(random, ["{:05d}.png", "{}.PNG", "s01_02 {:04d}.png", "é{:04d}x.png", "a-{}.png"])
    return _renamed(work, lambda k: form.format(first + k))


@mutates("pictures")
def other_format_without_loss(work: Work, random: Random) -> Expected:
    ending = pick(random, [".bmp", ".ppm", ".tif", ".tiff"])
    for file in work.file("clip").iterdir():
        cv2.imwrite(str(file.with_suffix(ending)), cv2.imread(str(file)))
        file.unlink()
    return work.facts


@mutates("pictures")
def some_pictures_are_grey(work: Work, random: Random) -> Expected:
    for k in range(1, int(random.integers(2, PICTURES))):
        file = str(work.file(f"clip/img{k}.png"))
        cv2.imwrite(file, cv2.imread(file, cv2.IMREAD_GRAYSCALE))
    return work.facts


@mutates("pictures")
def files_of_other_systems(work: Work, random: Random) -> Expected:
    for name in ("._img1.png", ".DS_Store", "Thumbs.db", "notes.txt"):
        work.file(f"clip/{name}").write_bytes(random.bytes(50))
    return work.facts


@mutates("pictures")
def rate_of_pictures(work: Work, random: Random) -> Expected:
    rate = pick(random, [15, 25, 29.97, 100, 200])
    work.option("--fps", rate)
    return {"rows": PICTURES, "fps": rate, "frames": work.facts["frames"]}


@mutates("pictures")
def picture_missing(work: Work, random: Random) -> Expected:
    work.file(f"clip/img{random.integers(2, PICTURES)}.png").unlink()
    return TOLD


@mutates("pictures")
def last_pictures_missing(work: Work, random: Random) -> Expected:
    for k in range(int(random.integers(4, PICTURES)), PICTURES):
        work.file(f"clip/img{k + 1}.png").unlink()
    return TOLD


@mutates("pictures")
def picture_twice(work: Work, random: Random) -> Expected:
    k = int(random.integers(1, PICTURES))
    name = pick(random, ["img{} (1).png", "img0{}.png", "img{}.bmp", "img{} - Copy.png"])
    picture = cv2.imread(str(work.file(f"clip/img{k}.png")))
    cv2.imwrite(str(work.file(f"clip/{name.format(k)}")), picture)
    return TOLD


@mutates("pictures")
def picture_cut_off(work: Work, random: Random) -> Expected:
    ending = pick(random, [".png", ".jpg", ".bmp", ".tif", ".ppm", ".webp"])
    file = work.file("clip/img1.png")
    for old in work.file("clip").iterdir():
        file = old.with_suffix(ending)
        cv2.imwrite(str(file), cv2.imread(str(old)))
        if ending != ".png":
            old.unlink()
    file = work.file(f"clip/img{random.integers(1, PICTURES + 1)}{ending}")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * random.uniform(0, 0.98))])
    return TOLD


@mutates("pictures")
def picture_damaged(work: Work, random: Random) -> Expected:
    file = work.file(f"clip/img{random.integers(1, PICTURES + 1)}.png")
    content = bytearray(file.read_bytes())
    where = int(random.integers(40, len(content) - 20))
    content[where : where + 8] = random.bytes(8)
    file.write_bytes(content)
    return TOLD


@mutates("pictures")
def picture_of_another_kind(work: Work, random: Random) -> Expected:
    file = work.file(f"clip/img{random.integers(2, PICTURES + 1)}.png")
    picture = cv2.imread(str(file))
    other = pick(random, [picture[:-1], picture[:, :99], picture.astype(np.uint16) * 256])
    cv2.imwrite(str(file), other)
    return TOLD


@mutates("pictures")
def picture_is_something_else(work: Work, random: Random) -> Expected:
    file = work.file(f"clip/img{random.integers(1, PICTURES + 1)}.png")
    file.write_bytes(pick(random, [b"", b"no picture", random.bytes(3000), b"\x89PNG\r\n\x1a\n"]))
    return TOLD


@mutates("pictures")
def names_without_order(work: Work, random: Random) -> Expected:
    _renamed(work, lambda k: "abcdefghijk"[k] + ".png")
    return TOLD


@mutates("pictures")
def numbers_in_steps(work: Work, random: Random) -> Expected:
    step = int(random.integers(2, 40))
    _renamed(work, lambda k: f"{k * step:04d}.png")
    return TOLD


@mutates("pictures")
def no_rate_given(work: Work, random: Random) -> Expected:
    where = work.words.index("--fps")
    del work.words[where : where + 2]
    return TOLD


# Motion files


def _named(work: Work, random: Random) -> str:
    return pick(random, sorted(file.name for file in work.folder.glob("s0*.npz")))


@mutates("motion", "motions")
def motion_stored_otherwise(work: Work, random: Random) -> Expected:
    name = _named(work, random)
    motion = np.load(work.file(name))["motion"]
    kind = pick(random, ["<f8", ">f4", "F", "compressed", "one more"])
    if kind == "F":
        work.arrays(name, motion=np.asfortranarray(motion))
    elif kind == "one more":
        work.arrays(name, notes="seen twice")
    elif kind == "compressed":
        np.savez_compressed(work.file(name), **np.load(work.file(name)))
    else:
        work.arrays(name, motion=motion.astype(kind))
    return work.facts


@mutates("motion", "motions")
def no_marks_of_quality(work: Work, random: Random) -> Expected:
    work.arrays(_named(work, random), quality=None, quality_names=None)
    return work.facts


@mutates("motion")
def motion_renamed(work: Work, random: Random) -> Expected:
    new = pick(random, ["a b", "ü", "x:1", "007", "a,b", 'a"b'])
    work.rename("s01.npz", f"{new}.npz")
    return work.facts | {"subject": [new], "video": [new]}


@mutates("motions")
def motions_renamed(work: Work, random: Random) -> Expected:
    work.rename(_named(work, random), pick(random, ["a b.npz", "ü.npz", "x:1.npz", "-.npz"]))
    return work.facts


@mutates("motion", "motions")
def motion_not_finite(work: Work, random: Random) -> Expected:
    name = _named(work, random)
    motion = np.load(work.file(name))["motion"].copy()
    motion[tuple(random.integers(motion.shape))] = pick(random, [np.nan, np.inf, -np.inf])
    work.arrays(name, motion=motion)
    return TOLD


@mutates("motion", "motions")
def motion_impossible(work: Work, random: Random) -> Expected:
    name = _named(work, random)
    motion = np.load(work.file(name))["motion"].copy()
    motion[tuple(random.integers(motion.shape))] = pick(random, [-2e3, 1e4, 1e9, 3e38])
    work.arrays(name, motion=motion)
    return TOLD


@mutates("motion", "motions")
def motion_of_another_shape(work: Work, random: Random) -> Expected:
    name = _named(work, random)
    motion = np.load(work.file(name))["motion"]
    shapes = [
        motion[:, :11], motion[..., :1], motion[None], motion.reshape(300, 24), motion[:0],
        motion[:200], np.swapaxes(motion, 0, 1), motion.astype(complex), motion.astype(str),
        np.float32(3), np.concatenate((motion, motion)),
    ]  # fmt: skip
    work.arrays(name, motion=pick(random, shapes))
    return TOLD


@mutates("motion", "motions")
def few_frames(work: Work, random: Random) -> Expected:
    count = int(random.integers(1, 5))
    for file in work.folder.glob("s0*.npz"):
        stored = np.load(file)
        parts = {name: stored[name][:count] for name in ("motion", "quality")}
        work.arrays(file.name, **parts)
    return TOLD


@mutates("motion", "motions")
def rate_impossible(work: Work, random: Random) -> Expected:
    rates = [0.0, -30.0, np.nan, np.inf, 1e9, 1e-6, 3e5, "x", [30.0, 30.0], None]
    work.arrays(_named(work, random), fps=pick(random, rates))
    return TOLD


@mutates("motion", "motions")
def other_settings(work: Work, random: Random) -> Expected:
    config = Config().to_json()
    configs = [config.replace("256", "128"), "", "{", "[1]", "3", config.replace("liu", "mean")]
    work.arrays(_named(work, random), config=pick(random, configs))
    return TOLD


@mutates("motion", "motions")
def nothing_measured(work: Work, random: Random) -> Expected:
    work.arrays(_named(work, random), quality=np.full(300, 3, np.uint8))
    return TOLD


@mutates("motion")
def much_not_measured(work: Work, random: Random) -> Expected:
    quality = np.where(random.uniform(size=300) < random.uniform(0.1, 0.9), 3, 0)
    work.arrays("s01.npz", quality=quality.astype(np.uint8))
    return TOLD


@mutates("motion", "motions")
def marks_do_not_fit(work: Work, random: Random) -> Expected:
    marks = [np.zeros(299, np.uint8), np.zeros((300, 2), np.uint8), np.full(300, 9, np.uint8)]
    work.arrays(_named(work, random), quality=pick(random, marks))
    return TOLD


@mutates("motion", "motions")
def motion_file_damaged(work: Work, random: Random) -> Expected:
    file = work.file(_named(work, random))
    content = bytearray(file.read_bytes())
    if random.integers(2):
        content = content[: int(len(content) * random.uniform(0, 0.99))]
    else:
        where = int(random.integers(300, 20_000))
        content[where : where + 8] = bytes(255 - byte for byte in content[where : where + 8])
    file.write_bytes(content)
    return TOLD


@mutates("motion", "motions")
def motion_file_is_something_else(work: Work, random: Random) -> Expected:
    file, kind = work.file(_named(work, random)), int(random.integers(5))
    if kind == 0:
        file.write_bytes(pick(random, [b"", b"x" * 99, random.bytes(999)]))
    elif kind == 1:
        np.savez(file, motion=np.array([{}], dtype=object))
    elif kind == 2:
        np.savez(file, other=np.zeros(3))
    elif kind == 3:
        buffer = io.BytesIO()
        np.save(buffer, np.zeros((300, 12, 2)))
        file.write_bytes(buffer.getvalue())
    else:
        file.unlink()
    return TOLD


@mutates("motions")
def same_motion_twice(work: Work, random: Random) -> Expected:
    other = pick(random, ["s01.npz", "s03.npz"])
    if other == "s03.npz":
        work.file(other).write_bytes(work.file("s01.npz").read_bytes())
    work.words.insert(2, str(work.file(other)))
    return TOLD


@mutates("motions")
def rates_differ(work: Work, random: Random) -> Expected:
    work.arrays(_named(work, random), fps=pick(random, [24.0, 25.0, 60.0, 200.0, 29.0]))
    return TOLD


@mutates("motions")
def nearly_the_same_rate(work: Work, random: Random) -> Expected:
    work.arrays(_named(work, random), fps=pick(random, [29.97, 30.01, 29.9]))
    return work.facts


@mutates("motions")
def region_does_not_move(work: Work, random: Random) -> Expected:
    region = int(random.integers(12))
    for name in ("s01.npz", "s02.npz"):
        motion = np.load(work.file(name))["motion"].copy()
        motion[:, region] = pick(random, [0, 0.5])
        work.arrays(name, motion=motion)
    return TOLD


@mutates("motions")
def two_regions_move_alike(work: Work, random: Random) -> Expected:
    a, b = random.choice(12, 2, replace=False)
    for name in ("s01.npz", "s02.npz"):
        motion = np.load(work.file(name))["motion"].copy()
        motion[:, a] = motion[:, b]
        work.arrays(name, motion=motion)
    return TOLD


@mutates("motions")
def motion_in_another_unit(work: Work, random: Random) -> Expected:
    factor = np.float32(pick(random, [0.25, 0.5, 2, 4]))
    for name in ("s01.npz", "s02.npz"):
        work.arrays(name, motion=np.load(work.file(name))["motion"] * factor)
    return work.facts


# Grids


def _yaml(work: Work, old: str, new: str) -> None:
    assert old in work.file("tried.yml").read_text()
    work.text("tried.yml", lambda text: text.replace(old, new))


@mutates("grid")
def grid_written_otherwise(work: Work, random: Random) -> Expected:
    old, new = pick(
        random,
        [
            ("alpha: [0.01, 0.05]", "alpha: [1e-2, .05]"),
            ("alpha: [0.01, 0.05]", "alpha:\n  - 0.01\n  - 0.05"),
            ("seed: [1, 2, 3]", "seed: [1, 0x2, 3, 3]"),
            ("seed: [1, 2, 3]", "seed: [1, 2, 3]  # three"),
            ("notebook: template", "notebook: 'template'"),
            ("n_graphs: 2", "n_graphs: 2.0"),
            ("runtime: 60", "runtime: 1h"),
        ],
    )
    _yaml(work, old, new)
    return work.facts


@mutates("grid")
def grid_saved_by_another_program(work: Work, random: Random) -> Expected:
    file = work.file("tried.yml")
    content = file.read_bytes()
    forms = [b"\xef\xbb\xbf" + content, content.replace(b"\n", b"\r\n"), b"---\n" + content]
    file.write_bytes(pick(random, forms))
    return work.facts


@mutates("grid")
def keys_in_another_order(work: Work, random: Random) -> Expected:
    parts = re.split(r"^(?=\w)", work.file("tried.yml").read_text(), flags=re.M)[1:]
    work.file("tried.yml").write_text("".join(parts[k] for k in random.permutation(len(parts))))
    return work.facts


@mutates("grid")
def grid_renamed(work: Work, random: Random) -> Expected:
    new = pick(random, ["2024", "on", "1e3", "null", "a.b", "x-1", "2024-01-05", "007"])
    work.rename("tried.yml", f"{new}.yml")
    work.text(f"{new}.yml", lambda text: text.replace("experiment: tried", f"experiment: {new}"))
    return work.facts


@mutates("grid")
def more_values(work: Work, random: Random) -> Expected:
    seeds = sorted(random.choice(1000, int(random.integers(1, 9)), replace=False).tolist())
    _yaml(work, "[1, 2, 3]", str(seeds))
    return {"runs": sorted(f"alpha={a}+seed={s}" for a in (0.01, 0.05) for s in seeds)}


@mutates("grid")
def value_set_from_outside(work: Work, random: Random) -> Expected:
    seed = int(random.integers(4, 1000))
    work.words += ["--set", f"seed={seed}"]
    return {"runs": sorted(f"alpha={alpha}+seed={seed}" for alpha in (0.01, 0.05))}


@mutates("grid")
def set_impossible(work: Work, random: Random) -> Expected:
    words = [
        "seed", "=1", "seed=", "seed=x", "sed=1", "alpha=2", "seed=[1", "resources.memory=1",
        "resources.mem_mb=-1", "alpha=.nan", "a.b=1", "seed={1: 2}", "seed=1e400", "frames=[0]",
    ]  # fmt: skip
    work.words += ["--set", pick(random, words)]
    return TOLD


@mutates("grid")
def key_misspelt(work: Work, random: Random) -> Expected:
    key = pick(random, ["experiment", "notebook", "fixed", "grid", "alpha", "seed", "n_graphs"])
    new = pick(random, [key.upper(), key + "s", key[:-1], f"{key}_"])
    work.text("tried.yml", lambda text: re.sub(rf"\b{key}:", f"{new}:", text, count=1))
    return TOLD


@mutates("grid")
def value_out_of_range(work: Work, random: Random) -> Expected:
    old, bad = pick(
        random,
        [
            ("[0.01, 0.05]", ["[0]", "[0.01, 1]", "[.nan]", "[.inf]", "[-0.1]", "[1e999]", "[no]"]),
            ("[1, 2, 3]", ["[-1]", "[1.5]", "[x]", "[2024-01-05]", "[[1]]", "[null]", "[1_0]"]),
            ("n_graphs: 2", ["n_graphs: 0", "n_graphs: -2", "n_graphs: 4:30", "n_graphs: many"]),
            ("frames: [200]", ["frames: [0]", "frames: []", "frames: [200.5]", "frames: {a: 1}"]),
            ("mem_mb: 2000", ["mem_mb: 2GB", "mem_mb: 0", "mem_mb: -1", "mem_mb: 1.5", "mem: 1"]),
            ("runtime: 60", ["runtime: 4:00:00", "runtime: 0", "runtime: soon", "runtime: 1-12"]),
            ("notebook: template", ["notebook: templat", "notebook: ../x", "notebook: [a]"]),
            ("experiment: tried", ["experiment: other", "experiment: html", "experiment: [a]"]),
        ],
    )
    _yaml(work, old, pick(random, bad))
    return TOLD


@mutates("grid")
def lists_missing(work: Work, random: Random) -> Expected:
    old, bad = pick(
        random,
        [
            ("[0.01, 0.05]", ["0.01", "[]", "", "{a: 1}", "text"]),
            ("{frames: [200], n_graphs: 2}", ["[1]", "text", "3", "{seed: 4}"]),
            (
                "resources:",
                ["resources: 3\nother:", "points: 3\nresources:", "points_per_job: 0\nresources:"],
            ),
        ],
    )
    _yaml(work, old, pick(random, bad))
    return TOLD


@mutates("grid")
def no_yaml(work: Work, random: Random) -> Expected:
    content = work.file("tried.yml").read_bytes()
    broken = [
        b"", b"\n", b"3", b"[1, 2]", b"a: b: c", content.replace(b"  alpha", b"\talpha"),
        content + b"experiment: tried\n", content + b"grid: {seed: [4]}\n", content + b"x: &a *b\n",
        content + "# é\n".encode("latin-1"), random.bytes(200), content[: len(content) // 3],
        content + b"? [a]\n: 1\n", b"[" * 3000, content + b"seed: !!python/object:os.system x\n",
        content.decode().encode("utf-16"), b"\0" * 50,
    ]  # fmt: skip
    work.file("tried.yml").write_bytes(pick(random, broken))
    return TOLD


# The command line

BAD_OPTIONS = {
    "film": {
        "--fps": ["0", "-3", "nan", "1e9", "inf", "x", "1e-9"],
        "--every": ["0", "-1", "1.5", "x", "100000"],
        "--crop": ["0", "-64", "1", "x", "1e3", "999999999"],
        "--stride": ["0", "-1", "x", "1000000000", "2.5"],
        "--smoothing": ["-1", "nan", "x", "-inf", "11", "1e5", "1e300"],
        "--flow": ["dis2", ""],
        "--mdmo": ["x"],
        "--head-motion": ["x"],
        "--face": ["nobody", "1,2,3", "nan,nan", "", "-1", "7"],
        "--processes": ["0", "-1", "x"],
        "--landmarks": ["/nowhere/points.csv", "", "/dev/null", "."],
        "-o": ["/proc/x.npz", "/dev/null/x.npz"],
        "--device": ["gpu", "cuda"],
        "--unknown": ["1"],
    },
    "pictures": {"--fps": ["0", "-3", "nan", "1e9", "inf", "x", ""], "--every": ["0", "-2", "99"]},
    "motion": {
        "--debias": ["-1", "nan", "x", "inf", "1e300"],
        "--model": ["/nowhere", "/dev/null", "."],
        "-o": ["out.txt", "out", "/proc/out.csv", "/dev/null/x.csv"],
        "--motion": ["/nowhere.npz"],
        "--face": ["left"],
        "--landmarks": ["x.csv"],
    },
    "intervals": {
        "--kind": ["mirco", ""],
        "--fps": ["0", "nan", "-1"],
        "--every": ["0", "5", "23"],
        "--intervals": ["/nowhere.csv", ".", "/dev/null"],
        "--model": ["/nowhere", "/dev/null"],
        "-o": ["out.txt", "/proc/out.csv"],
        "--face": ["nobody", "9"],
    },
    "motions": {
        "--alpha": ["0", "1", "-0.1", "nan", "x", "2", "inf"],
        "--components": ["x", ""],
        "--leave-out-first": ["-1", "x", "300", "295", "1.5", "10000000000"],
        "--depth": ["-1", "x", "1.5"],
        "--policy": ["x"],
        "--backend": ["x"],
        "-o": ["/proc/out.json", "/dev/null/x.json"],
    },
    "labels": {
        "--protocol": ["x", ""],
        "--missing-offset": ["x"],
        "--json": ["out.txt", "/proc/x.json", "."],
        "--truth": ["/nowhere.csv", ".", "/dev/null"],
        "--predictions": ["/nowhere.csv", ""],
        "--unknown": ["1"],
    },
}


@mutates(*BAD_OPTIONS)
def option_out_of_range(work: Work, random: Random) -> Expected:
    (kind,) = (name for name, s in SUBJECTS.items() if work.made_by is s.make)
    name, values = pick(random, list(BAD_OPTIONS[kind].items()))
    work.option(name, pick(random, values))
    return TOLD
