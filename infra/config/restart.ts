import { existsSync } from "node:fs";

/** Whether this machine is to be restarted for what was upgraded (Debian's and Ubuntu's mark). */
export const restartAsked = () => existsSync("/var/run/reboot-required");

/** What somebody has to do that nobody does for them. */
export const restartRemedy =
  "restart it yourself (`sudo systemctl reboot`): it goes on as it is until then, and what runs in its sessions ends by it";
