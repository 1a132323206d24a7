import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Hypervisor } from "./hypervisor.ts";
import type { VmOptions } from "./options.ts";
import { VmRefusal } from "./refusal.ts";

type Image = Pick<VmOptions, "image" | "imageSha256">;

const isFile = ({ image }: Image) => image.startsWith("/");

/** A file of this machine is compared before anything is touched. Throws VmRefusal. */
export async function checkLocalImage(wanted: Image): Promise<void> {
  if (!isFile(wanted)) return;
  const { image, imageSha256 } = wanted;
  const hash = createHash("sha256");
  try {
    if (!statSync(image).isFile()) throw new Error("not a file");
    await pipeline(createReadStream(image), hash);
  } catch (error) {
    throw new VmRefusal(
      "usage",
      `--image: got ${image}: ${error instanceof Error ? error.message : String(error)}`,
      "Name a file of this machine that can be read.",
    );
  }
  const found = hash.digest("hex");
  if (found !== imageSha256)
    throw new VmRefusal(
      "usage",
      `--image-sha256: got ${imageSha256}, and ${image} has ${found}`,
      "Compare both with what the image's publisher says.",
    );
}

const cache = "/var/lib/convocate-machines/images";

/** Sends a file from where an earlier run stopped. One at a time. */
async function send(hypervisor: Hypervisor, { image, imageSha256 }: Image): Promise<void> {
  const [there, partial] = [`${cache}/${imageSha256}.img`, `${cache}/${imageSha256}.partial`];
  const size = await hypervisor.root({
    title: "looking for the image",
    script: `mkdir -p ${cache} && if [ -e ${there} ]; then echo there; else stat -c %s ${partial} 2>/dev/null || echo 0; fi`,
  });
  if (size === "there") return;
  await hypervisor.root({
    title: "sending the image",
    script: `exec flock ${cache} bash --norc -c '[ "$(stat -c %s ${partial} 2>/dev/null || echo 0)" = ${String(Number(size))} ] && exec cat >>${partial}'`,
    feed: (channel) => pipeline(createReadStream(image, { start: Number(size) }), channel),
  });
}

/** Has the image in the hypervisor's cache, whole. */
export async function provideImage(hypervisor: Hypervisor, wanted: Image): Promise<void> {
  if (isFile(wanted)) await send(hypervisor, wanted);
  await hypervisor.run("fetching the image", "image", {
    image_url: isFile(wanted) ? "" : wanted.image,
    image_sha256: wanted.imageSha256,
  });
}
