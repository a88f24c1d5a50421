"""Show how well flow maps identify people, and UF1 on permuted labels."""

from collections.abc import Mapping
from typing import Any

from causalex_book.publishing import show, style
from causalex_book.publishing.results import Tables
from causalex_book.recognition import emotion_probes
from causalex_book.recognition.emotion_probes import (
    BY_CLIP,
    BY_PERSON,
    GUESSES,
    WITHIN_DATABASE,
    WITHIN_SUBJECT,
)
from causalex_book.recognition.emotions import COMPOSITE
from causalex_book.recognition.selection import LAST, TEST

NAMES = {"uf1": "UF1", "uar": "UAR"}


def leak_table(tables: Tables, used: Mapping[str, Any]) -> None:
    """Show scores with people and with clips held out."""
    shown = show.with_interval(tables["folds"], "value").set_index(["scope", "measure"])
    beyond = show.with_interval(tables["leak"], "difference").set_index(["scope", "measure"])
    both = {
        f"held_out_{name.replace(' ', '_')}": shown.query("folds == @name")["value"]
        for name in (BY_PERSON, BY_CLIP)
    }
    show.table(
        beyond.assign(**both)[[*both, "difference"]].rename(index=NAMES).reset_index(),
        "Scores of emotions with people left out and with clips (mean over"
        f" {used['n_clip_folds']} sets of folds), and the difference, paired by person.",
        "tab-emotion-leak",
    )


def chance_figure(tables: Tables) -> None:
    """Draw UF1 on permuted labels."""
    folds = (
        tables["folds"]
        .query("scope == @COMPOSITE and measure == 'uf1'")
        .set_index("folds")["value"]
    )
    style.show_figure(
        emotion_probes.chance_figure(
            tables["chance"],
            {
                "true labels, people left out": folds[BY_PERSON],
                "true labels, clips left out": folds[BY_CLIP],
            },
        )
    )


def conclusions(tables: Tables) -> list[str]:
    """State how well maps identify people, and how permuted labels change UF1."""
    people = tables["people"].set_index("scope")
    everybody = people.loc[COMPOSITE]
    within = people.drop(COMPOSITE)
    leak = tables["leak"].query("measure == 'uf1'").set_index("scope").loc[COMPOSITE]
    permutations = tables["permutations"].query("scope == @COMPOSITE").set_index("permuted")
    by_database, by_subject = (permutations.loc[name] for name in (WITHIN_DATABASE, WITHIN_SUBJECT))
    floors = tables["floors"].pivot(index="system", columns="rule", values="uf1")
    gained = floors[TEST] - floors[LAST]
    of_layers = gained.drop(GUESSES)
    greatest = permutations["greatest"].max()
    little = "little" if leak["high"] < 0.05 else "much"
    return [
        f"One map identifies which of {everybody['people']:.0f} people it shows in"
        f" {100 * everybody['accuracy']:.0f} % of {everybody['clips']:.0f} clips"
        f" [{100 * everybody['low']:.0f}, {100 * everybody['high']:.0f}], where one guess in"
        f" {everybody['people']:.0f} is right by chance. Within a database it is"
        f" {100 * within['accuracy'].min():.0f} to {100 * within['accuracy'].max():.0f} %. Flow"
        " maps are no anonymous data.",
        f"For the linear model, training on a person's other clips changes UF1 by"
        f" {show.interval(leak, 'difference', with_sign=True)}: what identifies people adds"
        f" {little} to what identifies emotions. A network with room to remember people may gain"
        " more.",
        f"On labels permuted within a database the model scores {by_database['mean']:.3f} on"
        f" average, on labels permuted within each person {by_subject['mean']:.3f}: that much can"
        " be read from who is recorded and how unequal the classes are, whatever a clip shows.",
        f"On true labels it scores {by_subject['uf1']:.3f}; none of"
        f" {by_subject['permutations']} permutations of either kind scores as much (greatest"
        f" {greatest:.3f}, p = {by_subject['p']:.4f}). Maps do show emotions."
        if greatest < by_subject["uf1"]
        else f"On true labels it scores {by_subject['uf1']:.3f}, which permutations reach too"
        f" (p = {by_database['p']:.4f} within a database, {by_subject['p']:.4f} within a subject).",
        f"Without any information the published rule adds {of_layers.min():.3f} to"
        f" {of_layers.max():.3f} to a trained layer, and {gained[GUESSES]:.3f} to guesses. How"
        " much it adds to a network depends on how much its epochs differ.",
    ]
