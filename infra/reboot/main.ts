/** Restarts a host that asks for it and waits until it is back. Input: how it is reached, JSON on standard input. */
import { text } from "node:stream/consumers";
import { connect, endpoint } from "../ssh/connect.ts";
import { runForEngine } from "../toolchain/parent.ts";
import { rebootIfAsked } from "./reboot.ts";

runForEngine((status) => process.exit(status));
const host = endpoint.parse(JSON.parse(await text(process.stdin)));
const agentSocket = process.env["SSH_AUTH_SOCK"] ?? "";
console.log(JSON.stringify(await rebootIfAsked(host.host, () => connect(host, agentSocket))));
