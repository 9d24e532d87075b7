// HTTP as a test needs it: nothing added, nothing hidden; and a raw socket for what http refuses.
import http from "node:http";
import net from "node:net";

export const JSON_TYPE = "application/json";
export const GRAPHQL_TYPE = "application/graphql-response+json";

export function send(url, { method = "GET", headers = {}, body, agent, limitMs = 15_000 } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: agent ?? false }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        let json;
        try {
          json = JSON.parse(text);
        } catch { /* stays undefined */ }
        resolve({ status: response.statusCode, headers: response.headers, text, json });
      });
    });
    request.setTimeout(limitMs, () => request.destroy(new Error(`no answer in ${limitMs} ms`)));
    request.on("error", reject);
    request.end(body);
  });
}

// A port of loopback that nobody uses; for addresses that must be known before a server starts.
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// A GraphQL POST. `who` is a token; null sends none.
export function post(url, who, body, { headers = {}, ...rest } = {}) {
  return send(url, {
    method: "POST",
    headers: {
      "Content-Type": JSON_TYPE,
      Accept: JSON_TYPE,
      ...(who === null ? {} : { Authorization: `Bearer ${who}` }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...rest,
  });
}

// One TCP connection: writes bytes, splits what comes back into replies by Content-Length.
export class Wire {
  constructor(url) {
    const { hostname, port } = new URL(url);
    this.bytes = Buffer.alloc(0);
    this.closed = false;
    this.socket = net.connect(Number(port), hostname);
    this.socket.on("data", (part) => (this.bytes = Buffer.concat([this.bytes, part])));
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("error", () => (this.closed = true));
  }

  write(text) {
    this.socket.write(text);
  }

  end() {
    this.socket.destroy();
  }

  fixed(start, length) {
    const end = start + length;
    return this.bytes.length < end ? null : { bytes: this.bytes.subarray(start, end), end };
  }

  chunks(start) {
    const parts = [];
    for (let at = start; ;) {
      const lineEnd = this.bytes.indexOf("\r\n", at);
      if (lineEnd < 0) return null;
      const size = parseInt(this.bytes.toString("latin1", at, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (this.bytes.length < end) return null;
      if (size === 0) return { bytes: Buffer.concat(parts), end };
      parts.push(this.bytes.subarray(lineEnd + 2, end - 2));
      at = end;
    }
  }

  // The complete replies so far: [{status, headers, body}].
  replies() {
    const out = [];
    let at = 0;
    for (;;) {
      const headEnd = this.bytes.indexOf("\r\n\r\n", at);
      if (headEnd < 0) return out;
      const [first, ...lines] = this.bytes.toString("latin1", at, headEnd).split("\r\n");
      const headers = Object.fromEntries(lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }));
      const body = headers["transfer-encoding"] === "chunked"
        ? this.chunks(headEnd + 4)
        : this.fixed(headEnd + 4, Number(headers["content-length"] ?? 0));
      if (!body) return out;
      out.push({ status: Number(first.split(" ")[1]), headers, body: body.bytes.toString("utf8") });
      at = body.end;
    }
  }
}
