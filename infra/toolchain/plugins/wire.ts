/** Values as the engine sends them to a plugin and wants them back (Pulumi's property signatures). */

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What the engine sends in a preview for a value that is not known yet. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Properties = Record<string, unknown>;

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSecret(value: unknown): value is { value: unknown } {
  return isObject(value) && value[signatureKey] === secretSignature;
}

export function secret(value: unknown): Properties {
  return { [signatureKey]: secretSignature, value };
}

/** The value with every secret in it, at any depth, replaced by what it holds. */
export function unwrap(value: unknown): unknown {
  if (isSecret(value)) return unwrap(value.value);
  if (Array.isArray(value)) return value.map(unwrap);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

export function unwrapAll(properties: Properties): Properties {
  return unwrap(properties) as Properties;
}

export function containsSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(containsSecret);
  return isObject(value) && Object.values(value).some(containsSecret);
}

/** `plain` with every property wrapped that is secret by `names`, or was secret anywhere inside in `inputs`. */
export function wrapLike(plain: Properties, inputs: Properties, names: readonly string[] = []): Properties {
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [
      key,
      names.includes(key) || containsSecret(inputs[key]) ? secret(value) : value,
    ]),
  );
}
