"""Show how published detections score when they are counted under every protocol."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Result

COUNTS = {"tp": "TP", "n_pred": "detections", "n_truth": "truths", "f1": "F1"}


def published(result: Result) -> None:
    """Show printed counts of each system beside ours, and how many MDMD rows agree."""
    printed = ["printed_tp", "printed_n_pred", "printed_n_truth"]
    show.table(
        result.tables["published"],
        "Printed counts and ours, under each author's own rule (`each_truth`, own truths) and with"
        " their own F1, which takes each truth that is hit for a detection that is right, even if"
        " one detection hits two. LGSNet prints rates only.",
        "tab-published",
        digits={"f1": 6},
        headers=COUNTS
        | {name: f"{COUNTS[name.removeprefix('printed_')]}, printed" for name in printed},
    )
    show.table(
        result.tables["mdmd_rows"],
        "Printed count rows of MDMD, one per threshold, and how many of them ours equal.",
        "tab-mdmd-rows",
    )


def conclusions(result: Result) -> list[str]:
    """State how far the way of counting moves F1 of LGSNet and the MEGC2024 entry."""
    spread = result.tables["spread"].set_index(["system", "database"])
    lgsnet = spread.loc[("LGSNet", "CAS(ME)^2")]
    entry = spread.loc[("MEGC2024 entry", "CAS(ME)^2")]
    by_rule = result.tables["scores"].set_index(["system", "truths", "protocol", "kind"])
    official = by_rule.loc[("LGSNet", "as_is", "megc", "overall")]
    recomputed = by_rule.loc[("LGSNet", "own table", "each_truth", "overall")]
    return [
        f"LGSNet's {recomputed['n_pred']} detections have F1 {recomputed['f1']:.3f} as printed and"
        f" {official['f1']:.3f} [{official['low']:.3f}, {official['high']:.3f}] under the"
        " challenge's rule on the annotations as they are.",
        f"Counting alone moves LGSNet by up to {lgsnet['difference']:.3f} [{lgsnet['low']:.3f},"
        f" {lgsnet['high']:.3f}] and the MEGC2024 entry by up to {entry['difference']:.3f}"
        f" [{entry['low']:.3f}, {entry['high']:.3f}]. Two rows of a table of results that come from"
        " different counting cannot be compared below such a difference.",
        "The 95 % interval of one system is wider than that: with 22 to 30 subjects, an F1 of this"
        " field carries about one digit.",
    ]
