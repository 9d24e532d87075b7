// What happens on the connection itself: raw bytes, pipelines, clients that leave.
import { eventually } from "../lib/children.mjs";
import { JSON_TYPE, Wire, send } from "../lib/http.mjs";
import { scenario } from "../lib/scenario.mjs";
import { assert } from "./check.mjs";

const raw = (world, body, { who = world.tokens.admin, more = "" } = {}) =>
  `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${who}\r\n` +
  `Content-Type: ${JSON_TYPE}\r\nAccept: ${JSON_TYPE}\r\n${more}` +
  `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

// Opens a connection for the length of a scenario.
async function onWire(world, use) {
  const wire = new Wire(world.url);
  try {
    return await use(wire);
  } finally {
    wire.end();
  }
}
const replies = (wire, count) => eventually(`${count} replies`, () => {
  if (wire.replies().length < count && wire.closed) throw new Error("the connection was closed");
  return wire.replies().length >= count && wire.replies();
});

scenario("pipelined requests are answered in order", async (world) => {
  await onWire(world, async (wire) => {
    const count = 40;
    const wanted = Array.from({ length: count }, (_, i) => `p0${String(i + 10)}`);
    wire.write(wanted.map((id, i) => raw(world, JSON.stringify({
      query: i % 3 === 0 ? `{ person(id: "${id}") { id } } # ${i}`
        : "query($id: ID!) { person(id: $id) { id } }",
      variables: i % 3 === 0 ? undefined : { id },
    }))).join(""));
    const got = await replies(wire, count);
    assert.deepEqual(got.map((reply) => JSON.parse(reply.body).data.person.id), wanted);
  });
});

scenario("a pipeline of good and refused requests keeps its order", async (world) => {
  await onWire(world, async (wire) => {
    const body = '{"query":"{ __typename }"}';
    wire.write(raw(world, body) + raw(world, body, { who: "nobody" }) +
      "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + raw(world, "{") + raw(world, body));
    const got = await replies(wire, 5);
    assert.deepEqual(got.map((reply) => reply.status), [200, 401, 404, 400, 200]);
  });
});

scenario("a request may come byte by byte", async (world) => {
  await onWire(world, async (wire) => {
    for (const byte of raw(world, '{"query":"{ __typename }"}')) wire.write(byte);
    const [reply] = await replies(wire, 1);
    assert.equal(reply.status, 200);
  });
});

scenario("a chunked body is read", async (world) => {
  await onWire(world, async (wire) => {
    const head = raw(world, "").replace(/Content-Length: 0\r\n\r\n/,
      "Transfer-Encoding: chunked\r\n\r\n");
    wire.write(`${head}9\r\n{"query":\r\n`);
    wire.write('11;x=y\r\n"{ __typename }"}\r\n0\r\n\r\n');
    const [reply] = await replies(wire, 1);
    assert.equal(reply.status, 200, reply.body);
  });
});

const malformed = [
  ["two lengths", "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
  ["length and chunks", "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["no host", "GET /graphql HTTP/1.1\r\n\r\n"],
  ["a folded header", "GET /graphql HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"],
  ["a space before the colon", "GET /graphql HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"],
  ["a negative length", "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"],
  ["a zero byte", "GET /graph\0ql HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["no HTTP", "hello world\r\n\r\n"],
];
for (const [what, bytes] of malformed) {
  scenario(`a request with ${what} is refused and the connection closed`, async (world) => {
    await onWire(world, async (wire) => {
      wire.write(`${bytes}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`);
      await eventually("the end of the connection", () => wire.closed);
      const got = wire.replies();
      assert.equal(got.length, 1, "what follows is never taken for a request");
      assert.equal(got[0].status, 400);
    });
  });
}

scenario("paths that are not served get 404", async (world) => {
  for (const path of ["/graphql/", "/GraphQL", "//graphql", "/graphql/../graphql", "/graphql%00",
    "/v1", "/v2/tenants", "/../etc/passwd", "/favicon.ico"]) {
    await onWire(world, async (wire) => {
      wire.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ` +
        `${world.tokens.admin}\r\n\r\n`);
      const [reply] = await replies(wire, 1);
      assert.equal(reply.status, 404, path);
    });
  }
});

scenario("HEAD of a probe has the length and no body", async (world) => {
  const full = await send(`${world.url}/livez`);
  const head = await send(`${world.url}/livez`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  assert.equal(head.headers["content-length"], full.headers["content-length"]);
});

// An answered request first: when its reply is here, the server has read the next one too.
async function leaveDuring(world, operation, query) {
  const wire = new Wire(world.url);
  wire.write(raw(world, '{"query":"{"}') + raw(world, JSON.stringify({ query })));
  await replies(wire, 1);
  wire.end();
  return world.logLine((line) => line.operation === operation);
}

scenario("a client that leaves ends its query", { needs: ["statements"] }, async (world) => {
  const terms = Array.from({ length: 30 }, (_, i) => `{place: {contains: "nowhere ${i}"}}`);
  const heavy = (name) => `query ${name} { ${Array.from({ length: 15 }, (_, i) =>
    `r${i}: readings(first: 1, filter: {or: [${terms.join(" ")}]}) { nodes { id } }`).join(" ")} }`;
  const whole = await world.post({ query: heavy("Stay") });
  assert.equal(whole.status, 200, whole.text);
  assert.equal(whole.json.errors, undefined, whole.text);
  const stayed = await world.logLine((line) => line.operation === "Stay");
  assert.ok(stayed.us > 200_000, `the query must take a while, not ${stayed.us} us`);
  const left = await leaveDuring(world, "Leave", heavy("Leave"));
  assert.ok(left.us < stayed.us / 2, `${left.us} us of ${stayed.us} us`);
  assert.equal(left.status, 499);
});

scenario("a client that leaves ends its upstream request", { needs: ["upstream"] },
  async (world) => {
    world.upstream.kill("SIGSTOP");
    try {
      const left = await leaveDuring(world, "Leave", "query Leave { persons { nodes { id } } }");
      assert.equal(left.status, 499);
      assert.ok(left.us < 4_000_000, `${left.us} us`);
    } finally {
      world.upstream.kill("SIGCONT");
    }
    await eventually("the upstream is asked again", async () =>
      (await world.post({ query: "{ __typename }" })).status === 200);
  });

scenario("an upstream that hangs is a timeout, one that is gone a failure, and it comes back",
  { needs: ["upstream"], limitMs: 40_000 }, async (world) => {
    world.upstream.kill("SIGSTOP");
    let reply;
    try {
      // Until the health check opens the circuit, a request waits for its own deadline.
      reply = await world.post({ query: "{ persons { nodes { id } } }" });
    } finally {
      world.upstream.kill("SIGCONT");
    }
    assert.ok([503, 504].includes(reply.status), reply.text);
    const code = reply.json.errors[0].extensions.code;
    assert.ok(["UPSTREAM_TIMEOUT", "UPSTREAM_CIRCUIT_OPEN"].includes(code), code);
    if (reply.status === 503) assert.ok(Number(reply.headers["retry-after"]) >= 1);
    await eventually("answers again", async () =>
      (await world.post({ query: "{ __typename }" })).status === 200);
  });
