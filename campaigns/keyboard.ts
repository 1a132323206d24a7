import xterm from "@xterm/headless";
import { BlindList } from "../tui/screens/blind-list.fake.ts";
import { fleetOfHostiles } from "../tui/screens/hostile-names.fake.ts";
import { typeNoise } from "../tui/screens/noise.fake.ts";
import { option, type Campaign } from "./campaign.ts";

/** Noise typed into a list of hostile names. */
export const keyboard: Campaign = {
  name: "keyboard",
  description:
    "random bytes and broken sequences typed into the list: no hang, no garbling, no escape gets out",
  options: [{ name: "bytes", description: "how many", value: 1_000_000 }],
  async run(conditions) {
    const list = new BlindList([fleetOfHostiles], new xterm.Terminal({ allowProposedApi: true }));
    const wrong = await typeNoise(list, () => conditions.random.next(), option(conditions, "bytes"));
    conditions.say(`${String(list.heard)} keys, pastes and answers came of it`);
    list.close();
    return wrong === null ? [] : [wrong];
  },
};
