// What we use of terminal-kit, and no more: DefinitelyTyped's declarations lean on an untyped emitter.
declare module "terminal-kit" {
  interface Terminal {
    /** Raw mode and key events; false ends both. */
    grabInput(grab: boolean): void;
    on(event: "key", listener: (name: string) => void): void;
  }
  interface CreateOptions {
    stdin: NodeJS.ReadableStream;
    stdout: NodeJS.WritableStream;
    /** Which key map: a file of its `termconfig` folder. */
    generic: string;
  }
  const terminalKit: { createTerminal(options: CreateOptions): Terminal };
  export default terminalKit;
}
