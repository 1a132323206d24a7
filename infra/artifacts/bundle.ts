import { build, type BuildOptions, type Plugin } from "esbuild";

/** A program that ships to hosts: its command and the file it starts in. */
export interface Program {
  command: string;
  main: string;
  /** Flags of Node.js that its launcher gives. */
  flags: string[];
}

/** infra ships the daemons and the TUI by path; it imports neither. */
export const programs: Program[] = [
  { command: "convocate", main: "tui/main.ts", flags: [] },
  // Daemons relay and keep little: room for short-lived objects that they do not need would stay their own.
  { command: "convocate-agent", main: "daemons/agent/main.ts", flags: ["--max-semi-space-size=1"] },
  { command: "convocate-status", main: "daemons/status/main.ts", flags: ["--max-semi-space-size=1"] },
];

/** zod's messages in sixty languages: 3 MB of memory. Ours are English. */
const englishOnly: Plugin = {
  name: "english-only",
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]/ }, ({ path }) =>
      /[\\/](en|index)\.js$/.test(path) ? null : { contents: "export default () => ({});", loader: "js" },
    );
  },
};

const options: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  // terminal-kit requires its parts by name at run time and ships as a package tree beside the bundle.
  external: ["*.node", "terminal-kit"],
  // dockerode wants them for building images only: 100 ms and 7 MB that no daemon of ours uses.
  alias: {
    "@grpc/grpc-js": "./infra/artifacts/absent.cjs",
    "@grpc/proto-loader": "./infra/artifacts/absent.cjs",
    protobufjs: "./infra/artifacts/absent.cjs",
    "tar-fs": "./infra/artifacts/absent.cjs",
  },
  plugins: [englishOnly],
  loader: { "": "empty", ".md": "empty" },
};

/** Bundles every program into `outdir` as `<command>.cjs` with a source map beside it. */
export async function bundlePrograms(root: string, outdir: string): Promise<void> {
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: programs.map(({ command, main }) => ({ in: main, out: command })),
    outExtension: { ".js": ".cjs" },
    outdir,
  });
}
