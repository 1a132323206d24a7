import { z } from "zod";
import type { Placed, Placement } from "./resources.ts";

const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  parent: z.string().optional(),
  custom: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  created: z.string().optional(),
  modified: z.string().optional(),
});
export type StateResource = z.infer<typeof resourceSchema>;

/** A stack's state as `stack export` prints it. Everything else that is in it is kept as it is. */
export const stateSchema = z.looseObject({
  version: z.number(),
  deployment: z.looseObject({
    resources: z.array(z.looseObject(resourceSchema.shape)).optional(),
    pending_operations: z.array(z.unknown()).nullish(),
  }),
});
export type State = z.infer<typeof stateSchema>;

/** A resource of the state with its host. */
export type Stored = Placed & { resource: StateResource };

export const resourcesOf = (state: State): StateResource[] => state.deployment.resources ?? [];

export function storedResources(state: State, placement: Placement): Stored[] {
  return resourcesOf(state).flatMap((resource) => {
    const { urn, type, parent = "", custom = false } = resource;
    const placed = placement.place({ urn, type, op: "same", parent, custom });
    return placed ? [{ ...placed, resource }] : [];
  });
}
