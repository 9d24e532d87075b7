// A real Apollo Server over rows in memory: node server.mjs SCHEMA.graphql ROWS.json
//
// The upstream of the end-to-end suite: the schema text is what `maestro dataset sdl` prints, the
// resolvers are written by hand. The tenant comes from the X-MC-Tenant header that maestro sets.
// /healthz answers 200; /seen shows the headers of the latest GraphQL request.
import { readFileSync } from "node:fs";
import http from "node:http";
import { ApolloServer, HeaderMap } from "@apollo/server";

import { makeResolvers } from "./resolvers.mjs";

const [schemaFile, rowsFile] = process.argv.slice(2);
const apollo = new ApolloServer({
  typeDefs: readFileSync(schemaFile, "utf8"),
  resolvers: makeResolvers(JSON.parse(readFileSync(rowsFile, "utf8"))),
  allowBatchedHttpRequests: true,
  introspection: true,
  includeStacktraceInErrorResponses: false,
  persistedQueries: false,
});
await apollo.start();
let seen = {};

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString("utf8"));
}

async function answer(request, response) {
  if (request.url === "/healthz") return response.end("ok\n");
  if (request.url === "/seen") return response.end(JSON.stringify(seen));
  seen = { ...request.headers };
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const tenant = request.headers["x-mc-tenant"] ?? "";
  const reply = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: request.method, headers, search: "", body: await readJson(request),
    },
    context: async () => ({ tenant }),
  });
  response.writeHead(reply.status ?? 200, Object.fromEntries(reply.headers));
  if (reply.body.kind === "complete") return response.end(reply.body.string);
  for await (const chunk of reply.body.asyncIterator) response.write(chunk);
  return response.end();
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(500);
    response.end(String(error.stack));
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`Apollo Server listens on http://127.0.0.1:${server.address().port}`);
});
