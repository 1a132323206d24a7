import { connectError, pinnedOptions, usesStrictKex } from "./client-options.ts";
import type { ConvocateError } from "./errors.ts";
import { fingerprint, parsePublicKey } from "./keys.ts";

const line = (last: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(42)}${last} host`;
const pin = line("A");
const blob = (text: string) => parsePublicKey(text)?.blob ?? Buffer.alloc(0);

function options(hostKey: string | null) {
  const heard: ConvocateError[] = [];
  const made = pinnedOptions({
    host: "agent-a",
    port: 222,
    credentials: { privateKey: "key" },
    hostKey,
    onMismatch: (error) => heard.push(error),
  });
  return { made, heard };
}

test("the pinned key is accepted; the answer is a boolean, not a promise, which ssh2 would take for yes", () => {
  const { made, heard } = options(pin);
  expect(made.hostVerifier(blob(pin))).toBe(true);
  expect(heard).toEqual([]);
  expect(made).toMatchObject({
    username: "convocate",
    authHandler: ["publickey"],
    keepaliveInterval: 15_000,
  });
});

test("any other key is refused, and told with both fingerprints and what to do", () => {
  const { made, heard } = options(pin);
  const other = blob(line("B"));
  expect(made.hostVerifier(other)).toBe(false);
  expect(made.hostVerifier(Buffer.alloc(0))).toBe(false);
  expect(heard[0]?.code).toBe("host_key_changed");
  expect(heard[0]?.message).toContain("agent-a:222");
  expect(heard[0]?.message).toContain(fingerprint(other));
  expect(heard[0]?.message).toContain(fingerprint(blob(pin)));
});

test.each([null, "", "AAAA", "ssh-rsa AAAAB3NzaC1yc2E="])(
  "no connection without a usable pin (%p)",
  (hostKey) => {
    expect(() => options(hostKey)).toThrow(expect.objectContaining({ code: "host_key_unpinned" }) as Error);
  },
);

test("a refused key is told from a host that does not answer", () => {
  const target = { host: "agent-a", port: 222 };
  const refused = Object.assign(new Error("All configured authentication methods failed"), {
    level: "client-authentication",
  });
  expect(connectError(target, refused).code).toBe("auth_refused");
  expect(connectError(target, new Error("connect ECONNREFUSED"))).toMatchObject({
    code: "unreachable",
    message: "agent-a:222 does not answer: connect ECONNREFUSED",
  });
});

test("strict key exchange is believed only when ssh2 says so in the place we know", () => {
  expect(usesStrictKex({ _protocol: { _strictMode: true } })).toBe(true);
  for (const other of [{}, { _protocol: null }, { _protocol: {} }, { _protocol: { _strictMode: undefined } }])
    expect(usesStrictKex(other)).toBe(false);
});
