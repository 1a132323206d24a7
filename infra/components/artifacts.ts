import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const archive = z.object({ file: z.string(), sha256: z.string() });
const manifestSchema = z.object({ app: archive, runtime: archive });
const imageSchema = z.object({ reference: z.string(), id: z.string() });

/** What `npm run build` and the image build left in `dist/`. */
export interface Artifacts {
  folder: string;
  app: z.infer<typeof archive>;
  runtime: z.infer<typeof archive>;
  image: z.infer<typeof imageSchema>;
}

export function readArtifacts(folder: string): Artifacts {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  return {
    folder,
    ...manifestSchema.parse(read("manifest.json")),
    image: imageSchema.parse(read("image.json")),
  };
}
