/**
 * Brings the session image to an agent host over SSH and makes it the current one. Input: JSON on standard input. What is
 * there already is not sent again, and a connection that is lost is made again for as long as it brings something.
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { readRecord } from "./archive.ts";
import { deliverImage } from "./deliver.ts";
import { place, withHost } from "../ssh/with-host.ts";
import { runForEngine } from "../toolchain/parent.ts";

const delivery = z.object({
  image: z.object({
    reference: z.string().regex(/^[a-z0-9./:_-]+$/),
    id: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  }),
});

runForEngine((status) => process.exit(status));
const { image, ...host } = place.and(delivery).parse(JSON.parse(await text(process.stdin)));
const blobs = join(import.meta.dirname, "../../dist/images");
const record = await readRecord(blobs, image.id);
const delivered = await withHost(host, process.env["SSH_AUTH_SOCK"] ?? "", (run) =>
  deliverImage(run, { reference: image.reference, record, blobs }),
);
console.log(JSON.stringify({ image: image.reference, id: image.id, ...delivered }));
