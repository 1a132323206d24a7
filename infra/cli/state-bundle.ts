import { z } from "zod";
import { stateSchema } from "./state.ts";

/** What `state export` writes. Secrets in `state` are encrypted with the passphrase. */
export const bundleSchema = z.object({
  format: z.literal("convocate-state"),
  version: z.literal(1),
  stack: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/),
  exported_at: z.string(),
  /** Text of stacks/Pulumi.<stack>.yaml. */
  stack_file: z.string(),
  state: stateSchema,
  /** Null: it is kept elsewhere. */
  passphrase: z.string().min(1).nullable(),
});
export type Bundle = z.infer<typeof bundleSchema>;
