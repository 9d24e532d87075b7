// The TypeScript client of the admin API, made from its OpenAPI document:
//
//   node portal/tools/client.mjs          writes src/client.ts
//
// One type for each schema, one method for each operation. A method takes one object: the
// parameters of the path and the query by their names, `body`, `etag` for If-Match, and `key` for Idempotency-Key.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SOURCE = new URL("../../src/serve/api/openapi.json", import.meta.url);
export const TARGET = new URL("../src/client.ts", import.meta.url);
const METHODS = ["get", "post", "put", "patch", "delete"];
const WIDTH = 110;

let components = {};
const nameOf = (reference) => reference.split("/").pop();
const resolve = (item, kind) => (item.$ref ? components[kind][nameOf(item.$ref)] : item);
const key = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const union = (types) => [...new Set(types)].join(" | ");

function objectType(schema) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(([name, each]) =>
    `${key(name)}${required.has(name) ? "" : "?"}: ${typeOf(each)}`);
  if (members.length > 0) return `{ ${members.join("; ")} }`;
  if (schema.additionalProperties === false) return "Record<string, never>";
  return `Record<string, ${typeof schema.additionalProperties === "object" ? typeOf(schema.additionalProperties) : "unknown"}>`;
}

function arrayType(schema) {
  const items = typeOf(schema.items ?? {});
  return /[|&]/.test(items) && !items.startsWith("{") ? `(${items})[]` : `${items}[]`;
}

function typeOf(schema) {
  if (schema.$ref) return nameOf(schema.$ref);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.allOf) return schema.allOf.map(typeOf).join(" & ");
  if (schema.anyOf ?? schema.oneOf) return union((schema.anyOf ?? schema.oneOf).map(typeOf));
  const one = {
    object: () => objectType(schema), array: () => arrayType(schema), string: () => "string",
    integer: () => "number", number: () => "number", boolean: () => "boolean", null: () => "null",
  };
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? "unknown" : union(types.map((type) => one[type]()));
}

// A member a line where one line would be long.
function declaration(name, schema) {
  const type = typeOf(schema);
  const line = `export type ${name} = ${type};`;
  const members = schema.properties && [schema.type].flat().length === 1 && !schema.allOf;
  if (line.length <= WIDTH || !members) return line;
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).map(([member, each]) =>
    `  ${key(member)}${required.has(member) ? "" : "?"}: ${typeOf(each)};`);
  return `export type ${name} = {\n${lines.join("\n")}\n};`;
}

// What the highest status of success carries: the others are dry runs.
function resultType(responses) {
  const [, found] = Object.entries(responses).filter(([status]) => status.startsWith("2"))
    .sort().at(-1);
  const content = resolve(found, "responses").content;
  return content ? typeOf(Object.values(content)[0].schema) : "void";
}

// What is not sent as JSON is bytes, whose own type says what they are.
const bodyType = (content) => union(Object.values(content).map(({ schema }) =>
  (schema.format === "binary" ? "Blob" : typeOf(schema))));

function operation(path, method, item, shared) {
  const parameters = [...shared, ...(item.parameters ?? [])].map((each) => resolve(each, "parameters"));
  const body = item.requestBody && bodyType(item.requestBody.content);
  const fields = [];
  for (const { name, in: where, required, schema } of parameters) {
    if (where === "header") fields.push(name === "If-Match" ? "etag: string" : "key?: string");
    else fields.push(`${name}${required ? "" : "?"}: ${typeOf(schema)}`);
  }
  if (body) fields.push(`body: ${body}`);
  const needed = fields.some((field) => !/^\w+\?:/.test(field));
  const argument = fields.length === 0 ? "" : `${needed ? "given" : "given = {}"}: { ${fields.join("; ")} }`
    .replace(/^given = \{\}: (.*)$/, "given: $1 = {}");
  const target = `\`${path.replaceAll(/\{(\w+)\}/g, (_, name) => `\${encodeURIComponent(given.${name})}`)}\``;
  const query = parameters.filter(({ in: where }) => where === "query").map(({ name }) => `${name}: given.${name}`);
  const address = query.length === 0 ? target.includes("${") ? target : JSON.stringify(path)
    : `address(${target.includes("${") ? target : JSON.stringify(path)}, { ${query.join(", ")} })`;
  const more = [];
  const etag = fields.includes("etag: string");
  const key = fields.includes("key?: string");
  if (body || etag || key) more.push(body ? "given.body" : "undefined");
  if (etag) more.push('{ "If-Match": given.etag }');
  if (key) more.push('given.key === undefined ? {} : { "Idempotency-Key": given.key }');
  const call = `this.call<${resultType(item.responses)}>(${[JSON.stringify(method.toUpperCase()), address, ...more].join(", ")})`;
  return `  // ${item.summary}.\n  ${item.operationId} = (${argument}) =>\n    ${call};`;
}

export function clientOf(spec) {
  components = spec.components;
  const types = Object.entries(components.schemas).map(([name, schema]) => declaration(name, schema));
  const methods = Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) =>
      operation(path, method, item[method], item.parameters ?? [])));
  return `// Made by tools/client.mjs from openapi.json: the admin API, typed.

${types.join("\n")}

// A path with those of the parameters that are given.
function address(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]]);
  return pairs.length === 0 ? path : \`\${path}?\${new URLSearchParams(pairs)}\`;
}

export abstract class Operations {
  // Sends a request and gives what the answer carries; throws what the answer refuses.
  abstract call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;

${methods.join("\n")}
}
`;
}

export const wanted = () => clientOf(JSON.parse(readFileSync(SOURCE, "utf8")));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, wanted());
