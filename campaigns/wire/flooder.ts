/**
 * Comes to a listener without ever getting in: `node flooder.ts PORT COUNT AT_ONCE SEED`. Says how the connections went in
 * one line of JSON. A process of its own, so that what it costs is not taken for what it does to others.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { createKeyPair } from "../../daemons/ssh/keypair.fake.ts";
import { Random } from "../random.ts";

const [port = 0, count = 0, atOnce = 1, seed = 1] = process.argv.slice(2).map(Number);
const random = new Random(seed);
const stranger = createKeyPair("operator=nobody").privateKey;
const went = { connected: 0, endedByThem: 0, refusedKeys: 0, failed: 0 };
/** How long one that is not ended stays, in milliseconds. */
const stayMs = 300;

async function silent(text: string | Buffer): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const closed = once(socket, "close").then(
    () => true,
    () => true,
  );
  socket.on("error", () => (went.failed += 1)).resume();
  socket.once("connect", () => {
    went.connected += 1;
    if (text.length > 0) socket.write(text);
  });
  await Promise.race([closed, once(socket, "connect").catch(() => undefined)]);
  if (await Promise.race([closed, sleep(stayMs).then(() => false)])) went.endedByThem += 1;
  socket.destroy();
}

async function wrongKey(): Promise<void> {
  const client = new ssh2.Client();
  const closed = once(client, "close").catch(() => undefined);
  let refused = false;
  client.on("error", (error) => (refused ||= /authentication/.test(error.message)));
  client.once("connect", () => (went.connected += 1));
  client.connect({ host: "127.0.0.1", port, username: "x", privateKey: stranger, hostVerifier: () => true });
  await Promise.race([closed, sleep(10_000)]);
  client.destroy();
  if (refused) went.refusedKeys += 1;
  else went.endedByThem += 1;
}

let left = count;
async function come(): Promise<void> {
  while (left-- > 0) {
    const how = random.weighted({ nothing: 8, half: 4, greeting: 4, garbage: 3, key: 1 });
    if (how === "nothing") await silent("");
    else if (how === "half") await silent("SSH-2.0-half");
    else if (how === "greeting") await silent("SSH-2.0-x\r\n");
    else if (how === "garbage")
      await silent(Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), random.bytes(500)]));
    else await wrongKey();
  }
}
await Promise.all(Array.from({ length: atOnce }, come));
console.log(JSON.stringify(went));
process.exit(0);
