import { isDeepStrictEqual } from "node:util";
import type {
  CheckFailure,
  CheckResult,
  CreateResult,
  DiffResult,
  Provider,
  UpdateResult,
} from "@pulumi/pulumi/provider/index.js";
import { unwrapAll, wrapLike, type Properties } from "./wire.ts";

/** One resource type. It sees plain values: secrets are unwrapped before and wrapped again after it. */
export interface Resource {
  /** Names of the input properties: a change of any other is no change. */
  inputs: readonly string[];
  /** Inputs whose change makes a new resource instead of updating the old one. */
  replaceOn: readonly string[];
  /** What an absent input means: the official plugins store it, ours need not. */
  defaults?: Properties;
  /** Outputs that are secret whatever the inputs were. */
  secretOutputs?: readonly string[];
  /** Faults of the inputs that need no host to be seen. */
  check?(inputs: Properties): CheckFailure[];
  /** What else than a changed input makes a new resource: names of outputs. */
  expired?(olds: Properties, news: Properties): string[];
  create(name: string, inputs: Properties): Promise<{ id: string; outs: Properties }>;
  update?(olds: Properties, news: Properties): Promise<Properties>;
  delete?(olds: Properties): Promise<void>;
}

/** The type and the logical name in a URN: `urn:pulumi:stack::project::parent$type::name`. */
function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").pop() ?? "", name: name.join("::") };
}

export function diff(resource: Resource, olds: Properties, news: Properties): DiffResult {
  // Through JSON, as the engine stores it: an absent property is no property.
  const value = (of: Properties, key: string) =>
    JSON.parse(JSON.stringify(of[key] ?? resource.defaults?.[key] ?? null)) as unknown;
  const changed = resource.inputs.filter((key) => !isDeepStrictEqual(value(olds, key), value(news, key)));
  const replaces = changed
    .filter((key) => resource.replaceOn.includes(key))
    .concat(resource.expired?.(olds, news) ?? []);
  return { changes: changed.length > 0 || replaces.length > 0, replaces };
}

export function makeProvider(
  version: string,
  resources: Record<string, Resource>,
  cancel?: () => void,
): Provider {
  const find = (urn: string): { resource: Resource; name: string } => {
    const { type, name } = partsOf(urn);
    const resource = resources[type];
    if (!resource) {
      const known = Object.keys(resources).join(", ");
      throw new Error(
        `the offline plugin has no resource type ${type}, only ${known}; use --plugins official`,
      );
    }
    return { resource, name };
  };
  return {
    version,
    check(urn: string, _olds: Properties, news: Properties): Promise<CheckResult> {
      const failures = find(urn).resource.check?.(unwrapAll(news)) ?? [];
      return Promise.resolve({ inputs: news, failures });
    },
    diff(_id: string, urn: string, olds: Properties, news: Properties): Promise<DiffResult> {
      return Promise.resolve(diff(find(urn).resource, unwrapAll(olds), unwrapAll(news)));
    },
    async create(urn: string, inputs: Properties): Promise<CreateResult> {
      const { resource, name } = find(urn);
      const { id, outs } = await resource.create(name, unwrapAll(inputs));
      return { id, outs: wrapLike(outs, inputs, resource.secretOutputs) };
    },
    async update(_id: string, urn: string, olds: Properties, news: Properties): Promise<UpdateResult> {
      const { resource } = find(urn);
      const outs =
        (await resource.update?.(unwrapAll(olds), unwrapAll(news))) ?? unwrapAll({ ...olds, ...news });
      return { outs: wrapLike(outs, news, resource.secretOutputs) };
    },
    async delete(_id: string, urn: string, olds: Properties): Promise<void> {
      await find(urn).resource.delete?.(unwrapAll(olds));
    },
    cancel(): Promise<void> {
      cancel?.();
      return Promise.resolve();
    },
  };
}
