/** How a host's key gets into a stack file: real SSH servers, and no way without somebody's word. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { FakeSshd } from "../toolchain/plugins/command/sshd.fake.ts";
import { fetchHostKey, fingerprintOf } from "./host-key.ts";
import { RsaSshd } from "./rsa-sshd.fake.ts";
import { ed25519, ScratchStack } from "./scratch-stack.fake.ts";
import { trust, type TrustOptions } from "./trust.ts";

jest.setTimeout(60_000);

const sshd = new FakeSshd();
let port = 0;
let stack: ScratchStack;
const file = (hostKey: string) => `# ours
config:
  convocate:domain: fleet.example.com
  convocate:hosts:
    shell-1: { role: shell, address: 127.0.0.1, port: ${String(port)}${hostKey} }
`;
const other = `, hostKey: "${ed25519(7)}"`;

beforeAll(async () => {
  port = await sshd.listen();
});
afterAll(() => sshd.close());
afterEach(() => stack.remove());

const print = () => fingerprintOf(sshd.hostKey.publicKey);
const open = (hostKey: string) => (stack = new ScratchStack(file(hostKey)));
const trusted = (options: TrustOptions = {}, host = "shell-1") => trust(stack.context, host, options);

test("with the expected fingerprint the key is written, and nothing else changes; no login is tried", async () => {
  open("");
  for (const expected of [print(), print().replace("SHA256:", ""), `${print()}=`])
    await trusted({ fingerprint: expected });
  expect(stack.text).toBe(file(`, hostKey: "${sshd.hostKey.publicKey}"`));
  expect(stack.context.out).toContain(`shell-1: trusted: ${print()}\n`);
  expect(sshd.commands).toEqual([]);
});

test("with another fingerprint nothing is written", async () => {
  open("");
  await expect(trusted({ fingerprint: fingerprintOf(ed25519(7)) })).rejects.toMatchObject({
    exit: "refused",
  });
  expect(stack.text).toBe(file(""));
});

test("without a word and without a terminal nothing is written, and what to compare is told", async () => {
  open("");
  await expect(trusted()).rejects.toMatchObject({
    exit: "refused",
    remedy: expect.stringContaining(print()) as string,
  });
  expect(stack.text).toBe(file(""));
});

test.each(["yes", "the fingerprint"])("at a terminal %s is consent", async (answer) => {
  open("");
  stack.context.type(answer === "yes" ? answer : print());
  await trusted();
  expect(stack.context.err).toContain(print());
  expect(stack.text).toContain(sshd.hostKey.publicKey);
});

test.each(["", "y", "no", "SHA256:something", "YES please"])("at a terminal %j is none", async (answer) => {
  open("");
  stack.context.type(answer);
  await expect(trusted()).rejects.toMatchObject({ exit: "refused" });
  expect(stack.text).toBe(file(""));
});

test("a known host that shows another key is refused, whatever else is said, until --replace", async () => {
  open(other);
  stack.context.type("yes");
  await expect(trusted()).rejects.toMatchObject({
    exit: "refused",
    message: expect.stringContaining("known: ") as string,
  });
  await expect(trusted({ fingerprint: print() })).rejects.toMatchObject({ exit: "refused" });
  expect(stack.text).toBe(file(other));
  await trusted({ fingerprint: print(), replace: true });
  expect(stack.text).toBe(file(`, hostKey: "${sshd.hostKey.publicKey}"`));
});

test("--replace alone is no consent to the new key", async () => {
  open(other);
  await expect(trusted({ replace: true })).rejects.toMatchObject({ exit: "refused" });
  expect(stack.text).toBe(file(other));
});

test("a known host that shows its key is unchanged, without a question", async () => {
  open(`, hostKey: "${sshd.hostKey.publicKey} root@shell-1"`);
  const before = stack.text;
  await trusted();
  expect(stack.context.out).toBe(`shell-1: unchanged: ${print()}\n`);
  expect(stack.text).toBe(before);
});

test("a new host comes into the file with its role; one without is not found", async () => {
  open(`, hostKey: "${ed25519(7)}"`);
  await expect(trusted({}, "agent-a")).rejects.toMatchObject({ exit: "notFound" });
  await expect(trusted({ address: "localhost" }, "agent-a")).rejects.toMatchObject({ exit: "usage" });
  await trusted({ address: "localhost", port, role: "agent", fingerprint: print() }, "agent-a");
  expect(stack.text).toContain(
    `agent-a: { role: agent, address: localhost, port: ${String(port)}, hostKey: "${sshd.hostKey.publicKey}", shell: shell-1 }`,
  );
});

describe("hosts that show no key", () => {
  let silent: Server;
  const listen = (server: Server): Promise<number> =>
    new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
    );
  beforeEach(() => void open(""));

  test("one that says nothing is given up", async () => {
    silent = createServer((socket) => void socket.resume().on("error", () => undefined));
    const at = { address: "127.0.0.1", port: await listen(silent) };
    await expect(fetchHostKey(at, 300)).rejects.toMatchObject({
      exit: "unreachable",
      message: expect.stringMatching(/does not answer as an SSH/) as string,
    });
    await new Promise((resolve) => silent.close(resolve));
  });

  test("one that hangs up, and one that is no SSH server", async () => {
    for (const words of ["", "HTTP/1.1 400 Bad Request\r\n\r\n"]) {
      silent = createServer(
        (socket) =>
          void socket
            .resume()
            .on("error", () => undefined)
            .end(words),
      );
      const at = { address: "127.0.0.1", port: await listen(silent) };
      await expect(fetchHostKey(at, 5_000)).rejects.toMatchObject({ exit: "unreachable" });
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test("one that has no ed25519 key", async () => {
    const rsa = new RsaSshd();
    const at = { address: "127.0.0.1", port: await rsa.listen() };
    await expect(fetchHostKey(at)).rejects.toMatchObject({
      exit: "refused",
      message: expect.stringMatching(/has no ed25519 host key/) as string,
    });
    await rsa.close();
  });

  test("a closed port, and a name that does not resolve", async () => {
    await expect(fetchHostKey({ address: "127.0.0.1", port: 1 })).rejects.toMatchObject({
      message: expect.stringMatching(/refuses/) as string,
    });
    await expect(fetchHostKey({ address: "nobody.invalid", port: 22 })).rejects.toMatchObject({
      exit: "unreachable",
    });
  });
});
