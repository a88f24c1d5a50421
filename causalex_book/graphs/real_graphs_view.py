"""Show the causal graphs of real faces: their edges, places and stability."""

from causalex_book.graphs import real_graphs
from causalex_book.publishing import show
from causalex_book.publishing.results import Tables

READINGS = {
    "any_edge": "any edge",
    "directed": "`-->`",
    "possibly_directed": "`-->` and `o->`",
}


def edges_table(tables: Tables, alpha: float) -> None:
    """Show how many edges graphs of real faces have under each reading."""
    show.table(
        tables["edges"].replace({"policy": READINGS}),
        f"Edges of 66 at level {alpha}: mean, least and most over graphs, and share of graphs"
        " without any. Frames and effective samples are medians.",
        "tab-real-edges",
        digits={"edges": 1, "n_eff": 0, "frames": 0, "without_any": 2},
        headers={"graph_of": "graph of", "policy": "reading", "n_eff": "effective samples"},
    )


def choices_table(tables: Tables) -> None:
    """Show how samples, level and sample size change the mean edges per video."""
    show.table(
        tables["choices"],
        "Mean edges per video by samples, level and sample size; correlation of a frame with the"
        " next; effective samples per frame; mean edges of the shifted surrogate.",
        "tab-real-choices",
        digits={
            "alpha": 3,
            "lag_1": 2,
            "n_eff_per_frame": 2,
            "edges": 1,
            "directed": 1,
            "shifted": 1,
        },
        headers={
            "sample_size": "sample size",
            "lag_1": "with the next frame",
            "n_eff_per_frame": "effective samples per frame",
            "shifted": "edges if shifted",
        },
    )


def places_table(tables: Tables) -> None:
    """Show where joined pairs lie on the face, and how they correlate with other matrices."""
    show.table(
        tables["places"],
        "Pairs by where they lie on the face: mean share of videos that join them, and their share"
        " of all edges.",
        "tab-real-places",
        digits=2,
        headers={"pairs_lie": "pairs", "pairs": "how many", "share_of_edges": "share of all edges"},
    )
    show.table(
        tables["associations"],
        "Rank correlation, over the 66 pairs, of the share of videos that join a pair with other"
        " matrices; p from permuting the regions. Priors are counts of Eq. 2 from the annotations.",
        "tab-real-associations",
        digits={"rho": 2, "p": 3},
        headers={"joined_against": "against", "rho": "rank correlation"},
    )


def stability_table(tables: Tables) -> None:
    """Show how many edges and marks two graphs of real faces share."""
    show.table(
        tables["stability"],
        "Edges that two graphs share (Jaccard index), share of common edges with the same marks at"
        " both ends, and --> edges in both graphs that point the same way or against each other.",
        "tab-real-stability",
        digits={"jaccard": 2, "same_marks": 2, "p": 3},
        headers={
            "pairs": "pairs of graphs",
            "jaccard": "edges shared",
            "same_marks": "same marks",
            "same_way": "same way",
            "opposite_way": "opposite way",
        },
    )


def expressions_table(tables: Tables) -> None:
    """Show how edges change when the frames of expressions are left out."""
    show.table(
        tables["expressions"],
        "Mean edges without the frames of expressions, and edges shared with the graph of the whole"
        " video (Jaccard index).",
        "tab-real-expressions",
        digits={"share_of_frames": 2, "edges": 1, "directed": 1, "jaccard": 2},
        headers={
            "left_out": "left out",
            "share_of_frames": "share of frames",
            "jaccard": "edges shared",
        },
    )


def summary(tables: Tables, transient: int) -> list[str]:
    """State how many edges real faces have, where they lie and how stable they are."""
    cas, samm = real_graphs.DATABASES
    edges = tables["edges"].set_index(["database", "graph_of", "policy"])["edges"]
    empty = tables["edges"].set_index(["database", "graph_of", "policy"])["without_any"]
    false = tables["surrogates"].query("sample_size == 'bartlett'")
    false = false.set_index(["database", "regions", "left_out"])["edges"]
    mixed = false.xs(real_graphs.MIXED, level="regions")
    locations = tables["places"].set_index(["database", "pairs_lie"])
    near = [locations.loc[name].iloc[0] for name in (cas, samm)]
    grs16 = tables["lengths"].query("database == @cas").sort_values("frames")
    without = tables["expressions"].set_index(["database", "left_out"])
    turned = tables["stability"].query("comparison == 'halves of one video' and database == @cas")
    turned = turned.sort_values("frames").iloc[-1]
    alike = tables["stability"].set_index(["database", "frames", "comparison"])["jaccard"]
    alike = alike.loc[(cas, turned["frames"])]
    causal = tables["most_causal"].set_index("database")
    s16 = tables["subject"].query("row < column")
    s16 = (s16[["any_edge", "directed", "prior", "compound"]] > 0).sum()
    s16["directed"] = (tables["subject"]["directed"] > 0).sum()
    return [
        f"A video of CAS(ME)^2 has {edges[cas, 'video', 'any_edge']:.1f} edges of 66 on average,"
        f" and {edges[cas, 'video', 'directed']:.1f} with a direction; one of SAMM-LV"
        f" {edges[samm, 'video', 'any_edge']:.1f} and {edges[samm, 'video', 'directed']:.1f}."
        f" {empty[cas, 'video', 'directed']:.0%} and {empty[samm, 'video', 'directed']:.0%} of them"
        " have none with a direction: Eq. 1 read as --> then gives an empty matrix.",
        f"Length: the first {grs16['frames'].iloc[0]} frames of CAS(ME)^2 give"
        f" {grs16['edges'].iloc[0]:.1f} edges, the first {grs16['frames'].iloc[-1]}"
        f" {grs16['edges'].iloc[-1]:.1f}.",
        f"Surrogates: regions shifted in time have {false[cas, real_graphs.SHIFTED, 0]:.1f} edges"
        f" in CAS(ME)^2 and {false[samm, real_graphs.SHIFTED, 0]:.1f} in SAMM-LV. Regions of"
        f" different videos of CAS(ME)^2 have {mixed[cas, 0]:.1f}, and {mixed[cas, transient]:.1f}"
        f" without the first {transient} frames; real videos then still have"
        f" {false[cas, real_graphs.REAL, transient]:.1f}.",
        f"Where: {near[0]['pairs']:.0f} pairs side by side on a brow or around the mouth are"
        f" joined in {near[0]['joined']:.0%} of the videos of CAS(ME)^2 and make"
        f" {near[0]['share_of_edges']:.0%} of all edges; in SAMM-LV in {near[1]['joined']:.0%},"
        f" and {near[1]['share_of_edges']:.0%}.",
        "Persons: graphs of two videos of one person share"
        f" {alike['two videos of one person']:.2f} of their edges, of two persons"
        f" {alike['two persons']:.2f} ({turned['frames']} frames each, CAS(ME)^2). A little of the"
        " person, or of the day of the recording, is in the graph.",
        f"Direction: of the --> edges in both halves of a video, {turned['same_way']} point the"
        f" same way and {turned['opposite_way']} the opposite way.",
        f"Expressions: without their frames videos of CAS(ME)^2 have"
        f" {without.loc[(cas, 'expressions'), 'edges']:.1f} edges in place of"
        f" {without.loc[(cas, 'nothing'), 'edges']:.1f}. They share"
        f" {without.loc[(cas, 'expressions'), 'jaccard']:.2f} of the edges with the whole video;"
        " if as many other frames are left out,"
        f" {without.loc[(cas, 'as many other frames'), 'jaccard']:.2f}. Expressions move some"
        " edges. They do not make the graph.",
        f"Eq. 6 keeps {causal.loc[cas, 'regions']:.1f} regions of a video of CAS(ME)^2 and"
        f" {causal.loc[samm, 'regions']:.1f} of SAMM-LV; {causal.loc[cas, 'empty']:.0%} and"
        f" {causal.loc[samm, 'empty']:.0%} of the videos have none to keep.",
        f"Figure 6: for s16 A joins {s16['any_edge']} of 66 pairs, {s16['directed']} of them by"
        f" -->; the prior joins {s16['prior']}, both together in C {s16['compound']}.",
    ]
