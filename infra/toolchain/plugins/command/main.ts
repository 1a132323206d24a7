/** The offline stand-in for the plugin `command` (see docs/decisions/2). */
import { main } from "@pulumi/pulumi/provider/server.js";
import { onOrphaned } from "../../parent.ts";
import { makeProvider } from "../provider.ts";
import { cancelConnections } from "./connection.ts";
import { copyToRemote } from "./copy-to-remote.ts";
import { cancelProcesses, localCommand } from "./local-command.ts";
import { remoteCommand } from "./remote-command.ts";

const resources = {
  "command:local:Command": localCommand,
  "command:remote:Command": remoteCommand,
  "command:remote:CopyToRemote": copyToRemote,
};

const cancel = () => {
  cancelConnections();
  cancelProcesses();
};

onOrphaned(() => {
  cancel();
  process.exit(1);
});
void main(makeProvider("1.2.1", resources, cancel), process.argv.slice(2));
