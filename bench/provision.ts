/** What `pulumi up` costs by itself: real engine, real SSH, our components; the hosts' part is a program that does nothing. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FakeSshd } from "../infra/toolchain/plugins/command/sshd.fake.ts";
import { ScratchProject } from "../infra/toolchain/scratch-project.ts";

const sizes = [2, 5, 10];
const root = join(import.meta.dirname, "..");

/** Hosts that let everything happen and do nothing, on addresses of their own. */
class IdleHosts {
  readonly folder = mkdtempSync(join(tmpdir(), "convocate-bench-"));
  readonly #hosts: { sshd: FakeSshd; address: string; port: number }[] = [];

  async open(count: number): Promise<void> {
    for (const part of ["bin", "dist", "infra"]) mkdirSync(join(this.folder, part));
    writeFileSync(join(this.folder, "bin/sudo"), "#!/bin/sh\ncat >/dev/null\necho '{}'\n", { mode: 0o755 });
    // The parts of our program that run on this machine, such as sending the image.
    for (const file of ["image/push.ts", "claude/main.ts", "reboot/main.ts"]) {
      mkdirSync(join(this.folder, "infra", dirname(file)));
      writeFileSync(join(this.folder, "infra", file), "console.log('{}');\n");
    }
    for (const name of ["app", "runtime"]) writeFileSync(join(this.folder, "dist", name), name);
    for (let i = 1; i <= count; i += 1) {
      const sshd = new FakeSshd();
      sshd.path = `${join(this.folder, "bin")}:/usr/bin:/bin`;
      const address = `127.0.2.${String(i)}`;
      const port = await sshd.listen(address);
      writeFileSync(join(this.folder, `key-${String(i)}`), sshd.userKey.privateKey, { mode: 0o600 });
      this.#hosts.push({ sshd, address, port });
    }
  }

  /** A program that declares a shell host and `agents` agents, as infra/index.ts does. */
  program(agents: number): string {
    const hosts = this.#hosts.slice(0, agents + 1).map(({ sshd, address, port }, i): [string, object] => {
      const key = { privateKeyFile: join(this.folder, `key-${String(i + 1)}`) };
      const place = { address, port, hostKey: sshd.hostKey.publicKey, ...key };
      return i === 0
        ? ["shell-1", { role: "shell", ...place }]
        : [`agent-${String(i)}`, { role: "agent", shell: "shell-1", ...place }];
    });
    const settings = { domain: "bench.internal", command: "bash", hosts: Object.fromEntries(hosts) };
    const archive = (file: string) => ({ file, sha256: "a".repeat(64) });
    const image = { reference: "convocate:slim-bench", id: `sha256:${"c".repeat(64)}` };
    const artifacts = {
      folder: join(this.folder, "dist"),
      app: archive("app"),
      runtime: archive("runtime"),
      image,
    };
    return `import { parseFleet } from ${JSON.stringify(join(root, "infra/config/fleet.ts"))};
import { declareFleet } from ${JSON.stringify(join(root, "infra/components/fleet.ts"))};
declareFleet(parseFleet("bench", ${JSON.stringify(settings)}, "/"), ${JSON.stringify(artifacts)});
`;
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map(({ sshd }) => sshd.close()));
    rmSync(this.folder, { recursive: true });
  }
}

/** As many resources, none of which has anything to do with us. */
const trivial = (count: number): string => `import { local } from "@pulumi/command";
for (let i = 0; i < ${String(count)}; i += 1) new local.Command("c" + i, { create: "true" });
`;

async function timed(project: ScratchProject, program: string): Promise<number> {
  const began = performance.now();
  const { code, output } = await project.up(program);
  if (code !== 0) throw new Error(`up failed:\n${output}`);
  return performance.now() - began;
}

/** The median of three. */
async function median(measure: () => Promise<number>): Promise<number> {
  const times = [await measure(), await measure(), await measure()].sort((a, b) => a - b);
  return times[1] ?? 0;
}

interface Row {
  hosts: number;
  resources: number;
  "no-op up / trivial": string;
  "one agent more, s": string;
}

async function measureSize(hosts: IdleHosts, agents: number): Promise<Row> {
  const ours = new ScratchProject();
  const theirs = new ScratchProject();
  try {
    await Promise.all([ours.open(), theirs.open()]);
    await timed(ours, hosts.program(agents - 1));
    const unchanged = () => timed(ours, hosts.program(agents - 1));
    const less = await median(unchanged);
    const more = (await timed(ours, hosts.program(agents))) - less;
    const resources = (await ours.resources()).length;
    await timed(theirs, trivial(resources));
    const noop = await median(() => timed(ours, hosts.program(agents)));
    const baseline = await median(() => timed(theirs, trivial(resources)));
    return {
      hosts: agents + 1,
      resources,
      "no-op up / trivial": `${(noop / baseline).toFixed(2)} (${noop.toFixed(0)} / ${baseline.toFixed(0)} ms)`,
      "one agent more, s": (more / 1_000).toFixed(2),
    };
  } finally {
    ours.close();
    theirs.close();
  }
}

export async function measureProvision(): Promise<void> {
  const hosts = new IdleHosts();
  await hosts.open(Math.max(...sizes));
  // What is delivered lands in the folder that this process is in.
  process.chdir(hosts.folder);
  try {
    const rows: Row[] = [];
    for (const size of sizes) rows.push(await measureSize(hosts, size - 1));
    console.table(rows);
  } finally {
    process.chdir(root);
    await hosts.close();
  }
}
