import type { AgentConfig } from "../../protocol/config.ts";
import type { Limits } from "../../protocol/session.ts";
import { containerPrefix, sessionLabel, type ContainerSpec, type EngineInfo } from "../docker/engine.ts";
import { homeInside } from "./home-skeleton.ts";
import type { Metadata } from "./metadata-store.ts";
import { seedEnvironment } from "./seed.ts";

/** Sessions' own bridge network. */
export const sessionNetwork = "convocate";

/** What `sudo`, package managers and servers inside need, and nothing that reaches the host (spec "The container"). */
const capabilities = [
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETFCAP"],
  ...["AUDIT_WRITE", "NET_BIND_SERVICE", "SYS_CHROOT"],
];

export interface SpecInput {
  session: Metadata;
  agentId: string;
  home: string;
  image: string;
  config: AgentConfig;
  uid: number;
  gid: number;
  cgroupDriver: EngineInfo["cgroupDriver"];
  /** What the session may use at most. */
  limits: Limits;
  /** Claude's token, where one is configured. */
  token: string | null;
  /** `source:target:ro` of what the host shares with every session. */
  sharedMounts: string[];
}

/** The container of a session, as a value. */
export function containerSpec(input: SpecInput): ContainerSpec {
  const { session, config, limits, token } = input;
  const { publish_address } = config;
  return {
    name: containerPrefix + session.uuid,
    hostname: `convocate-${session.uuid.slice(0, 8)}`,
    image: input.image,
    command: ["bash", "-lc", session.command ?? config.command],
    env: {
      CONVOCATE_UID: String(input.uid),
      CONVOCATE_GID: String(input.gid),
      ...seedEnvironment(session),
      ...(config.transcript && { CONVOCATE_TRANSCRIPT: "1" }),
      ...(token !== null && { CLAUDE_CODE_OAUTH_TOKEN: token }),
    },
    labels: { [sessionLabel]: session.uuid, "convocate.agent": input.agentId },
    binds: [`${input.home}:${homeInside}`, ...input.sharedMounts],
    workingDir: homeInside,
    dns: config.dns,
    // cgroupfs takes a bare slice name as relative to the engine's own group.
    cgroupParent: input.cgroupDriver === "systemd" ? "convocate-sessions.slice" : "/convocate-sessions.slice",
    network: sessionNetwork,
    ports: session.port
      ? [
          {
            port: session.port,
            protocol: session.protocol === "udp" ? "udp" : "tcp",
            ...(publish_address !== undefined && { address: publish_address }),
          },
        ]
      : [],
    memoryBytes: limits.memory_bytes ?? null,
    cpus: limits.cpus ?? null,
    pids: limits.pids ?? null,
    capDrop: ["ALL"],
    capAdd: capabilities,
  };
}
