import { ConvocateError } from "../../protocol/errors.ts";
import type { Context } from "./context.ts";

/**
 * The program that a command line starts; null where only the session's own shell can know: it begins with an assignment,
 * an expansion or a file of the home.
 */
export function programOf(command: string): string | null {
  const [word = ""] = command.trim().split(/\s+/);
  return /^[A-Za-z0-9_+][A-Za-z0-9_+.-]*;?$|^\/(?!home\/)[A-Za-z0-9_+./-]+;?$/.test(word)
    ? word.replace(";", "")
    : null;
}

/**
 * Refuses a command whose program is not in the current image: such a session would end unexplained. Where the engine or
 * the image cannot be asked, the command is taken as it is.
 */
export async function checkCommand(context: Context, command: string): Promise<void> {
  const { knownPrograms, currentImage, engine, log, agentId, sharedMounts } = context;
  const program = programOf(command);
  if (program === null) return;
  const image = await currentImage();
  if (image === null || knownPrograms.has(`${image} ${program}`)) return;
  const outcome = await engine
    .runHelper({
      owner: agentId,
      image,
      binds: await sharedMounts(),
      argv: ["bash", "-lc", 'type "$1" >/dev/null 2>&1', "bash", program],
    })
    .catch((error: unknown) =>
      log.warn({ err: error, program }, "whether a command exists could not be asked"),
    );
  if (outcome?.exitCode === 1)
    throw new ConvocateError(
      "command_missing",
      `the command ${JSON.stringify(program)} is not in this agent's image: install it there, or give another`,
    );
  if (outcome?.exitCode === 0) knownPrograms.add(`${image} ${program}`);
}
