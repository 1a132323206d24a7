/** Pulumi's own mocks, and what a program asked of them, as the real engine would be asked. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

const { runtime } = pulumi;
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const secretSchema = z.object({
  "4dabf18193072939515e22adb298388d": z.literal(secretSignature),
  value: z.unknown(),
});
const properties = z.record(z.string(), z.unknown());
type Properties = z.infer<typeof properties>;

/** One resource as it was registered. */
export interface Registered {
  type: string;
  name: string;
  parent: string;
  custom: boolean;
  /** Plain values: secrets are unwrapped. */
  inputs: Properties;
  /** Names of the inputs that are secrets, or have one inside. */
  secrets: string[];
  /** Names of the resources that must be there before. */
  dependencies: string[];
}

const requestSchema = z.custom<{
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Properties };
}>((value) => typeof value === "object" && value !== null && "getDependenciesList" in value);

function unwrap(value: unknown): unknown {
  const wrapped = secretSchema.safeParse(value);
  if (wrapped.success) return unwrap(wrapped.data.value);
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

const nameOf = (urn: string) => urn.split("::").pop() ?? "";

/** What the tls provider answers: pairs that can be told apart, private halves secret as the SDK marks them. */
function stateOf(type: string, name: string, inputs: Properties): Properties {
  if (type === "tls:index/privateKey:PrivateKey") {
    const text = (form: string) => `-----BEGIN ${form} PRIVATE KEY-----\n${name}\n-----END-----\n`;
    return {
      ...inputs,
      privateKeyOpenssh: pulumi.secret(text("OPENSSH")),
      privateKeyPem: pulumi.secret(text("EC")),
      privateKeyPemPkcs8: pulumi.secret(text("PKCS8")),
      publicKeyOpenssh: `ssh-ed25519 public-${name}\n`,
    };
  }
  return {
    ...inputs,
    certPem: `certificate ${name}\n`,
    validityEndTime: "2030-01-01T00:00:00Z",
    certRequestPem: `request ${name}\n`,
    stdout: "",
    stderr: "",
  };
}

/** Runs a program under the mocks; every resource it registered, in the order of registration. */
export async function registered(program: () => void): Promise<Registered[]> {
  const found: Registered[] = [];
  await runtime.setMocks({
    newResource: ({ type, name, inputs }) => ({
      id: `${name}-id`,
      state: stateOf(type, name, properties.parse(inputs)),
    }),
    call: ({ inputs }) => properties.parse(inputs),
  });
  const monitor = z
    .custom<{ registerResource: (...args: unknown[]) => unknown }>()
    .parse(runtime.getMonitor());
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    const asked = requestSchema.parse(request);
    const object = asked.getObject().toJavaScript();
    found.push({
      type: asked.getType(),
      name: asked.getName(),
      parent: nameOf(asked.getParent()),
      custom: asked.getCustom(),
      inputs: properties.parse(unwrap(object)),
      secrets: Object.keys(object).filter((key) => JSON.stringify(object[key]).includes(secretSignature)),
      dependencies: asked.getDependenciesList().map(nameOf),
    });
    return register(request, ...rest);
  };
  program();
  await runtime.disconnect();
  return found;
}
