import type { Services } from "../services.js";

/** Whether every live runner is followed, and what it says is stored. */
export async function supervisorProblem({
  store,
  supervisor,
}: Pick<Services, "store" | "supervisor">): Promise<string> {
  const live = store.read.runners.live().filter(({ external }) => !external);
  const lost = live.filter(({ id }) => !supervisor.isInHand(id));
  const behind = live.filter(({ id }) => supervisor.controller(id)?.isBehind);
  const problems: string[] = [];
  if (lost.length > 0) {
    problems.push(`live runners that nobody follows: ${namesOf(lost)}; Reconcile takes them up again`);
  }
  if (behind.length > 0) {
    problems.push(`runners whose output cannot be stored now: ${namesOf(behind)}; see the database`);
  }
  return problems.join("; ");
}

const maxNames = 10;

const namesOf = (runners: readonly { id: string }[]): string => {
  const names = runners.slice(0, maxNames).map(({ id }) => id);
  const more = runners.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
};
