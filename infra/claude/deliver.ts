import { leftoversOf, listLeftovers, sendBlob, unpackFunction } from "../image/send-blob.ts";
import type { Run } from "../ssh/connect.ts";
import type { Cli } from "./source.ts";

/** Mounted into sessions as a whole, so that another `current` reaches those that run. */
const root = "/opt/claude";
const incoming = `${root}/.incoming`;

const surveyScript = ({ name }: Cli) => `set -euo pipefail
install -d -m 755 ${root}
if [ -x ${root}/${name}/claude ]; then sha256sum <${root}/${name}/claude; else echo none; fi
df -B1 --output=avail ${root} | tail -n 1
${listLeftovers(incoming)}`;

const installScript = ({ name, blob }: Cli) => `set -euo pipefail
cd ${incoming}
exec 9>.installing
flock 9
${unpackFunction}
trap 'rm -f ${incoming}/claude' EXIT
unpack ${blob.packed.sha256} ${blob.sha256} claude
chmod 755 claude
sync claude
install -d -m 755 ${root}/${name}
mv -f claude ${root}/${name}/claude`;

/** \`current\` is flipped last. What was current before stays, also for those who run it; older ones go. */
const currentScript = (name: string) => `set -euo pipefail
cd ${root}
point() { ln -sfn "$2" ".$1" && mv -T ".$1" "$1"; }
old=$(readlink current || true)
if [ "$old" != ${name} ]; then
  [ -z "$old" ] || point previous "$old"
  point current ${name}
fi
rm -rf ${incoming}
for folder in *; do
  case $folder in current | previous | ${name} | "$(readlink previous || true)") continue ;; esac
  [ ! -f "$folder/claude" ] || rm -rf "$folder"
done`;

/** Brings the Claude CLI to a host, unless it has it, and makes it the current one; how many bytes it took. */
export async function deliverCli(run: Run, cli: Cli, blobs: string): Promise<number> {
  const { name, blob } = cli;
  const text = await run({ title: `looking for Claude ${name}`, script: surveyScript(cli) });
  const [there = "", free, ...files] = text.split("\n").map((line) => line.trim());
  let sent = 0;
  if (!there.startsWith(blob.sha256)) {
    if (Number(free) < blob.size + blob.packed.bytes)
      throw new Error(
        `Claude ${name} needs ${((blob.size + blob.packed.bytes) / 1e6).toFixed(0)} MB below ${root}, ${(Number(free) / 1e6).toFixed(0)} are free: free some`,
      );
    sent = await sendBlob(run, { from: blobs, blob, to: incoming, leftovers: leftoversOf(files) });
    await run({ title: `installing Claude ${name}`, script: installScript(cli) });
  }
  await run({ title: `making Claude ${name} current`, script: currentScript(name) });
  return sent;
}

const writeToken = `set -euo pipefail
etc=/etc/convocate-agent
install -d -o root -g convocate -m 750 $etc
umask 077
cat >$etc/.claude-token
chown root:convocate $etc/.claude-token
chmod 640 $etc/.claude-token
mv -f $etc/.claude-token $etc/claude-token`;

/** Leaves Claude's token for the agent, by standard input; null takes away the one that is there. */
export async function deliverToken(run: Run, token: string | null): Promise<void> {
  await run({
    title: "writing Claude's token",
    script: token === null ? "rm -f /etc/convocate-agent/claude-token" : writeToken,
    feed: (input) => new Promise((resolve) => input.end(token === null ? "" : `${token}\n`, resolve)),
  });
}
