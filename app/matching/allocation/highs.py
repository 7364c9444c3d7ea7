"""The linear solver behind two functions. It is loaded when first asked and says nothing on the console."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.matching.allocation.columns import Floats, Ints
from app.matching.allocation.model import Model

SMALL = 1e-6
# Integer columns come back as nearly 0 or nearly 1.
HALF = 0.5
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`values` of all columns, or None where no solution was found. `bound`: no solution has less."""

    values: Floats | None
    objective: float
    bound: float
    proven: bool

    def chosen(self, n_pairs: int) -> Ints:
        return np.flatnonzero(self.values[:n_pairs] > HALF) if self.values is not None else np.zeros(0, dtype=np.int64)


def _solver(stop: Stop, seconds: float, seed: int) -> tuple[Any, Any]:
    import highspy

    class Quiet(highspy.Highs):
        """The constructor of the library greets on the console with its first call, unless it is told not to before."""

        def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
            self.silent()
            super().enableCallbacks()  # type: ignore[no-untyped-call]

    solver: Any = Quiet()  # type: ignore[no-untyped-call]
    solver.setOptionValue("random_seed", seed % 1_000_000)
    solver.setOptionValue("time_limit", max(0.01, seconds))
    solver.setOptionValue("threads", 1)

    def ask(event: Any) -> None:
        if stop():
            event.interrupt()

    solver.cbSimplexInterrupt += ask
    solver.cbMipInterrupt += ask
    return highspy, solver


def _pass(highspy: Any, solver: Any, model: Model, costs: Floats, *, whole: bool) -> None:
    form = highspy.HighsLp()
    form.num_col_, form.num_row_ = model.n_columns, len(model.rows)
    form.col_cost_ = costs
    form.col_lower_, form.col_upper_ = model.bounds()
    rows = model.rows
    form.row_lower_, form.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    form.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    form.a_matrix_.start_ = np.array(rows.start, dtype=np.int32)
    form.a_matrix_.index_ = np.array(rows.column, dtype=np.int32)
    form.a_matrix_.value_ = np.array(rows.value)
    if whole:
        kinds = [highspy.HighsVarType.kInteger] * model.n_pairs
        kinds += [highspy.HighsVarType.kContinuous] * (model.n_columns - model.n_pairs)
        form.integrality_ = kinds
    solver.passModel(form)


def relax(model: Model, costs: Floats, *, stop: Stop, seconds: float, seed: int = 0) -> Outcome:
    """The linear programme: pairs may be had in part. Without an optimum in time: no values and no bound."""
    highspy, solver = _solver(stop, seconds, seed)
    _pass(highspy, solver, model, costs, whole=False)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return Outcome(None, np.inf, -np.inf, proven=False)
    best = float(solver.getInfo().objective_function_value)
    return Outcome(np.array(solver.getSolution().col_value), best, best, proven=True)


def settle(model: Model, costs: Floats, start: Ints | None, *, stop: Stop, seconds: float, seed: int = 0) -> Outcome:
    """The integer programme, begun from the plan `start` (rows of pairs)."""
    highspy, solver = _solver(stop, seconds, seed)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.99)
    _pass(highspy, solver, model, costs, whole=True)
    if start is not None:
        known = np.zeros(model.n_pairs)
        known[start] = 1.0
        solver.setSolution(model.n_pairs, np.arange(model.n_pairs, dtype=np.int32), known)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return Outcome(
        values=np.array(solver.getSolution().col_value) if found else None,
        objective=float(info.objective_function_value) if found else np.inf,
        bound=float(info.mip_dual_bound),
        proven=bool(found and status == highspy.HighsModelStatus.kOptimal),
    )
