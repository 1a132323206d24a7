import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Client, SFTPWrapper } from "ssh2";
import { z } from "zod";
import type { Resource } from "../provider.ts";
import type { Properties } from "../wire.ts";
import { connectionSchema, withConnection } from "./connection.ts";

const schema = z.looseObject({
  connection: connectionSchema,
  remotePath: z.string(),
  /** A FileAsset or FileArchive as the engine sends it: the engine has added `hash`. */
  source: z.looseObject({ path: z.string() }),
});

const session = (client: Client) =>
  new Promise<SFTPWrapper>((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });

const put = (sftp: SFTPWrapper, from: string, to: string) =>
  new Promise<void>((resolve, reject) => {
    sftp.fastPut(from, to, (error) =>
      error ? reject(new Error(`copying ${from} to ${to}: ${error.message}`)) : resolve(),
    );
  });

/** Makes a folder; one that is there already is no error, whatever else is shows when a file is put into it. */
const makeFolder = (sftp: SFTPWrapper, path: string) =>
  new Promise<void>((resolve) => {
    sftp.mkdir(path, () => resolve());
  });

/** Not every question that SFTP asks is answered when the connection ends: nothing is waited for after that. */
const lost = (client: Client, path: string) =>
  new Promise<never>((_, reject) => {
    client.once("close", () => reject(new Error(`connection lost while copying ${path}`)));
  });

async function copy(inputs: Properties): Promise<void> {
  const { connection, remotePath, source } = schema.parse(inputs);
  const work = async (client: Client) => {
    const sftp = await session(client);
    const parts = remotePath.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (folder !== "") await makeFolder(sftp, folder);
    }
    if (!(await stat(source.path)).isDirectory()) return put(sftp, source.path, remotePath);
    // As rsync: `dir` is copied into remotePath, `dir/` only what it contains.
    const target = source.path.endsWith("/") ? remotePath : join(remotePath, basename(source.path));
    await makeFolder(sftp, remotePath);
    await makeFolder(sftp, target);
    for (const entry of await readdir(source.path, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const to = join(target, path.slice(source.path.length));
      await (entry.isDirectory() ? makeFolder(sftp, to) : put(sftp, path, to));
    }
  };
  await withConnection(connection, (client) => Promise.race([work(client), lost(client, source.path)]));
}

/** `command:remote:CopyToRemote`: copies a file or a folder over SFTP. */
export const copyToRemote: Resource = {
  inputs: ["connection", "remotePath", "source", "triggers"],
  replaceOn: ["triggers"],
  secretOutputs: ["connection"],
  check: (inputs: Properties) => {
    const path = z.looseObject({ path: z.string().min(1) }).safeParse(inputs["source"]);
    const known = typeof inputs["source"] === "object";
    return known && !path.success
      ? [{ property: "source", reason: "use a FileAsset or a FileArchive with a path" }]
      : [];
  },
  async create(_name: string, inputs: Properties) {
    await copy(inputs);
    return { id: randomBytes(4).toString("hex"), outs: { ...inputs } };
  },
  async update(_olds: Properties, news: Properties) {
    await copy(news);
    return { ...news };
  },
};
