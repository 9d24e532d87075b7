// Traces: a small OTLP receiver and a small upstream see one unbroken chain.
import assert from "node:assert/strict";
import http from "node:http";

import { eventually } from "../lib/children.mjs";
import { post } from "../lib/http.mjs";
import { Site, addPeople } from "../lib/maestro.mjs";
import { scenario } from "../lib/scenario.mjs";

async function listen(handle) {
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString("utf8");
    const [status, reply] = handle(request, body);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(reply);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.url = `http://127.0.0.1:${server.address().port}`;
  return server;
}

function withServers(use) {
  return async () => {
    const spans = [];
    const seen = [];
    let refusals = 1;  // the first batch is refused, to be sent again
    const collector = await listen((request, body) => {
      assert.equal(request.url, "/v1/traces");
      refusals -= 1;
      if (refusals >= 0) return [503, "{}"];
      for (const resource of JSON.parse(body).resourceSpans) {
        const service = resource.resource.attributes.find(({ key }) => key === "service.name");
        for (const scope of resource.scopeSpans) {
          spans.push(...scope.spans.map((span) => ({ ...span, service: service?.value.stringValue })));
        }
      }
      return [200, "{}"];
    });
    const upstream = await listen((request) => {
      seen.push(request.headers);
      return [200, '{"data":{"__typename":"Query"}}'];
    });
    try {
      await use({ spans, seen, collector, upstream });
    } finally {
      collector.close();
      upstream.close();
      collector.closeAllConnections();
      upstream.closeAllConnections();
    }
  };
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

scenario("traces reach the collector, and the traceparent chain is right",
  { limitMs: 60_000 }, withServers(async ({ spans, seen, collector, upstream }) => {
    const site = new Site("traces");
    site.configure(`server: {port: 0}
trace: {otlp_url: "${collector.url}/v1/traces", ratio: 1.0}
gateway: {routes: [{path: /up, kind: upstream, url: "${upstream.url}/graphql"}]}
`);
    const tokens = addPeople(site);
    const server = await site.serve();
    const ask = (headers) => post(`${server.url}/up`, tokens.admin,
      { query: "query Traced { __typename }" }, { headers });
    const attribute = (span, name) =>
      Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

    const joined = await ask({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "vendor=1" });
    assert.equal(joined.status, 200, joined.text);
    const span = await eventually("the span of the client's trace", () =>
      spans.find((held) => held.traceId === TRACE), 30_000);
    assert.equal(span.parentSpanId, PARENT);
    assert.equal(span.kind, 2);
    assert.ok(span.service);
    assert.equal(attribute(span, "mc.request_id"), joined.headers["x-request-id"]);
    assert.equal(attribute(span, "mc.tenant"), "alpha");
    assert.equal(String(attribute(span, "http.response.status_code")), "200");
    assert.ok(BigInt(span.endTimeUnixNano) > BigInt(span.startTimeUnixNano));
    assert.equal(seen.at(-1).traceparent, `00-${TRACE}-${span.spanId}-01`);
    assert.equal(seen.at(-1).tracestate, "vendor=1");

    const fresh = await ask({ traceparent: "00-00000000000000000000000000000000-0000-01" });
    const root = await eventually("a new trace", () => spans.find((held) =>
      attribute(held, "mc.request_id") === fresh.headers["x-request-id"]), 30_000);
    assert.match(root.traceId, /^[0-9a-f]{32}$/);
    assert.ok(!root.parentSpanId);
    assert.equal(seen.at(-1).traceparent, `00-${root.traceId}-${root.spanId}-01`);

    const unsampled = "1af7651916cd43dd8448eb211c80319c";
    await ask({ traceparent: `00-${unsampled}-${PARENT}-00` });
    assert.match(seen.at(-1).traceparent, new RegExp(`^00-${unsampled}-[0-9a-f]{16}-00$`));

    // What is still in memory is sent before the end.
    const last = await ask({});
    assert.equal(await server.stop(), 0);
    assert.ok(spans.some((held) =>
      attribute(held, "mc.request_id") === last.headers["x-request-id"]));
    assert.ok(!spans.some((held) => held.traceId === unsampled), "not recorded, as its caller asked");
    const line = server.logLines().find((held) =>
      held.request_id === joined.headers["x-request-id"]);
    assert.equal(line.trace_id, TRACE);
  }));
