import { Budget_Scope } from "@stratavore/proto";
import type { ProjectRow, Reads, RunnerRow } from "../../store/index.js";
import { DomainError } from "../errors.js";
import { booked, budgetsOf, budgetText, levelOf, spendingText } from "./spending.js";

const { RUNNER, TURN } = Budget_Scope;

/** Why the project, or the runner, may spend no more; undefined if it may. */
export function budgetExhausted(
  reads: Pick<Reads, "usage">,
  project: ProjectRow,
  now: number,
  runner?: RunnerRow,
): DomainError | undefined {
  for (const budget of budgetsOf(project)) {
    if (budget.scope === TURN || (budget.scope === RUNNER && runner === undefined)) continue;
    const spent = booked(reads, budget, { projectUid: project.uid, runnerId: runner?.id }, now);
    if (levelOf(budget, spent) < 2) continue;
    const isRunners = budget.scope === RUNNER;
    const used = spendingText(budget, spent);
    const [whose, subject, way] = isRunners
      ? [`runner ${runner!.id}`, `runner:${runner!.id}`, "use another runner"]
      : [`project "${project.name}"`, `project:${project.name}`, "wait for UTC midnight"];
    return new DomainError(
      "resource_exhausted",
      "BUDGET_EXCEEDED",
      `${whose} has used up its ${budgetText(budget)}: ${used}; ${way} or raise the budget`,
      {
        details: {
          project: project.name,
          ...(isRunners && { runner: runner!.id }),
          budget: budgetText(budget),
          used,
        },
        quota: { subject, description: `${budgetText(budget)}, ${used} used` },
      },
    );
  }
  return undefined;
}

/** @throws DomainError resource_exhausted when a budget of the project's day, or of the runner, is used up */
export function checkBudgets(
  reads: Pick<Reads, "usage">,
  project: ProjectRow,
  now: number,
  runner?: RunnerRow,
): void {
  const error = budgetExhausted(reads, project, now, runner);
  if (error !== undefined) throw error;
}
