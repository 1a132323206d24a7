import { existsSync, readFileSync } from "node:fs";
import { type Document, isMap, parseDocument, Scalar } from "yaml";
import { ConfigError, type Fleet } from "../config/fleet.ts";
import { CliError } from "./cli-error.ts";
import { readFleet } from "./stack-settings.ts";
import { stackFilePath } from "./stacks.ts";
import { writeWhole } from "./whole-file.ts";

const hostsPath = ["config", "convocate:hosts"];

/** A value of a host's entry; a list is written on one line. */
export type EntryValue = string | number | readonly string[];

const scalar = (node: unknown): string => String(node instanceof Scalar ? node.value : node);

/** What is wrong, a line each, without the sentence about the file. */
const faultsOf = (error: ConfigError): string[] => error.message.split("\n").slice(1);

/**
 * A stack file that is edited: comments and order stay. Nothing is written before the result was checked by the rules
 * that the program itself has.
 */
export class StackFile {
  readonly stack: string;
  readonly path: string;
  /** As it was read; null: there is no file yet. */
  readonly #before: string | null;
  readonly #document: Document;
  readonly #home: string;

  private constructor(stack: string, path: string, before: string | null, home: string) {
    this.stack = stack;
    this.path = path;
    this.#before = before;
    this.#home = home;
    const document = parseDocument(before ?? "config: {}\n");
    const [error] = document.errors;
    if (error) {
      throw new CliError(
        "failed",
        `${path} is no YAML; nothing was touched: ${error.message.split("\n")[0] ?? ""}`,
        "Correct it in an editor.",
      );
    }
    this.#document = document;
  }

  /** Throws CliError when the file is not there, unless `create`, or is no YAML. */
  static read(root: string, stack: string, { home, create }: { home: string; create?: boolean }): StackFile {
    const path = stackFilePath(root, stack);
    const there = existsSync(path);
    if (!there && !create) {
      throw new CliError(
        "notFound",
        `${path} does not exist`,
        "Name another stack with --stack, or make this one with `convocate-host init-shell --domain DOMAIN …`.",
      );
    }
    return new StackFile(stack, path, there ? readFileSync(path, "utf8") : null, home);
  }

  get isNew(): boolean {
    return this.#before === null;
  }

  get text(): string {
    return this.#document.toString({ lineWidth: 0 });
  }

  get isChanged(): boolean {
    // Writing alone may set blanks differently: that is no change.
    return this.#before === null || this.text !== parseDocument(this.#before).toString({ lineWidth: 0 });
  }

  /** Names of the hosts, in the file's order, whatever else is wrong with them. */
  get hosts(): string[] {
    const hosts: unknown = this.#document.getIn(hostsPath);
    if (!isMap(hosts)) return [];
    return hosts.items.map(({ key }) => scalar(key));
  }

  /** A host's settings as they stand there; null: no such host. */
  host(name: string): Record<string, unknown> | null {
    const node: unknown = this.#document.getIn([...hostsPath, name]);
    if (!isMap(node)) return null;
    const entry: unknown = node.toJS(this.#document);
    return typeof entry === "object" && entry !== null ? { ...entry } : null;
  }

  /** The port of hosts that name none. */
  get defaultPort(): number {
    const port: unknown = this.#document.getIn(["config", "convocate:ssh", "port"]);
    return typeof port === "number" ? port : 22;
  }

  /** User and key file of hosts that name none. */
  get connectionDefaults(): { user?: string; privateKeyFile?: string } {
    const at = (field: string): unknown => this.#document.getIn(["config", "convocate:ssh", field]);
    const [user, privateKeyFile] = [at("user"), at("privateKeyFile")];
    return {
      ...(typeof user === "string" && { user }),
      ...(typeof privateKeyFile === "string" && { privateKeyFile }),
    };
  }

  setSetting(name: string, value: string): void {
    this.#document.setIn(["config", `convocate:${name}`], value);
  }

  /** Operators by name, as they stand there. */
  get operators(): Record<string, string> {
    const node: unknown = this.#document.getIn(["config", "convocate:operators"]);
    const entries = isMap(node) ? node.items : [];
    return Object.fromEntries(entries.map(({ key, value }) => [scalar(key), scalar(value)]));
  }

  /** Adds an operator, or gives one another key. */
  setOperator(name: string, key: string): void {
    const path = ["config", "convocate:operators"];
    if (!isMap(this.#document.getIn(path))) this.#document.setIn(path, this.#document.createNode({}));
    this.#document.setIn([...path, name], this.#node(key));
  }

  /** Sets fields of a host, and makes the host where it is missing, on a line of its own. */
  setHost(name: string, fields: Readonly<Record<string, EntryValue>>): void {
    if (!isMap(this.#document.getIn(hostsPath)))
      this.#document.setIn(hostsPath, this.#document.createNode({}));
    if (this.host(name) === null)
      this.#document.setIn([...hostsPath, name], this.#document.createNode({}, { flow: true }));
    for (const [field, value] of Object.entries(fields))
      this.#document.setIn([...hostsPath, name, field], this.#node(value));
  }

  removeHost(name: string): void {
    this.#document.deleteIn([...hostsPath, name]);
  }

  unsetHost(name: string, field: string): void {
    this.#document.deleteIn([...hostsPath, name, field]);
  }

  #node(value: EntryValue): unknown {
    if (typeof value !== "string") return this.#document.createNode(value, { flow: true });
    const scalar = new Scalar(value);
    // A key has a blank in it: in quotes it is one value for readers, too.
    if (value.includes(" ")) scalar.type = Scalar.QUOTE_DOUBLE;
    return scalar;
  }

  /** Throws ConfigError. */
  fleet(): Fleet {
    return readFleet(this.stack, this.#document, this.#home);
  }

  /**
   * Throws ConfigError when what is edited has a fault that the file did not have before: hosts get their keys one after
   * another, and the file is whole with the last.
   */
  checkNoNewFault(): void {
    try {
      this.fleet();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const old = new Set(this.#oldFaults());
      const added = faultsOf(error).filter((fault) => !old.has(fault));
      if (added.length > 0)
        throw new ConfigError(
          this.stack,
          added.map((fault) => fault.trim()),
        );
    }
  }

  #oldFaults(): string[] {
    try {
      readFleet(this.stack, parseDocument(this.#before ?? ""), this.#home);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return faultsOf(error);
      throw error;
    }
  }

  /** Replaces the file in one moment, if somebody else did not change it meanwhile. The caller has checked it. */
  write(): void {
    const now = existsSync(this.path) ? readFileSync(this.path, "utf8") : null;
    if (now !== this.#before) {
      throw new CliError(
        "refused",
        `${this.path} was changed by somebody else meanwhile; it stays as it is`,
        "Run this again.",
      );
    }
    writeWhole(this.path, this.text, 0o644);
  }
}
