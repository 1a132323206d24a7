import { execFile } from "node:child_process";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** An independent judge of SSH servers, from PyPI. */
const version = "3.9.0";
const sha256 = "3dad48d4678e0de31f6332cc7674f9d7dd1805f86babf3796f41c2fd879cb812";
/** ssh2 has none. */
const accepted = "does not provide protection against post-quantum attacks";

const rated = z.array(
  z.looseObject({
    algorithm: z.string(),
    notes: z.looseObject({ fail: z.array(z.string()).default([]), warn: z.array(z.string()).default([]) }),
  }),
);
const verdict = z.looseObject({
  cves: z.array(z.unknown()),
  kex: rated,
  key: rated,
  enc: rated,
  mac: rated,
  compression: z.array(z.string()),
});

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Installs it once, into a folder of its own among the project's data; nothing of the system's Python changes. */
async function ensureInstalled(): Promise<string> {
  const data = process.env["CONVOCATE_DATA"] ?? join(homedir(), ".local/share/convocate");
  const folder = join(data, "tools", `ssh-audit-${version}`);
  if (await isThere(folder)) return folder;
  const work = `${folder}.${String(process.pid)}`;
  await mkdir(work, { recursive: true });
  try {
    const wanted = join(work, "requirements.txt");
    await writeFile(wanted, `ssh-audit==${version} --hash=sha256:${sha256}\n`);
    const quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
    const argv = ["-m", "pip", "install", ...quiet, "--no-deps", "--require-hashes", "--target", work];
    await run("python3", [...argv, "-r", wanted]).catch((error: unknown) => {
      throw new Error("ssh-audit could not be installed: `apt-get install python3-pip`, and reach PyPI", {
        cause: error,
      });
    });
    // Another may have been faster.
    await rename(work, folder).catch(() => undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** What it finds wrong with the SSH server on a port of 127.0.0.1, a line each; how many algorithms it looked at. */
export async function sshAudit(
  port: number,
): Promise<{ found: string[]; accepted: string[]; looked: number }> {
  const folder = await ensureInstalled();
  // How fast connections are taken is measured by the campaign `flood`, by what it does to operators.
  const argv = [
    "-m",
    "ssh_audit.ssh_audit",
    "--json",
    "--skip-rate-test",
    "--port",
    String(port),
    "127.0.0.1",
  ];
  const env = { PATH: process.env["PATH"], PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  // Its exit status is 2 for a warning, also for those that are accepted.
  const told = await run("python3", argv, { env }).catch((error: unknown) => error);
  const { stdout } = z.looseObject({ stdout: z.string() }).parse(told);
  const { cves, kex, key, enc, mac, compression } = verdict.parse(JSON.parse(stdout));
  const algorithms = [...kex, ...key, ...enc, ...mac];
  const notes = algorithms.flatMap(({ algorithm, notes: { fail, warn } }) => [
    ...fail.map((text) => ({ text, line: `fail: ${algorithm}: ${text}` })),
    ...warn.map((text) => ({ text, line: `warn: ${algorithm}: ${text}` })),
  ]);
  return {
    found: [
      ...notes.filter(({ text }) => text !== accepted).map(({ line }) => line),
      ...cves.map((cve) => `known hole: ${JSON.stringify(cve)}`),
      ...compression
        .filter((name) => name !== "none")
        .map((name) => `compression before authentication: ${name}`),
      ...(kex.some(({ algorithm }) => algorithm.startsWith("kex-strict-s"))
        ? []
        : ["no strict key exchange"]),
    ],
    accepted: notes.filter(({ text }) => text === accepted).map(({ line }) => line),
    looked: algorithms.length,
  };
}
