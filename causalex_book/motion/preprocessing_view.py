"""Show how accurate extracted motion is on a real clip, known warps and synthetic films."""

from typing import Any

from causalex_book.motion import figures
from causalex_book.publishing import show, style
from causalex_book.publishing.results import Frame, Tables
from causalex_core.regions import REGIONS


def by_motion(table: Frame, value: str) -> Frame:
    """One row per method, one column per motion."""
    wide = table.pivot(index=["method", "pairs"], columns="motion_px", values=value)
    wide = wide.reindex(table[["method", "pairs"]].drop_duplicates().apply(tuple, axis=1))
    return (
        wide.rename(columns=lambda motion: f"{motion:g} px").rename_axis(columns=None).reset_index()
    )


def clip_figure(clip: Any) -> None:
    """Draw landmarks, flow and motion of the regions on one frame of the real clip."""
    if clip:
        drawn = figures.steps(
            clip.frame,
            clip.points,
            clip.crop,
            clip.crop_points,
            clip.flow,
            clip.motion.motion[clip.number],
            [region.landmark for region in REGIONS],
            longer=12,
        )
    else:
        drawn = figures.missing()
    style.show_figure(drawn)


def flow_table(tables: Tables, times: Frame) -> None:
    """Show the error, direction error and CPU time of each flow method."""
    accuracy = tables["accuracy"].assign(
        method=tables["accuracy"]["method"].map(figures.METHOD_NAMES)
    )
    percent = accuracy.assign(
        **{name: 100 * accuracy[name] for name in ("error", "error_low", "error_high")}
    )
    percent = show.with_interval(percent, "error", "error_low", "error_high", digits=0)

    show.table(
        by_motion(percent, "error").drop(columns="pairs"),
        "Error of a region's motion in per cent, with its 95 % interval, by the largest motion.",
        "tab-flow-error",
    )
    angles = by_motion(accuracy, "angle")
    still = by_motion(accuracy, "still_px").drop(columns=["method", "pairs"]).mean(axis=1)
    show.table(
        angles.assign(still=still),
        "Error of the direction in degrees, and mean length of the flow where nothing moves.",
        "tab-flow-angle",
        digits=dict.fromkeys(angles, 0) | {"still": 3},
        headers={"still": "where nothing moves, px"},
    )

    show.table(
        tables["cost"].assign(
            method=tables["cost"]["method"].map(figures.METHOD_NAMES),
            ratio=[ms / times["lucas_kanade"] for ms in times],
        ),
        "CPU time per pair of crops on one thread. Times belong to the machine named at the foot of"
        " this page, and to what else it was doing.",
        "tab-flow-cost",
        digits=1,
        headers={
            "fastest_ms": "fastest, ms",
            "median_ms": "median, ms",
            "ratio": "times the default",
        },
    )


def films_table(tables: Tables, heads: Frame) -> None:
    """Show how far the smile in synthetic films stands out under each setting."""
    films = show.with_interval(tables["films"], "snr", "snr_low", "snr_high", digits=0)
    kinds = ["varied", "setting"]
    wide = films[[*kinds, "films"]].drop_duplicates()
    for head, name in heads.items():
        part = films[films["head_motion"] == head].set_index(kinds)
        for column, labels in (("snr", "stands out"), ("correlation", "correlation")):
            wide[f"{name}: {labels}"] = (
                part[column].reindex(wide[kinds].apply(tuple, axis=1)).to_numpy()
            )
    show.table(
        wide,
        "Median and range over films of how far the smile stands out, and median correlation with"
        " the true motion of all regions (x and y together, where the truth moves by about 0.05 px"
        " or more).",
        "tab-films",
        digits=2,
        headers={"varied": "changed", "setting": "to"},
    )


def conclusions(tables: Tables, times: Frame) -> list[str]:
    """State how flow, head motion and alignment change the error and the smile's signal."""
    errors = tables["accuracy"].set_index(["method", "motion_px"])["error"]
    stands = tables["films"].set_index(["varied", "setting", "head_motion"])["snr"]
    little, much = min(tables["films"]["head_motion"]), max(tables["films"]["head_motion"])
    small = sorted(tables["accuracy"]["motion_px"].unique())[:2]
    default, much_default = stands["", "default", little], stands["", "default", much]

    def at(method: str, motion: float) -> str:
        """Error of a method at a given motion, in per cent."""
        return f"{errors[method, motion]:.0%}"

    return [
        f"At {small[-1]:g} px the default misses {at('lucas_kanade', small[-1])} of a region's"
        f" motion, TV-L1 with its usual settings {at('tv_l1', small[-1])}; TV-L1 takes"
        f" {times['tv_l1'] / times['lucas_kanade']:.0f} times as long.",
        f"Storing the default's flow in 8 bits takes its error at {small[0]:g} px from"
        f" {at('lucas_kanade', small[0])} to {at('lucas_kanade, 8 bits', small[0])}, and at"
        f" {small[-1]:g} px from {at('lucas_kanade', small[-1])} to"
        f" {at('lucas_kanade, 8 bits', small[-1])}. TV-L1's, at {small[-1]:g} px:"
        f" {at('tv_l1', small[-1])} before and {at('tv_l1, 8 bits', small[-1])} after.",
        f"Comparing successive frames, a small smile stands out by"
        f" {stands['stride', '1 frame', little]:.1f} standard deviations of quiet; with the default"
        f" stride of 4 frames, by {default:.1f}.",
        f"With a head that moves {much:g} times as much, the smile stands out by"
        f" {stands['head motion', 'kept', much]:.1f} when head motion is kept, by"
        f" {stands['head motion', 'nose', much]:.1f} when the nose's translation is subtracted,"
        f" and by {much_default:.1f} with the similarity fit.",
        f"Aligning each frame by itself gives {stands['alignment', 'each frame; nose', little]:.1f}"
        f" with the nose's translation, where smoothed alignment gives"
        f" {stands['head motion', 'nose', little]:.1f}. With the similarity fit, which undoes what"
        f" alignment adds, it gives {stands['alignment', 'each frame', little]:.1f} against"
        f" {default:.1f}.",
        f"How a region's vectors become one: {default:.1f} with MDMO,"
        f" {stands['region', 'plain mean', little]:.1f} with a plain mean,"
        f" {stands['region', 'AUW-GCN', little]:.1f} with AUW-GCN's variant.",
    ]
