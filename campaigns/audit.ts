import type { Campaign } from "./campaign.ts";
import { WireAgent } from "./wire/agent.ts";
import { sshAudit } from "./wire/ssh-audit.ts";

export const audit: Campaign = {
  name: "audit",
  description: "ssh-audit looks at an agent: no fail, no warning but the missing post-quantum exchange",
  options: [],
  async run({ say }) {
    const agent = await WireAgent.start();
    try {
      const { found, accepted, looked } = await sshAudit(agent.port);
      for (const line of accepted) say(`accepted: ${line}`);
      say(`${String(looked)} algorithms looked at`);
      return looked > 0 ? found : ["ssh-audit saw no algorithm"];
    } finally {
      await agent.close();
    }
  },
};
