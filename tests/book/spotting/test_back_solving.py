"""Printed F1 scores back to counts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from causalex_book.spotting.printed_counts import counts_of, joint_counts


@given(
    macro=st.tuples(st.integers(0, 60), st.integers(0, 40)),
    micro=st.tuples(st.integers(0, 20), st.integers(0, 20)),
)
@settings(max_examples=60, deadline=None)
def test_true_counts_are_among_the_solutions(macro, micro):
    n_truth = {"macro": 60, "micro": 20}
    tp = {"macro": macro[0], "micro": micro[0]}
    n_pred = {kind: tp[kind] + extra for kind, extra in (("macro", macro[1]), ("micro", micro[1]))}
    printed = {
        kind: f"{2 * tp[kind] / (n_pred[kind] + n_truth[kind]):.4f}" for kind in ("macro", "micro")
    }
    printed["overall"] = f"{2 * sum(tp.values()) / (sum(n_pred.values()) + 80):.4f}"
    solutions = joint_counts(printed, n_truth, {"macro": 120, "micro": 60})
    wanted = (tp["macro"], n_pred["macro"], tp["micro"], n_pred["micro"])
    columns = ["macro_tp", "macro_n_pred", "micro_tp", "micro_n_pred"]
    assert wanted in set(solutions[columns].itertuples(index=False, name=None))


def test_every_solution_rounds_to_the_printed_value():
    solutions = counts_of("0.385", n_truth=57, max_predictions=300)
    assert len(solutions)
    assert (solutions["tp"] <= solutions["n_pred"]).all()
    value = 2 * solutions["tp"] / (solutions["n_pred"] + 57)
    assert (abs(value - 0.385) <= 0.0005 + 1e-12).all()


def test_values_that_cannot_stand_together_have_no_solution():
    printed = {"macro": "0.9000", "micro": "0.9000", "overall": "0.1000"}
    assert joint_counts(printed, {"macro": 30, "micro": 9}, {"macro": 99, "micro": 99}).empty
