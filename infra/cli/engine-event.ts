/** What of the engine's events we use. */
import { z } from "zod";

const resource = z.object({ parent: z.string(), custom: z.boolean().optional() }).nullish();

const metadata = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  old: resource,
  new: resource,
});

const schema = z.object({
  /** Seconds since 1970. */
  timestamp: z.number(),
  resourcePreEvent: z.object({ metadata }).optional(),
  resOutputsEvent: z.object({ metadata }).optional(),
  resOpFailedEvent: z.object({ metadata }).optional(),
  diagnosticEvent: z
    .object({ urn: z.string().optional(), message: z.string(), severity: z.string() })
    .optional(),
});

/** A resource as an event names it. */
export interface EventResource {
  urn: string;
  type: string;
  op: string;
  /** URN of the component it is a part of. */
  parent: string;
  /** False: a component, which does nothing itself. */
  custom: boolean;
}

export type EngineEvent =
  | { kind: "begin" | "end" | "failed"; resource: EventResource }
  | { kind: "message"; urn: string | null; severity: "error" | "warning" | "output"; text: string };

const severities: Record<string, "error" | "warning" | "output"> = {
  error: "error",
  warning: "warning",
  info: "output",
  "info#err": "output",
};

function resourceOf({ urn, type, op, old, new: next }: z.infer<typeof metadata>): EventResource {
  const state = next ?? old;
  return { urn, type, op, parent: state?.parent ?? "", custom: state?.custom === true };
}

/**
 * An event of the engine, or null for one that is of no use here. Messages of severity `debug` are dropped before anything
 * else: the engine puts secrets into them in plain text.
 */
export function readEngineEvent(value: unknown): EngineEvent | null {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return null;
  const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = parsed.data;
  if (resourcePreEvent) return { kind: "begin", resource: resourceOf(resourcePreEvent.metadata) };
  if (resOutputsEvent) return { kind: "end", resource: resourceOf(resOutputsEvent.metadata) };
  if (resOpFailedEvent) return { kind: "failed", resource: resourceOf(resOpFailedEvent.metadata) };
  const severity = severities[diagnosticEvent?.severity ?? ""];
  if (!diagnosticEvent || !severity) return null;
  return {
    kind: "message",
    urn: diagnosticEvent.urn ?? null,
    severity,
    // Places where the engine's own display would set colours.
    text: diagnosticEvent.message.replace(/<\{%[^%]*%\}>/g, ""),
  };
}
