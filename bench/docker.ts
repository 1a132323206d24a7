import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs the docker command line program; what it printed. */
export const docker = async (...args: string[]): Promise<string> => (await run("docker", args)).stdout.trim();
