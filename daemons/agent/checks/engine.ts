import { access } from "node:fs/promises";
import { readCurrentImage } from "../settings.ts";
import { fail, ok, warn, type Check } from "./check.ts";

export const engine: Check = {
  name: "Docker Engine",
  async look({ connect }) {
    const { version, liveRestore, cgroupDriver } = await (await connect()).info();
    if (!liveRestore)
      return warn(
        `${version}, without live-restore: sessions end when it is restarted`,
        "run `pulumi up` for this host, or set live-restore in /etc/docker/daemon.json",
      );
    return ok(`${version}, live-restore, cgroup driver ${cgroupDriver}`);
  },
};

export const image: Check = {
  name: "session image",
  async look({ configDir, connect }) {
    const remedy = "run `pulumi up` to deliver one";
    const reference = await readCurrentImage(configDir);
    if (reference === null) return fail("none was delivered: sessions cannot start", remedy);
    if (await (await connect()).hasImage(reference)) return ok(reference);
    return fail(`${reference} is not in the engine: sessions cannot start`, remedy);
  },
};

const sliceFile = "/etc/systemd/system/convocate-sessions.slice";

export const slice: Check = {
  name: "slice",
  async look() {
    try {
      await access(sliceFile);
      return ok("convocate-sessions.slice limits all sessions together");
    } catch {
      return warn(
        `${sliceFile} is missing: nothing limits all sessions together`,
        "run `pulumi up` for this host",
      );
    }
  },
};
