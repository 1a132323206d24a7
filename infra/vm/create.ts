import { rebootIfAsked } from "../reboot/reboot.ts";
import type { Endpoint } from "../ssh/connect.ts";
import { answers, patienceOf, type Patience } from "./answer.ts";
import { harden } from "./harden.ts";
import { mintHostKey } from "./host-key.ts";
import type { Hypervisor } from "./hypervisor.ts";
import { provideImage } from "./image.ts";
import { macOf, randomName } from "./name.ts";
import type { VmOptions } from "./options.ts";
import { packages } from "./packages.ts";
import { admit, askedFor, begun, wantedNetwork } from "./plan.ts";
import { dataDiskSerial, seedOf } from "./seed.ts";
import { parseSurvey, type Machine, type Survey } from "./survey.ts";

/** What is asked of a hypervisor. */
export interface Wish {
  options: VmOptions;
  /** Make one more, also where there is one like it. */
  another: boolean;
  /** Public keys that may come in, a line each. */
  keys: readonly string[];
  privateKey?: string;
  /** How long to wait for what answers late; else as its kind needs. */
  patience?: Patience;
}

export type Say = (step: string) => void;

/** What would be done, and on what grounds. */
export interface Plan {
  survey: Survey;
  /** The network of the hypervisor's machines. */
  network: string;
  /** An earlier run has begun it, or made it. */
  begun: Machine | null;
}

/** Looks at the hypervisor, and changes nothing there. Throws VmRefusal when it is not fit, or has no room. */
export async function planMachine(hypervisor: Hypervisor, { options, another }: Wish): Promise<Plan> {
  const look = async (name: string) =>
    parseSurvey(await hypervisor.look({ network: wantedNetwork(options), name }));
  const first = await look("");
  const machine = begun(first, options, another);
  const survey = machine === null ? first : await look(machine.name);
  return { survey, network: admit(survey, options), begun: machine };
}

export interface Made {
  name: string;
  address: string;
  hostKey: string;
  network: string;
}

/** Makes the machine of the plan, or goes on where an earlier run stopped. Each step finds done what is done. */
export async function makeMachine(
  hypervisor: Hypervisor,
  wish: Wish,
  { survey, network, begun: known }: Plan,
  say: Say,
): Promise<Made> {
  const { options, keys } = wish;
  if (known?.whole === true) {
    say(`${known.name} is there`);
    return { ...known, network };
  }
  say("seeing to it that you can log in again");
  await hypervisor.run("writing the key", "keys", { keys: keys.join("\n") });
  say("hardening sshd of the hypervisor");
  await harden(hypervisor, wish.patience);
  say("preparing the hypervisor");
  await hypervisor.run("preparing the hypervisor", "hypervisor", { packages: packages.join(" "), network });
  if (survey.running === 0) await rebootIfAsked(hypervisor.name, () => hypervisor.connect());
  say("fetching the image");
  await provideImage(hypervisor, options);
  const name = known?.name ?? randomName();
  if (known === null) await record(hypervisor, wish, survey, name);
  say(`making ${name}`);
  await hypervisor.run("making the machine", "machine", machineInputs(options, name));
  const [machine] = parseSurvey(await hypervisor.look({ network, name })).machines.filter(
    (one) => one.name === name,
  );
  if (!machine) throw new Error(`${hypervisor.name}: ${name} was removed meanwhile`);
  say(`waiting until ${name} answers at ${machine.address}`);
  const patience = wish.patience ?? patienceOf(options.virtType);
  await answers(hypervisor, { ...endpointOf(machine, wish), name }, patience);
  await hypervisor.run("taking the seed away", "finish", { name });
  return { ...machine, network };
}

const endpointOf = ({ address, hostKey }: Machine, { options, privateKey }: Wish): Endpoint => ({
  host: address,
  port: 22,
  user: options.username,
  hostKey,
  ...(privateKey !== undefined && { privateKey }),
});

async function record(hypervisor: Hypervisor, wish: Wish, survey: Survey, name: string): Promise<void> {
  const { options, keys } = wish;
  const hostKey = mintHostKey();
  const { username: user, domain } = options;
  const seed = seedOf({ name, domain, user, authorizedKeys: keys, hostKey, mac: macOf(name) });
  const { cpu, ram, disk } = survey.promised;
  await hypervisor.run("writing the machine down", "record", {
    name,
    asked: askedFor(options),
    promised_before: [cpu, ram, disk].join(" "),
    host_key_pub: hostKey.public,
    meta_data: seed["meta-data"],
    user_data: seed["user-data"],
    network_config: seed["network-config"],
  });
}

function machineInputs(options: VmOptions, name: string): Record<string, string> {
  const { domain, cpu, ram, osdisk, datadisk, imageSha256, virtType } = options;
  return {
    name,
    domain,
    cpu: String(cpu),
    ram: String(ram),
    osdisk: String(osdisk),
    datadisk: String(datadisk),
    image_sha256: imageSha256,
    virt_type: virtType,
    mac: macOf(name),
    data_serial: dataDiskSerial,
  };
}
