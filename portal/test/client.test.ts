import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// @ts-expect-error: a tool without types
import { clientOf, TARGET, wanted } from "../tools/client.mjs";

test("src/client.ts is what openapi.json makes: npm run client", () => {
  assert.equal(readFileSync(TARGET, "utf8"), wanted());
});

const spec = (schemas: object, paths: object = {}) => ({ components: { schemas }, paths });
const typeOf = (schema: object) => /export type T = (.*);/.exec(clientOf(spec({ T: schema })))?.[1];

test("schemas become types", () => {
  const rows: [object, string][] = [
    [{ type: "integer" }, "number"],
    [{ type: ["string", "null"] }, "string | null"],
    [{ enum: ["a", "b"] }, '"a" | "b"'],
    [{ const: 4 }, "4"],
    [{ $ref: "#/components/schemas/Other" }, "Other"],
    [{ anyOf: [{ $ref: "#/x/Time" }, { type: "null" }] }, "Time | null"],
    [{ allOf: [{ $ref: "#/x/A" }, { type: "object", properties: { b: { type: "boolean" } } }] }, "A & { b?: boolean }"],
    [{ type: "array", items: { type: ["number", "null"] } }, "(number | null)[]"],
    [{ type: "object", required: ["a"], properties: { a: { type: "string" }, "b-c": {} } }, '{ a: string; "b-c"?: unknown }'],
    [{ type: "object", additionalProperties: { type: "string" } }, "Record<string, string>"],
    [{ type: "object", additionalProperties: false }, "Record<string, never>"],
    [{}, "unknown"],
  ];
  for (const [schema, text] of rows) assert.equal(typeOf(schema), text);
});

test("operations become methods: path, query, If-Match, body, and the answer of success", () => {
  const text = clientOf(spec({}, {
    "/v1/things/{thing}": {
      parameters: [{ name: "thing", in: "path", required: true, schema: { type: "string" } }],
      patch: {
        operationId: "updateThing", summary: "Change it",
        parameters: [
          { name: "dry_run", in: "query", schema: { type: "boolean" } },
          { name: "If-Match", in: "header", required: true, schema: { type: "string" } },
        ],
        requestBody: { content: { "application/json": { schema: { $ref: "#/x/Patch" } } } },
        responses: { 200: { content: { "application/json": { schema: { $ref: "#/x/Thing" } } } }, 403: {} },
      },
      delete: { operationId: "deleteThing", summary: "Remove it", responses: { 204: {} } },
    },
    "/v1/files": { post: {
      operationId: "sendFile", summary: "Send it",
      requestBody: { content: {
        "application/json": { schema: { $ref: "#/x/File" } }, "application/gzip": { schema: { type: "string", format: "binary" } },
      } },
      responses: { 204: {} },
    } },
    "/v1/things": { get: {
      operationId: "listThings", summary: "All", parameters: [{ name: "limit", in: "query", schema: { type: "integer" } }],
      responses: { 200: { content: { "application/json": { schema: { $ref: "#/x/Page" } } } } },
    } },
  }));
  for (const line of [
    "  updateThing = (given: { thing: string; dry_run?: boolean; etag: string; body: Patch }) =>",
    '    this.call<Thing>("PATCH", address(`/v1/things/${encodeURIComponent(given.thing)}`, { dry_run: given.dry_run }), given.body, { "If-Match": given.etag });',
    "  deleteThing = (given: { thing: string }) =>",
    '    this.call<void>("DELETE", `/v1/things/${encodeURIComponent(given.thing)}`);',
    "  sendFile = (given: { body: File | Blob }) =>",
    "  listThings = (given: { limit?: number } = {}) =>",
  ]) assert.ok(text.split("\n").includes(line), `${line}\nis not in\n${text}`);
});
