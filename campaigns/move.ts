import { must } from "../lab/command.ts";
import { TestFleet } from "../lab/test-fleet.ts";
import { option, type Campaign, type Conditions } from "./campaign.ts";
import { MovePoints } from "./move/points.ts";
import { Traveller } from "./move/traveller.ts";

/** Room for sessions' homes on an agent, so that a disk can be filled without filling this machine's. */
const homes =
  "mkdir -p /home/convocate && mount -t tmpfs -o size=400m,mode=700,uid=1337,gid=1337 tmpfs /home/convocate";

async function run(conditions: Conditions): Promise<string[]> {
  const { random, say } = conditions;
  const fleet = new TestFleet("move");
  try {
    say("bringing up a shell host and two agents");
    const agents = ["agent-a", "agent-b"];
    await fleet.open(["shell-1", ...agents]);
    for (const agent of agents) await must(["docker", "exec", fleet.lab.container(agent), "sh", "-c", homes]);
    const entry = "{ role: agent, shell: shell-1 }";
    await fleet.configure({ "shell-1": "{ role: shell }", "agent-a": entry, "agent-b": entry });
    const { code, stdout, stderr } = await fleet.up();
    if (code !== 0) throw new Error(`the fleet did not come up:\n${stdout}${stderr}`);
    const traveller = new Traveller(fleet);
    await traveller.open("agent-a", option(conditions, "size"));
    const weights = {
      "kill-operator": 3,
      "kill-source": 3,
      "kill-target": 3,
      "kill-agent-source": 1,
      "kill-agent-target": 3,
      "cut-source": 1,
      "cut-target": 1,
      "crowd-target": 3,
      flip: 2,
    };
    const points = new MovePoints({ fleet, traveller, random, weights, say });
    return await points.run(option(conditions, "from"), option(conditions, "points"));
  } finally {
    await fleet.close();
  }
}

export const move: Campaign = {
  name: "move",
  description:
    "a session moves between two agents of the lab, and something goes wrong at a random moment of every move",
  options: [
    { name: "points", description: "how many moves", value: 100 },
    { name: "from", description: "the first of them, where an earlier run did those before it", value: 1 },
    { name: "size", description: "MiB in its home", value: 40 },
  ],
  run,
};
