import { leftoversOf, listLeftovers, type Leftovers } from "./send-blob.ts";

/** Where layers arrive on an agent host: on the file system that Docker's own are on, so that the check of its free space holds. */
export const layersFolder = "/var/lib/docker/convocate-layers";

/** What an agent host's engine has. */
export interface Survey {
  /** As Go calls it. */
  architecture: string;
  freeBytes: number;
  /** Id of the image that has the wanted name; null: none has. */
  id: string | null;
  /** Diff ids of every image, from the base up. */
  images: string[][];
  leftovers: Leftovers;
}

/** An image that is removed meanwhile is not an error: what it had is sent. */
export const surveyScript = (reference: string) => `set -euo pipefail
docker version --format '{{.Server.Arch}}'
install -d -m 700 ${layersFolder}
df -B1 --output=avail ${layersFolder} | tail -n 1
docker image inspect --format '{{.Id}}' ${reference} 2>/dev/null || echo none
docker image ls --quiet --no-trunc | sort -u | xargs -r docker image inspect --format '{{join .RootFS.Layers " "}}' 2>/dev/null || true
echo --
${listLeftovers(layersFolder)}`;

export function parseSurvey(text: string): Survey {
  const lines = text.split("\n").map((line) => line.trim());
  const [architecture = "", free, id = "none", ...rest] = lines;
  const end = rest.indexOf("--");
  return {
    architecture,
    freeBytes: Number(free),
    id: id === "none" ? null : id,
    images: rest.slice(0, end).map((line) => line.split(" ").map((layer) => layer.replace("sha256:", ""))),
    leftovers: leftoversOf(rest.slice(end + 1)),
  };
}

/**
 * How many of an image's layers, from the base up, an engine has in one of its images: an engine finds a layer by all that is
 * below it, so a layer that stands on others must be sent.
 */
export function layersThere(layers: readonly string[], images: readonly string[][]): number {
  const shared = (image: readonly string[]) => {
    const differs = layers.findIndex((layer, number) => image[number] !== layer);
    return differs === -1 ? layers.length : differs;
  };
  return Math.max(0, ...images.map(shared));
}
