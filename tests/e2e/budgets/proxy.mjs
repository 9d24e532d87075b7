// A TCP proxy before a server, on loopback, that can keep what is sent, be slow, or answer in the
// server's place.
import net from "node:net";

export class Proxy {
  #sockets = new Set();
  #kept = []; // what is to be passed on, in order
  #held = false;
  delayMs = 0; // of each answer
  says = null; // bytes that are answered to whatever is sent; nothing reaches the server then

  static async start(target) {
    const proxy = new Proxy();
    proxy.target = target;
    proxy.server = net.createServer({ allowHalfOpen: true }, (client) => proxy.#meet(client));
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  // Connections stay open, new ones are taken, nothing passes, nobody is told.
  hold() {
    this.#held = true;
  }

  // All that was kept arrives now, also of those who have given up meanwhile.
  heal() {
    this.#held = false;
    for (const act of this.#kept.splice(0)) act();
  }

  // To another server; who is connected has to come again.
  turnTo(target) {
    this.target = target;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.#kept = [];
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #later(act, delayMs = 0) {
    const pass = () => (this.#held ? this.#kept.push(act) : act());
    if (delayMs > 0) setTimeout(pass, delayMs);
    else pass();
  }

  #meet(client) {
    const server = net.connect({ port: this.target, host: "127.0.0.1", allowHalfOpen: true });
    for (const [socket, other] of [[client, server], [server, client]]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    }
    client.on("data", (bytes) => {
      if (this.says !== null) client.write(this.says);
      else this.#later(() => server.writable && server.write(bytes));
    });
    server.on("data", (bytes) => this.#later(() => client.writable && client.write(bytes), this.delayMs));
    client.on("end", () => this.#later(() => server.end()));
    server.on("end", () => this.#later(() => client.end(), this.delayMs));
  }
}
