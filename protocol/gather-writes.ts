import type { Writable } from "node:stream";

/**
 * What is written to `socket` in one go is sent in one: ssh2 writes every packet in three pieces (length, content, tag), and
 * an answer, its status and its end one after the other. On a socket that waits for nothing (TCP_NODELAY) each would be a
 * system call and a TCP segment of its own, which an operator waits for at every key.
 */
export function gatherWrites(socket: Writable): void {
  const write = socket.write.bind(socket);
  socket.write = (...piece: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return Boolean(Reflect.apply(write, socket, piece));
  };
}
