"""Show how regions of real faces move, and how that motion fits the annotations."""

import pandas as pd

from causalex_book.data import real_motion
from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Tables


def units_table(tables: Tables) -> None:
    """Show how far regions move by action unit, at rest and in expressions."""
    shown = pd.concat(
        rows[rows["region"].str.contains(real_motion.UNITS[unit])]
        for (_, unit), rows in tables["units"].groupby(["database", "unit"], sort=False)
    )
    for direction in ("right", "down"):
        columns = (f"{direction}_px", f"{direction}_px_low", f"{direction}_px_high")
        shown = show.with_interval(shown, *columns, digits=1)
    show.table(
        shown,
        "Displacement from onset to apex, px of AUW-GCN's crop, in the image to the right and down"
        " (95 % interval over subjects).",
        "tab-real-units",
        headers={"unit": "AU", "right_px": "to the right", "down_px": "down"},
    )
    show.table(
        tables["regions"],
        "Mean motion of each region, px of AUW-GCN's crop per frame, mean over subjects.",
        "tab-real-regions",
        headers={"rest_px": "at rest", "expression_px": "in expressions"},
    )


def conclusions(tables: Tables, unshifted: Frame, inputs: Frame, most_shift: int) -> list[str]:
    """State how marks fit the annotations, and how well motion tells expressions from rest."""
    marks = tables["marks"].groupby("database", sort=False).sum(numeric_only=True)
    areas = unshifted.set_index(["database", "kind"])
    z = tables["beginnings"].set_index(["database", "frame"])["z"]
    moved = tables["units"].set_index(["database", "unit", "region"])
    ratio = tables["regions"].set_index(["database", "region"])["ratio"]
    quietest = tables["regions"].groupby("database", sort=False)["rest_px"].nsmallest(2)
    noses = tables["regions"].loc[quietest.index.get_level_values(1), "region"].unique()
    return [
        "Motion ends where the published duration says in"
        f" {inputs.loc[real_motion.ENDS, 'CAS(ME)^2']} of {inputs.loc['videos', 'CAS(ME)^2']}"
        " videos of CAS(ME)^2 and in"
        f" {inputs.loc[real_motion.ENDS, 'SAMM-LV']} of {inputs.loc['videos', 'SAMM-LV']} of SAMM.",
        f"Of {marks['marked'].sum()} marks in the windows, {marks['differ_as_written'].sum()}"
        " differ from those made as AUW-GCN's code makes them, and"
        f" {marks['differ'].sum()} if a missing apex is put in the middle instead.",
        f"Marks give back {marks.loc['CAS(ME)^2', 'exact']} of"
        f" {marks.loc['CAS(ME)^2', 'expressions']} expressions of CAS(ME)^2 and"
        f" {marks.loc['SAMM-LV', 'exact']} of {marks.loc['SAMM-LV', 'expressions']} of SAMM, and"
        f" {marks.loc['CAS(ME)^2', 'mirrored']} offsets that nobody annotated. They cannot stand"
        " for the truth.",
        f"Motion alone tells frames of expressions from rest with an area of"
        f" {areas['auc'].min():.2f} to {areas['auc'].max():.2f}. Of all shifts up to"
        f" {most_shift} frames to each side, zero is the best for"
        f" {(areas['best_shift'] == 0).sum()} of {len(areas)} kinds and databases.",
        f"Videos of CAS(ME)^2 begin with a start: frame 0 moves {z['CAS(ME)^2', 0]:.1f} standard"
        f" deviations more than the rest of its video (SAMM: {z['SAMM-LV', 0]:.2f}).",
        "At the apex of AU12 the corners of the mouth have moved up by"
        f" {-moved.loc[('CAS(ME)^2', 12, 'right mouth corner'), 'down_px']:.1f} px in CAS(ME)^2 and"
        f" {-moved.loc[('SAMM-LV', 12, 'right mouth corner'), 'down_px']:.1f} px in SAMM (right"
        " one).",
        f"The quietest regions are {' and '.join(noses)}; in expressions the motion of the right"
        f" mouth corner grows by a factor of {ratio['CAS(ME)^2', 'right mouth corner']:.1f} and"
        f" {ratio['SAMM-LV', 'right mouth corner']:.1f}.",
    ]
