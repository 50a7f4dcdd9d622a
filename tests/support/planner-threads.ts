import type { PlanningThreadsConfig } from '#gateway/planning/planning-settings.ts';
import { createPlanning } from '#gateway/planning/planning.ts';
import { createPlannerThreads, type PlannerThreads } from '#gateway/planning/threads/planner-threads.ts';
import type { EngineDeps } from '#gateway/engine.ts';

/**
 * By their settings: gateways of one test file share threads, which end with its process. Each would start its own, and take
 * a third of a second for it.
 */
const shared = new Map<string, PlannerThreads>();

/** As a gateway has operations planned, in threads that are there already. */
export function planInThreads(config: PlanningThreadsConfig): EngineDeps['createPlanning'] {
  const key = JSON.stringify(config);
  const threads = shared.get(key) ?? createPlannerThreads(config);
  shared.set(key, threads);
  return (supergraph, options) =>
    createPlanning(supergraph, { ...options, planner: threads.open(supergraph.sdl) });
}
