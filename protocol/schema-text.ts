import { z } from "zod";

/** The part of JSON Schema (2020-12) that ours use. */
interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  maxLength?: number;
}

const quoted = (value: unknown) => JSON.stringify(value);

function text(schema: Schema): string {
  if (schema.const !== undefined) return quoted(schema.const);
  if (schema.enum) return schema.enum.map(quoted).join(" or ");
  if (schema.anyOf) {
    const texts = schema.anyOf.filter(({ type }) => type !== "null").map(text);
    return [...new Set(texts)].join(" or ");
  }
  const types = [schema.type ?? "any"].flat().filter((type) => type !== "null");
  switch (types[0]) {
    case "array":
      return `list of ${text(schema.items ?? {})}`;
    case "object":
      return object(schema);
    case "string":
      return schema.maxLength === undefined ? "string" : `string, at most ${String(schema.maxLength)}`;
    default:
      return types.join(" or ");
  }
}

function object({ properties = {}, additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(([name, value]) => `${name}: ${text(value)}`);
  if (fields.length > 0) return `{ ${fields.join(", ")} }`;
  return typeof additionalProperties === "object" && additionalProperties.type !== undefined
    ? `string → ${text(additionalProperties)}`
    : "object";
}

/** Fields of an object as they are sent: name, type in words, whether it may be left out. */
export function fieldsOf(schema: z.ZodType): { name: string; type: string; optional: boolean }[] {
  // Ours hold no cycles; what has no JSON Schema, such as a transform's output, is any.
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema & {
    required?: string[];
  };
  return Object.entries(json.properties ?? {}).map(([name, field]) => ({
    name,
    type: text(field),
    optional: !json.required?.includes(name),
  }));
}

/** A schema in words. */
export const typeOf = (schema: z.ZodType): string =>
  text(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema);
