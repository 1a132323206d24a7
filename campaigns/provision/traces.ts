import type { TestFleet } from "../../lab/test-fleet.ts";

/** Where provisioning writes on an agent host; what is volatile there does not count. */
const survey = `hostname=$(hostname); id=$(cat /etc/convocate-agent/agent-id)
find /etc /usr/local /opt /home /root /var/lib/convocate* /var/lib/docker/convocate-layers /tmp -xdev -printf '%p %y %m %u %g\\n' 2>/dev/null |
  grep -vE '^/(etc/(ssh/|resolv|host|mtab|\\.pwd|(passwd|group|shadow|gshadow)-|machine-id|ld.so)|tmp/systemd-private|tmp/?[ ]|home/convocate/)' |
  sed "s/$hostname/HOST/g; s/$id/ID/g"
echo "running: $(pgrep -fc 'bash --norc -[s]')"
echo "failed: $(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | sort | xargs)"
echo "images: $(docker images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort | xargs)"
echo "dpkg: $(dpkg --audit | head -n 1)"
ufw show added | sed 's/^/ufw: /'`;

/** What provisioning has left on an agent host, a line each, sorted. */
export async function tracesOn({ lab }: TestFleet, host: string): Promise<string[]> {
  const { code, stdout, stderr } = await lab.exec(host, ["sh", "-c", survey]);
  if (code !== 0) throw new Error(`survey of ${host}: ${stderr}`);
  return stdout.trim().split("\n").sort();
}

/** What one of two hosts has more than the other. */
export function difference(host: readonly string[], undisturbed: readonly string[]): string[] {
  const more = host.filter((line) => !undisturbed.includes(line)).map((line) => `left: ${line}`);
  const less = undisturbed.filter((line) => !host.includes(line)).map((line) => `missing: ${line}`);
  return [...more, ...less];
}

/** What the shell host knows of agents, by kind: how many of each, or what is there that should not be. */
export async function registrations({ lab }: TestFleet): Promise<Record<string, number>> {
  const script = `cd /etc/convocate
    echo "folders $(find agent-keys -mindepth 1 -maxdepth 1 | wc -l)"
    echo "keys $(grep -c . status_authorized_keys)"
    echo "firewall $(ufw show added | grep -o 'convocate: agent [^ ]*' | sort -u | wc -l)"
    echo "half $(find /etc/convocate /etc/rsyslog.d /etc/dnsmasq.d -name '*.new*' -o -name '*.before' -o -name '.new-*' | wc -l)"
    echo "failed $(systemctl list-units --failed --plain --no-legend | wc -l)"`;
  const { stdout } = await lab.exec("shell-1", ["sh", "-c", script]);
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([name = "", count]) => [name, Number(count)]),
  );
}
