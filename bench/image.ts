import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveImage } from "../infra/image/build.ts";
import { deliverImage } from "../infra/image/deliver.ts";
import { LayeredImages } from "../infra/image/layers.fake.ts";
import { Proxy } from "../infra/image/proxy.fake.ts";
import { SecondEngine } from "../infra/image/second-engine.fake.ts";
import { connect, runAsRoot } from "../infra/ssh/connect.ts";
import { FakeSshd } from "../infra/toolchain/plugins/command/sshd.fake.ts";
import { docker } from "./docker.ts";

const megabyte = 1_000_000;
/** Of the layer that every image has, and of the one that changes. Their contents cannot be made smaller. */
const [baseSize, sizes] = [100 * megabyte, [megabyte, 10 * megabyte, 100 * megabyte]] as const;

/**
 * What a changed layer takes to reach an agent that has the rest, in bytes on the wire and in time, against the whole image.
 * The agent is an engine of its own on this machine; the wire is a proxy that counts what goes to the agent, SSH and all.
 */
export async function measureImage(): Promise<void> {
  if (process.getuid?.() !== 0 || (await docker("version").catch(() => null)) === null)
    return console.log("  only root and with a Docker Engine");
  const blobs = mkdtempSync(join(tmpdir(), "bench-image-"));
  const [engine, images, sshd] = [new SecondEngine(), new LayeredImages(), new FakeSshd()];
  await engine.start();
  sshd.path = engine.host.commands;
  const proxy = new Proxy(await sshd.listen());
  const port = await proxy.listen();
  const { publicKey: hostKey } = sshd.hostKey;
  const { privateKey } = sshd.userKey;
  const deliver = async (layers: Buffer[]) => {
    const reference = `convocate:bench-${String(process.pid)}-${String(layers.at(-1)?.length ?? 0)}`;
    images.build(reference, layers);
    const record = await saveImage(reference, blobs);
    const [sent, start] = [proxy.sent, performance.now()];
    const client = await connect({ host: "127.0.0.1", port, user: "admin", hostKey, privateKey }, "");
    await deliverImage((script) => runAsRoot(client, script), { reference, record, blobs });
    client.end();
    const packed = record.layers.at(-1)?.packed.bytes ?? 0;
    return { wire: proxy.sent - sent, packed, milliseconds: performance.now() - start };
  };
  try {
    const base = randomBytes(baseSize);
    const whole = await deliver([base]);
    console.log(
      `  whole image, ${String(baseSize / megabyte)} MB: ${(whole.wire / whole.packed).toFixed(4)} bytes on the wire per byte of its layers, ${(whole.milliseconds / 1000).toFixed(1)} s`,
    );
    for (const size of sizes) {
      const { wire, packed, milliseconds } = await deliver([base, randomBytes(size)]);
      console.log(
        `  one changed layer, ${String(size / megabyte)} MB: ${(wire / packed).toFixed(4)} bytes per byte of the layer (goal 1.01; ${((wire - packed) / 1000).toFixed(1)} kB besides), ${(milliseconds / whole.milliseconds).toFixed(2)} of the time of the whole image`,
      );
    }
  } finally {
    await proxy.close();
    await sshd.close();
    await engine.stop();
    images.remove();
    rmSync(blobs, { recursive: true });
  }
}
