import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { editHost, findHost, requireHost, type HostOptions } from "./host-entry.ts";
import { fingerprintOf } from "./host-key.ts";
import { StackFile } from "./stack-file.ts";
import { chooseStack } from "./stacks.ts";

export interface TrustOptions extends HostOptions {
  stack?: string;
  domain?: string;
  json?: boolean;
}

/** `trust HOST`: a host's key gets into the stack file because somebody says that it is the host's, and in no other way. */
export async function trust(context: Context, wanted: string, options: TrustOptions): Promise<void> {
  const stack = chooseStack(context, options.stack);
  const file = StackFile.read(context.root, stack, {
    home: context.home,
    create: options.domain !== undefined,
  });
  if (options.domain !== undefined) file.setSetting("domain", options.domain);
  const isNew = options.role !== undefined || options.address !== undefined;
  const host = isNew ? (findHost(file, wanted) ?? wanted) : requireHost(file, wanted);
  const known = file.host(host)?.["hostKey"];
  // Without a word about the key it is fetched all the same: a host that was trusted long ago is compared.
  await editHost(context, file, host, { ...options, recheck: true });
  file.checkNoNewFault();
  if (file.isChanged) file.write();
  const key = file.host(host)?.["hostKey"];
  if (typeof key !== "string")
    throw new CliError("failed", `${host} has no key in ${file.path}`, "Run this again.");
  const result = key === known ? "unchanged" : typeof known === "string" ? "replaced" : "trusted";
  const fingerprint = fingerprintOf(key);
  context.stdout.write(
    options.json
      ? `${JSON.stringify({ host, stack, fingerprint, result })}\n`
      : `${host}: ${result}: ${fingerprint}\n`,
  );
}
