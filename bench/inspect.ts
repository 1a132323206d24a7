import { docker } from "./docker.ts";
import { Samples } from "./samples.ts";

/** What v2's list costs per session: one `docker inspect` process. Null with the reason when there is no engine or image. */
export async function timeInspect(containers: number, rounds: number): Promise<Samples | string> {
  const images = await docker("images", "-q", "--filter", "dangling=false").catch(() => null);
  if (images === null) return "no Docker Engine answers";
  const [image] = images.split("\n");
  if (!image) return "the Docker Engine has no image";
  const names = Array.from(
    { length: containers },
    (_, n) => `convocate-bench-${String(process.pid)}-${String(n)}`,
  );
  try {
    for (const name of names) await docker("create", "--name", name, "--network", "none", image, "true");
    const samples = new Samples();
    for (let round = 0; round < rounds; round++)
      for (const name of names) await samples.time(() => docker("inspect", name));
    return samples;
  } finally {
    await docker("rm", "-f", ...names).catch(() => undefined);
  }
}
