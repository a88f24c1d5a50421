"""Show what UF1 guesses reach when the epoch is selected on the test subjects."""

from causalex_book.publishing import show, style
from causalex_book.publishing.results import Frame, Tables
from causalex_book.recognition import emotion_floor, printed_scores
from causalex_book.recognition.emotions import COMPOSITE, DATABASES
from causalex_book.recognition.selection import CROSS, LAST, TEST


def sizes_table(tables: Tables, n_epochs: int) -> None:
    """Show accuracy of guesses by number of samples."""
    sizes = tables["sizes"].assign(
        of_one_emotion=lambda rows: (
            rows["of_one_emotion"].astype(str) + " of " + rows["subjects"].astype(str)
        )
    )
    show.table(
        sizes,
        "Subjects by number of samples (fewest to most), how many of them show one emotion only,"
        f" and the accuracy of guesses under each rule ({n_epochs} epochs, mean over draws).",
        "tab-floor-sizes",
        headers={"of_one_emotion": "of one emotion", LAST: LAST, CROSS: CROSS, TEST: TEST},
    )


def floor_figure(printed: Frame, composite: Frame, linear: Frame) -> None:
    """Draw UF1 of guesses by number of epochs."""
    codes = (
        printed.query("scope == 'composite' and measure == 'uf1'")
        .assign(epochs=lambda rows: rows["method"].map(printed_scores.CHOSEN_AMONG))
        .dropna(subset="epochs")
    )

    style.plotly_html(
        emotion_floor.floor_figure(composite, codes, {"linear model, honest": linear["value"]}),
        "emotion-floor",
        "Line chart: UF1 of guesses under test_selected rises steeply with the number of epochs,"
        " past the honest linear model, towards two printed scores; the other rules stay at one"
        " third.",
    )


def floors(printed: Frame, tables: Tables, scores: Frame) -> Frame:
    """UF1 as printed, of guesses under the rule of that code, and of the linear model, by scope."""
    wide = printed.query("measure == 'uf1'").pivot(index="scope", columns="method", values="value")
    columns: dict[str, Frame] = {}
    for method, number in printed_scores.CHOSEN_AMONG.items():
        floor = tables["floor"].query("rule == @TEST and epochs == @number").set_index("scope")
        columns |= {f"{method}, printed": wide[method], f"guesses, {number} epochs": floor["uf1"]}
    columns["linear model, honest"] = scores.xs(
        ("linear model", emotion_floor.NO_CHOICE, "uf1"), level=("system", "rule", "measure")
    )["value"]
    return floor.assign(**columns).loc[[COMPOSITE, *DATABASES.values()], list(columns)]


def floor_table(floors: Frame) -> None:
    """Show printed UF1 and that of guesses, by scope."""
    show.table(
        floors.reset_index(),
        "UF1 as printed by two papers, of guesses under the rule of their code, and of the linear"
        " model without a choice.",
        "tab-emotion-floor",
        headers={name: name for name in floors},
    )


def comparison_figure(tables: Tables, known: Frame, composite: Frame) -> None:
    """Draw printed composite UF1 beside ours, with guesses as lines across."""
    uf1 = tables["scores"].query("scope == 'composite' and measure == 'uf1'")
    measured = uf1.assign(
        label=uf1["system"] + ", " + uf1["rule"].where(uf1["rule"] != emotion_floor.NO_CHOICE, ""),
        on_test=uf1["rule"] == TEST,
    )
    measured = measured.assign(label=measured["label"].str.removesuffix(", ")).reset_index(
        drop=True
    )
    guesses = composite.query("rule == @TEST and epochs in [200, 800]").assign(
        label=lambda rows: "guesses, best of " + rows["epochs"].astype(str) + " per subject"
    )
    style.show_figure(emotion_floor.comparison_figure(known, measured, guesses))


def scores_table(tables: Tables) -> None:
    """Show UF1, UAR and accuracy of each system and rule, with intervals."""
    shown = show.with_interval(tables["scores"], "value").pivot(
        index=["system", "rule", "scope"], columns="measure", values="value"
    )
    order = tables["scores"][["system", "rule", "scope"]].drop_duplicates()
    show.table(
        shown.loc[list(order.itertuples(index=False, name=None)), ["uf1", "uar", "accuracy"]]
        .reset_index()
        .query("scope == 'composite' or rule == @emotion_floor.NO_CHOICE"),
        "Scores with 95 % intervals over subjects. Those of guesses are means over draws.",
        "tab-emotion-baselines",
        headers={"uf1": "UF1", "uar": "UAR"},
    )


def conclusions(
    composite: Frame,
    n_epochs: int,
    tables: Tables,
    known: Frame,
    floors: Frame,
    linear: Frame,
) -> list[str]:
    """State what the published rule adds to guesses, and how printed scores compare."""

    def drawn(rule: str) -> str:
        """Composite UF1 of guesses with the range of 95 % of the draws, as text."""
        row = composite[(composite["rule"] == rule) & (composite["epochs"] == n_epochs)].iloc[0]
        return f"{row['uf1']:.3f} (95 % of draws: {row['low']:.3f} to {row['high']:.3f})"

    few = tables["sizes"].query("most <= 4")
    reached = (few[TEST] * few["samples"]).sum() / few["samples"].sum()
    gains = tables["gains"].query("measure == 'uf1' and over == @LAST").set_index("system")
    layer, guesses = gains.loc[emotion_floor.ONE_LAYER], gains.loc[emotion_floor.GUESSES]
    dropping = tables["dropping"].set_index("system").loc["linear model"]
    rows = known.set_index("method")["value"]
    distances = {
        method: rows[method] - floors.loc["composite", f"guesses, {epochs} epochs"]
        for method, epochs in printed_scores.CHOSEN_AMONG.items()
    }
    measured = ", ".join(
        f"{method}'s {rows[method]:.4f} lies {abs(distance):.3f}"
        f" {'above' if distance > 0 else 'below'}"
        for method, distance in distances.items()
    )
    below = [
        f"{method} on {scope} ({floors.loc[scope, f'{method}, printed']:.3f} against"
        f" {floors.loc[scope, f'guesses, {epochs} epochs']:.3f})"
        for method, epochs in printed_scores.CHOSEN_AMONG.items()
        for scope in floors.index
        if floors.loc[scope, f"{method}, printed"] < floors.loc[scope, f"guesses, {epochs} epochs"]
    ]
    return [
        f"{few['subjects'].sum()} of {tables['sizes']['subjects'].sum()} subjects have at most four"
        f" samples. Guesses have an accuracy of {100 * reached:.0f} % on them when each keeps its"
        f" best of {n_epochs} epochs.",
        "With no information beyond how frequent the emotions are, the published rule scores a"
        f" composite UF1 of {drawn(TEST)} over {n_epochs} epochs; the last epoch of the same"
        f" guesses scores {drawn(LAST)}. The rule alone is worth"
        f" {show.interval(guesses, 'gain')}.",
        f"Measured from guesses with as many epochs, {measured}. A printed score under this rule"
        " has to be read from that floor, not from one third.",
        "Printed below the guesses for the same database:"
        f" {'; '.join(below) or 'none of the two'}.",
        f"The linear model, selected on no test subject, scores {show.interval(linear, 'value')};"
        f" {int((rows < linear['value']).sum())} of {len(rows)} printed rows score less, and"
        f" {int((rows > linear['high']).sum())} lie above its interval.",
        f"To a single layer the rule adds {show.interval(layer, 'gain')}. Its epochs are"
        " correlated, which gives fewer effective guesses; what the rule adds to a network must be"
        " measured on that network.",
        f"Leaving out subjects that are never right would add {dropping['gain']:.3f} to the linear"
        f" model ({dropping['subjects_dropped']:.0f} subjects).",
    ]
