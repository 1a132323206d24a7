import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { findEngine } from "./engine.ts";
import { installOfflinePlugins } from "./offline-plugins.ts";
import { versions } from "./versions.ts";

jest.setTimeout(60_000);

test("what another version of convocate installed is replaced, also where ours was installed before it", async () => {
  const home = mkdtempSync(join(tmpdir(), "plugins-"));
  const data = process.env["CONVOCATE_DATA"] ?? join(homedir(), ".local/share/convocate");
  const said: string[] = [];
  const install = async () => {
    const log = (line: string) => said.push(line);
    await installOfflinePlugins(
      await findEngine(join(data, "toolchain"), true, process.env["PATH"] ?? "", log),
      home,
      log,
    );
    return said.splice(0);
  };
  const shim = join(home, `plugins/resource-command-v${versions.command}/pulumi-resource-command`);
  try {
    await install();
    const ours = readFileSync(shim, "utf8");
    expect(await install()).toEqual([]);
    writeFileSync(shim, ours.replace(/-[0-9a-f]{12}\.cjs/, "-000000000000.cjs"));
    expect(await install()).toEqual([`installing our plugin for command ${versions.command}`]);
    expect(readFileSync(shim, "utf8")).toBe(ours);
  } finally {
    rmSync(home, { recursive: true });
  }
});
