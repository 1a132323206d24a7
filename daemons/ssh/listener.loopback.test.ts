import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../host/clock.ts";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { watchAuthorizedKeys } from "./authorized-keys.ts";
import { keepDialed } from "./dialer.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { listen } from "./listener.ts";

test("two of ours meet: the channel carries bytes both ways, each knows the other", async () => {
  const directory = mkdtempSync(join(tmpdir(), "convocate-ssh-"));
  const hostKey = createKeyPair("host");
  const agent = createKeyPair("agent=a");
  writeFileSync(join(directory, "authorized_keys"), `${agent.publicKey}\n`);
  const log = new MemoryLog();
  const authorizedKeys = watchAuthorizedKeys(join(directory, "authorized_keys"), log);
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    hostKey: hostKey.privateKey,
    authorizedKeys,
    admits: (p) => p.kind === "agent",
    subsystems: {
      echo: {
        pty: false,
        open({ channel, principal }) {
          channel.write(`${principal.name}\n`);
          channel.pipe(channel);
        },
      },
    },
    log,
  });
  let heard = "";
  const dialer = keepDialed({
    host: "127.0.0.1",
    port: listener.port,
    username: "convocate",
    privateKey: agent.privateKey,
    hostKey: hostKey.publicKey,
    subsystem: "echo",
    log,
    clock: realClock,
    onOpen(channel) {
      channel.on("data", (data: Buffer) => (heard += data.toString()));
      channel.write("hello\n");
    },
    onDown() {},
  });
  try {
    await eventually(() => heard === "a\nhello\n");
  } finally {
    dialer.close();
    await listener.close();
    authorizedKeys.close();
    rmSync(directory, { recursive: true });
  }
  expect(log.text).toContain('"who":"agent=a"');
});

test("a port that is taken is named, with the way to find out by whom", async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, "127.0.0.1", () => resolve((taken.address() as AddressInfo).port)),
  );
  const { privateKey } = createKeyPair("");
  const authorizedKeys = { find: () => null, onChange() {}, close() {} };
  const options = {
    host: "127.0.0.1",
    port,
    hostKey: privateKey,
    authorizedKeys,
    admits: () => true,
    subsystems: {},
  };
  await expect(listen({ ...options, log: new MemoryLog() })).rejects.toThrow(
    `tcp port ${String(port)} of 127.0.0.1 is taken: see \`ss -ltnp\``,
  );
  taken.close();
});
