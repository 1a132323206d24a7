/**
 * What the Pulumi program has done about the Claude CLI; input is JSON on standard input.
 * `fetch` has a version ready on this machine; `deliver` brings the CLI and its token to an agent host, or takes the token away.
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { place, withHost } from "../ssh/with-host.ts";
import { runForEngine } from "../toolchain/parent.ts";
import { deliverCli, deliverToken } from "./deliver.ts";
import { prepare, sourceSchema } from "./source.ts";

const folder = join(import.meta.dirname, "../../dist/claude");
const deliverySchema = place.and(z.object({ source: sourceSchema.nullable(), token: z.string().nullable() }));
runForEngine((status) => process.exit(status));
const given: unknown = JSON.parse(await text(process.stdin));

if (process.argv[2] === "fetch") {
  const { name, blob } = await prepare(sourceSchema.parse(given), folder);
  console.log(JSON.stringify({ claude: name, sha256: blob.sha256 }));
} else {
  const { source, token, ...host } = deliverySchema.parse(given);
  const cli = source && (await prepare(source, folder));
  const sent = await withHost(host, process.env["SSH_AUTH_SOCK"] ?? "", async (run) => {
    const bytes = cli ? await deliverCli(run, cli, folder) : 0;
    await deliverToken(run, token);
    return bytes;
  });
  console.log(JSON.stringify({ claude: cli?.name ?? null, sent }));
}
