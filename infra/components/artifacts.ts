import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const archive = z.object({ file: z.string(), sha256: z.string() });
const manifestSchema = z.object({ app: archive, runtime: archive });
const imageSchema = z.object({ reference: z.string(), id: z.string() });
const imagesSchema = z.object({ slim: imageSchema.optional(), full: imageSchema.optional() });

/** What `npm run build` and the image build left in `dist/`. */
export interface Artifacts {
  folder: string;
  app: z.infer<typeof archive>;
  runtime: z.infer<typeof archive>;
  image: z.infer<typeof imageSchema>;
}

/** What the stack asks for is not in `dist/`. */
export class NotBuilt extends Error {}

/** What a fleet with that kind of session image needs. Throws NotBuilt with the remedy when the image is not built. */
export function readArtifacts(folder: string, kind: "slim" | "full"): Artifacts {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const image = imagesSchema.parse(read("image.json"))[kind];
  if (!image)
    throw new NotBuilt(
      `convocate:image: got "${kind}", which is not built: run \`node infra/image/main.ts --image ${kind}\``,
    );
  return { folder, ...manifestSchema.parse(read("manifest.json")), image };
}
