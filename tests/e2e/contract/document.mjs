// The OpenAPI document as a judge of what the server says: every answer must have a status that the
// document names for the operation, and a body without a member that it does not name.
import assert from "node:assert/strict";

import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

// Names of the schemas that others are composed of; these stay open, the composition is closed.
function composedNames(node, found = new Set()) {
  if (Array.isArray(node)) for (const each of node) composedNames(each, found);
  else if (node !== null && typeof node === "object") {
    for (const part of node.allOf ?? []) if (part.$ref) found.add(part.$ref.split("/").pop());
    for (const each of Object.values(node)) composedNames(each, found);
  }
  return found;
}

function close(node, open) {
  if (Array.isArray(node)) return node.map((each) => close(each, open));
  if (node === null || typeof node !== "object") return node;
  const out = Object.fromEntries(Object.entries(node).map(([name, each]) =>
    [name, close(each, name === "allOf")]));
  const known = out.properties !== undefined || out.allOf !== undefined;
  if (known && !open && !("additionalProperties" in out)) out.unevaluatedProperties = false;
  return out;
}

export class Document {
  constructor(text) {
    this.text = text;
    this.spec = JSON.parse(text);
    const composed = composedNames(this.spec);
    const schemas = Object.fromEntries(Object.entries(this.spec.components.schemas).map(
      ([name, schema]) => [name, close(schema, composed.has(name))]));
    this.ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: "mc:api", components: { schemas } });
    this.closed = schemas;
    this.shown = new Set();  // operations that were answered with 2xx
  }

  operations() {
    return Object.entries(this.spec.paths).flatMap(([path, item]) =>
      ["get", "post", "put", "patch", "delete"].filter((method) => item[method]).map((method) =>
        ({ path, method: method.toUpperCase(), ...item[method] })));
  }

  find(method, target) {
    const parts = target.split("?")[0].split("/");
    return this.operations().find((operation) => {
      const wanted = operation.path.split("/");
      return operation.method === method && wanted.length === parts.length &&
        wanted.every((part, i) => part.startsWith("{") || part === parts[i]);
    });
  }

  validate(schema, value, what) {
    const local = JSON.parse(JSON.stringify(schema).replaceAll("\"#/", "\"mc:api#/"));
    const check = this.ajv.compile(local);
    assert.ok(check(value), `${what}: ${this.ajv.errorsText(check.errors)}: ${JSON.stringify(value)}`);
  }

  // Throws when the answer is not one that the document names for this request.
  judge(method, target, reply) {
    const operation = this.find(method, target);
    const what = `${method} ${target} answered ${reply.status}`;
    assert.ok(operation, `${what}, and the document has no such operation`);
    let named = operation.responses[reply.status];
    if (named === undefined) {
      assert.ok(reply.status >= 400, `${what}, which the document does not name`);
      named = operation.responses.default;
    }
    if (named.$ref) named = this.spec.components.responses[named.$ref.split("/").pop()];
    if (named.content === undefined) {
      assert.equal(reply.text, "", `${what} with a body`);
    } else {
      const [[type, { schema }]] = Object.entries(named.content);
      assert.equal(reply.headers["content-type"].split(";")[0], type, what);
      this.validate(schema, reply.json, what);
    }
    // What was only tried has no version yet.
    const stored = !target.includes("dry_run=true");
    for (const [name, { required }] of stored ? Object.entries(named.headers ?? {}) : []) {
      assert.ok(required === false || reply.headers[name.toLowerCase()], `${what} without the header ${name}`);
    }
    assert.match(reply.headers["x-request-id"], /^req_[0-9a-z]{26}$/, what);
    if (reply.status < 300) this.shown.add(operation.operationId);
  }
}
