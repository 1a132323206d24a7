import { join } from "node:path";
import { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FleetHost } from "../config/fleet.ts";
import { restartAsked, restartRemedy } from "../config/restart.ts";
import { packages } from "../steps/packages.ts";
import type { Artifacts } from "./artifacts.ts";
import { connectionArgs, hostCommand, placeOf } from "./host-command.ts";

/** Packages of a host with these roles. */
export function packagesFor(roles: readonly ("shell" | "agent")[]): string[] {
  return [...new Set([...packages.every, ...roles.flatMap((role): readonly string[] => packages[role])])];
}

/** Brings an archive of ours to where `install` looks for it. */
function deliver(
  host: FleetHost,
  artifacts: Artifacts,
  what: "runtime" | "app",
  parent: pulumi.Resource,
): pulumi.Resource {
  const name = `${host.name}-${what}`;
  const { file, sha256 } = artifacts[what];
  const path = join(artifacts.folder, file);
  if (host.local !== null)
    return new local.Command(
      name,
      {
        create: `echo "$sha256  $path" | sha256sum --check --status && exec install -D -m 600 "$path" "$(getent passwd "$(id -un)" | cut -d: -f6)/.convocate/$file"`,
        environment: { path, file, sha256 },
        logging: local.Logging.None,
        addPreviousOutputInEnv: false,
      },
      { parent },
    );
  return new remote.CopyToRemote(
    name,
    {
      connection: connectionArgs(host),
      source: new pulumi.asset.FileAsset(path),
      remotePath: `.convocate/${file}`,
      // A machine that was set up anew has another key, and nothing of what was delivered.
      triggers: [host.connection.hostKey],
    },
    { parent },
  );
}

/**
 * Delivers runtime and programs to a host and installs them with all it needs for its roles; then the host starts anew if what
 * was upgraded asks for that, unless it is this machine, which is left to whoever works on it. Returns what comes last of it.
 */
export function installHost(host: FleetHost, artifacts: Artifacts, parent: pulumi.Resource): pulumi.Resource {
  const installed = hostCommand(
    `${host.name}-install`,
    {
      host,
      script: "install",
      inputs: {
        roles: host.roles.join(" "),
        ssh_port: String(host.connection.port),
        packages: packagesFor(host.roles).join(" "),
        runtime_file: artifacts.runtime.file,
        runtime_sha256: artifacts.runtime.sha256,
        app_file: artifacts.app.file,
        app_sha256: artifacts.app.sha256,
      },
    },
    {
      parent,
      dependsOn: [deliver(host, artifacts, "runtime", parent), deliver(host, artifacts, "app", parent)],
    },
  );
  if (host.local !== null) {
    installed.stdout.apply(() => {
      if (restartAsked())
        void pulumi.log.warn(`${host.name} asks for a restart: ${restartRemedy}`, installed);
    });
    return installed;
  }
  return new local.Command(
    `${host.name}-reboot`,
    {
      dir: join(artifacts.folder, ".."),
      create: "exec node infra/reboot/main.ts",
      stdin: pulumi.secret(pulumi.jsonStringify(placeOf(host))),
      logging: local.Logging.None,
      addPreviousOutputInEnv: false,
    },
    { parent, dependsOn: [installed], customTimeouts: { create: "20m", update: "20m" } },
  );
}
