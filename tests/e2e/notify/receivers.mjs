// What notifications are sent to: a webhook receiver in this process, and a mail server.
import { execFileSync } from "node:child_process";
import http from "node:http";

import { Child } from "../lib/children.mjs";

// Keeps every request. `answer(request)` gives a status, or [status, headers], or a promise of one.
export class Receiver {
  static async start() {
    const receiver = new Receiver();
    receiver.requests = [];
    receiver.answer = () => 204;
    receiver.server = http.createServer((request, response) => receiver.take(request, response));
    await new Promise((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
    return receiver;
  }

  async take(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const taken = {
      path: request.url, headers: request.headers, body: Buffer.concat(parts).toString("utf8"),
    };
    this.requests.push(taken);
    const [status, headers] = [await this.answer(taken)].flat();
    response.writeHead(status, headers).end();
  }

  at(path) {
    return this.requests.filter((request) => request.path === path);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export class MailServer {
  static async start(site) {
    const mail = new MailServer();
    mail.certificate = site.path("mail.pem");
    const key = site.path("mail.key");
    execFileSync("openssl", ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
      "-keyout", key, "-out", mail.certificate], { stdio: "ignore" });
    // Debian's own Python has the package; another one on PATH need not.
    mail.child = new Child("/usr/bin/python3",
      [new URL("mail_sink.py", import.meta.url).pathname, mail.certificate, key]);
    mail.port = (await mail.child.says(/^port (\d+)$/m))[1];
    return mail;
  }

  messages() {
    return this.child.out.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line));
  }
}
