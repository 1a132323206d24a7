import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEngine } from "./dockerode.ts";

/** An engine that answers what the adapter asks first, and everything else with `answer`. */
async function withEngine(answer: RequestListener, test: (socket: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "convocate-engine-"));
  const socket = join(folder, "socket");
  const server = createServer((request, response) => {
    if (request.url === "/version") response.end('{"ApiVersion":"1.41"}');
    else if (request.url?.includes("/create?")) response.writeHead(201).end('{"Id":"1"}');
    else if (request.url?.endsWith("/start")) response.writeHead(204).end();
    else if (request.method === "DELETE") response.writeHead(204).end();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    await test(socket);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const helper = { owner: "a", image: "i", binds: [], argv: ["true"] };

test("an engine that is killed while a helper is waited for: the wait fails, it does not last for ever", async () => {
  await withEngine(
    // The engine sends the head of this answer at once, and the rest when the container ends.
    (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      setImmediate(() => response.destroy());
    },
    async (socket) => {
      const engine = await connectEngine(socket);
      await expect(engine.runHelper(helper)).rejects.toMatchObject({ code: "ECONNRESET" });
    },
  );
});

test("an engine that is killed in the middle of a list: asking fails, it does not last for ever", async () => {
  await withEngine(
    (_, response) => {
      response.write('[{"Id":"');
      setImmediate(() => response.destroy());
    },
    async (socket) => {
      const engine = await connectEngine(socket);
      await expect(engine.list()).rejects.toMatchObject({ code: "ECONNRESET" });
    },
  );
});
