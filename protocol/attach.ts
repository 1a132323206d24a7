import { z } from "zod";

/** The header line is at most this many bytes. */
export const maxHeader = 4096;

/** Terminal sizes are clamped: 65,535 makes tmux spin and grow. */
export const clampSize = (n: number): number => Math.min(1_000, Math.max(1, Math.trunc(n)));

const size = (fallback: number) =>
  z
    .number()
    .nullish()
    .transform((n) => clampSize(n ?? fallback));

/** First line of `convocate-agent-attach`; unknown fields are ignored, an unknown mode is refused. */
export const attachHeader = z.object({
  id: z.string(),
  cols: size(80),
  rows: size(24),
  mode: z.enum(["rw", "ro"]).optional(),
  term: z.string().max(64).optional(),
  colorterm: z.string().max(64).optional(),
  /** Who sits at the terminal, where the key that asked is not the operator's own. */
  operator: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional()
    .catch(undefined),
});
export type AttachHeader = z.output<typeof attachHeader>;

/** The line an agent sends instead of a terminal when it cannot attach. */
export const attachFailure = z.object({
  ok: z.literal(false),
  error: z.string(),
  code: z.string().optional(),
});

/**
 * How a relay ended, told by exit-status: 0 the client detached, the others are ours. No exit status means the link
 * was lost.
 */
export const attachExit = { detached: 0, failed: 1, sessionEnded: 3, containerStopped: 4 } as const;
