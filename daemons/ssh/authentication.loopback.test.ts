import { randomBytes } from "node:crypto";
import ssh2, { type ConnectConfig } from "ssh2";
import { fingerprint } from "../../protocol/keys.ts";
import { eventually } from "../host/eventually.fake.ts";
import { attempt, caller, enter, gone, noMore, wireOf } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const operator = createKeyPair("operator=ann");
const ourRsa = createKeyPair("operator=bob", "rsa");
const stranger = createKeyPair("operator=ann");
let listener: TestListener;

beforeEach(async () => {
  listener = new TestListener();
  listener.authorize(operator.publicKey, ourRsa.publicKey);
  await listener.start();
});
afterEach(() => listener.close());

const come = (config: ConnectConfig) => attempt(new ssh2.Client(), caller(listener.port, config));
const refused = "All configured authentication methods failed";

/** The audit line of the only connection. */
const audit = () => eventually(() => listener.audits[0]);

test("a key that is not ours is refused, and named in the log; nobody else notices", async () => {
  const inside = await enter(listener.port, operator.privateKey);
  expect(await come({ privateKey: stranger.privateKey })).toBe(refused);
  expect(await audit()).toContain(`key ${fingerprint(stranger.blob)}: not in the authorized keys`);
  expect(listener.audits).toHaveLength(1);
  inside.end();
  await gone(inside);
});

test("an RSA key of ours is refused: the log says that it is RSA", async () => {
  expect(await come({ privateKey: ourRsa.privateKey })).toBe(refused);
  expect(await audit()).toContain(fingerprint(ourRsa.blob));
  expect(await audit()).toMatch(/only ssh-ed25519 is accepted/);
});

test("passwords and keyboard-interactive do not exist here", async () => {
  expect(await come({ password: "convocate" })).toBe(refused);
  expect(await come({ tryKeyboard: true })).toBe(refused);
  await eventually(() => listener.audits.length === 2);
  expect(listener.audits[0]).toContain("authentication method password");
  expect(listener.audits[1]).toContain("authentication method keyboard-interactive");
});

/**
 * Everybody may know a public key. These three come with ann's and without her private key. The first is the hole that
 * ssh2 leaves to its users: for a signature declared as rsa-sha2-256 its `verify()` returns an Error, which is truthy.
 */
test.each([
  ["a signature declared as RSA's", "rsa-sha2-256", () => randomBytes(64)],
  ["random bytes for a signature", "ssh-ed25519", () => randomBytes(64)],
  ["a signature by another key", "ssh-ed25519", (data: Buffer) => signAs(stranger.privateKey, data)],
])("the victim's public key with %s does not let anybody in", async (_story, algorithm, sign) => {
  const client = new ssh2.Client();
  let asked = 0;
  const authHandler: ConnectConfig["authHandler"] = (_left, _partial, next) => {
    asked += 1;
    if (asked === 1) next({ type: "none", username: "convocate" });
    else if (asked > 2) next(noMore);
    else wireOf(client).authPK("convocate", operator.publicKey, algorithm, (data, send) => send(sign(data)));
  };
  expect(await attempt(client, caller(listener.port, { authHandler }))).toBe(refused);
  expect(asked).toBe(3);
  const line = await audit();
  expect(line).toContain(`key ${fingerprint(operator.blob)}`);
  expect(line).toMatch(/wrong signature for operator=ann|only ssh-ed25519/);
  expect(line).toContain('"who":"nobody"');
});

function signAs(privateKey: string, data: Buffer): Buffer {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return key.sign(data);
}

test("asking with a listed key and never signing opens nothing", async () => {
  const client = new ssh2.Client();
  client.on("error", () => {});
  let questions = 0;
  client.connect(
    caller(listener.port, {
      authHandler: (left, _partial, next) => {
        // Called again when that is refused, which must not be what the listener has enough of.
        if (left !== null) return;
        next({ type: "none", username: "convocate" });
        // What comes back is "sign it"; another question is asked instead, until the listener has enough.
        const ask = setInterval(() => {
          questions += 1;
          wireOf(client).authPK("convocate", operator.publicKey, "ssh-ed25519");
        }, 1);
        client.once("close", () => clearInterval(ask));
      },
    }),
  );
  await gone(client);
  expect(questions).toBeGreaterThan(3);
  expect(await audit()).toContain("too many questions");
});

test("unknown, RSA and revoked keys hear the same", async () => {
  const revoked = createKeyPair("operator=eve");
  listener.authorize(operator.publicKey, ourRsa.publicKey, revoked.publicKey);
  await eventually(() => listener.log.text.includes('"keys":2'));
  listener.authorize(operator.publicKey, ourRsa.publicKey);
  await eventually(() => listener.log.text.includes('"keys":1'));
  const heard = [];
  for (const { privateKey } of [stranger, ourRsa, revoked]) {
    const conversation: string[] = [];
    const client = new ssh2.Client();
    const debug = (line: string) => /Inbound: Received USERAUTH/.test(line) && conversation.push(line);
    await attempt(client, caller(listener.port, { privateKey, authHandler: ["publickey"], debug }));
    // ssh2 tries an RSA key under each of its names; one answer is compared.
    heard.push([...new Set(conversation)]);
  }
  expect(heard[0]).toEqual(["Inbound: Received USERAUTH_FAILURE (publickey)"]);
  expect(heard[1]).toEqual(heard[0]);
  expect(heard[2]).toEqual(heard[0]);
});

test("… and as soon: 200 questions each on one connection, medians compared", async () => {
  const patient = new TestListener();
  patient.authorize(operator.publicKey, ourRsa.publicKey);
  await patient.start({ limits: { tries: 1_000 } });
  const keys = [
    { line: stranger.publicKey, algorithm: "ssh-ed25519", took: [] as number[] },
    { line: ourRsa.publicKey, algorithm: "ssh-rsa", took: [] as number[] },
    { line: createKeyPair("operator=eve").publicKey, algorithm: "ssh-ed25519", took: [] as number[] },
  ];
  const client = new ssh2.Client();
  let answers = -1;
  let askedAt = 0;
  const authHandler: ConnectConfig["authHandler"] = (_left, _partial, next) => {
    if (answers > 0) keys[(answers - 1) % 3]?.took.push(performance.now() - askedAt);
    answers += 1;
    const key = keys[(answers - 1) % 3];
    if (!key) next({ type: "none", username: "convocate" });
    else if (answers > 600) next(noMore);
    else {
      askedAt = performance.now();
      wireOf(client).authPK("convocate", key.line, key.algorithm);
    }
  };
  expect(await attempt(client, caller(patient.port, { authHandler }))).toBe(refused);
  await patient.close();
  const medians = keys.map(({ took }) => took.sort((a, b) => a - b)[100] ?? NaN);
  expect(keys.map(({ took }) => took.length)).toEqual([200, 200, 200]);
  expect(Math.max(...medians) - Math.min(...medians)).toBeLessThan(0.1 + Math.min(...medians) / 2);
});

test("the third refusal of a connection is its last", async () => {
  const keys = [1, 2, 3, 4, 5].map(() => createKeyPair("operator=ann").privateKey);
  let tried = 0;
  const authHandler: ConnectConfig["authHandler"] = (_left, _partial, next) => {
    const key = keys[tried++];
    next(key === undefined ? noMore : { type: "publickey", username: "convocate", key });
  };
  await come({ authHandler });
  expect(tried).toBeLessThan(5);
  expect(await audit()).toContain("too many authentication failures");
});

test("taking a line out of the file ends that principal's connections, and nobody else's", async () => {
  const other = createKeyPair("operator=eve");
  listener.authorize(operator.publicKey, other.publicKey);
  await eventually(() => listener.log.text.includes('"keys":2'));
  const ann = await enter(listener.port, operator.privateKey);
  const eve = await enter(listener.port, other.privateKey);
  listener.authorize(operator.publicKey);
  await gone(eve);
  expect(listener.audits).toHaveLength(1);
  expect(await audit()).toMatch(/"who":"operator=eve".*"ended":"its key was removed/);
  ann.end();
  await gone(ann);
});
