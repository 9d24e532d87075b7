// A real Apollo Server that gives away all it has: node leaky.mjs SCHEMA.graphql ROWS.json
//
// The upstream of the scenarios about masks. It knows nothing of who asks; resolvers fail with
// values in their messages, every answer has values in headers and extensions. A request may ask
// it to misbehave (X-Misbehave): the answer is compressed, cut off, of another shape or type.
import { readFileSync } from "node:fs";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { ApolloServer, HeaderMap } from "@apollo/server";
import { GraphQLError } from "graphql";

const [schemaFile, rowsFile] = process.argv.slice(2);
const { people } = JSON.parse(readFileSync(rowsFile, "utf8"));
const whole = (row) => JSON.stringify(row);

const fails = (row) => {
  throw new GraphQLError(`no such thing for ${row.email}`, { extensions: { code: `E-${row.secret}`, row } });
};
const matching = ({ email, filter, order }) => people
  .filter((row) => (email ?? filter?.email ?? row.email) === row.email)
  .sort((a, b) => (order ? String(a[order]).localeCompare(String(b[order])) : 0));
const person = {
  __typename: "Person",
  wallet: (row) => row,
  friends: (row, { called }) => people.filter(({ name, country }) => country === row.country && (called ?? name) === name),
  failing: fails,
  promised: fails,
  desk: (row) => ({ __typename: "Desk", label: row.note, email: `desk-${row.id}` }),
};
const resolvers = {
  Query: {
    person: (_, { id }) => people.find((row) => row.id === id) ?? null,
    people: (_, args) => matching(args).slice(0, args.first ?? people.length),
    search: () => people.flatMap((row) => [row, person.desk(row)]),
    reachable: () => people,
    count: () => people.length,
    unlucky: () => fails(people[0]),
  },
  Mutation: { note: (_, { id, text }) => ({ ...people.find((row) => row.id === id), note: text }) },
  Person: { ...Object.fromEntries(Object.entries(person).filter(([name]) => !name.startsWith("__"))) },
  Hit: { __resolveType: (value) => value.__typename ?? "Person" },
  Reachable: { __resolveType: (value) => value.__typename ?? "Person" },
};

const apollo = new ApolloServer({
  typeDefs: readFileSync(schemaFile, "utf8"),
  resolvers,
  allowBatchedHttpRequests: true,
  introspection: true,
  includeStacktraceInErrorResponses: true,
  plugins: [{
    requestDidStart: async () => ({
      willSendResponse: async ({ response }) => {
        if (response.body.kind === "single") response.body.singleResult.extensions = { slow: whole(people[0]) };
      },
    }),
  }],
});
await apollo.start();

const MISBEHAVIOUR = {
  gzip: (text) => ({ body: gzipSync(text), headers: { "content-encoding": "gzip" } }),
  cut: (text) => ({ body: text.slice(0, -2) }),
  twice: (text) => ({ body: text + text }),
  html: () => ({ body: `<p>${whole(people[0])}</p>`, headers: { "content-type": "text/html" } }),
  extra: (text) => ({ body: text.replace('"data":{', `"data":{"row":${whole(people[0])},`) }),
  shape: () => ({ body: JSON.stringify({ data: people }) }),
  parts: (text) => ({
    body: `---\r\ncontent-type: application/json\r\n\r\n${text}\r\n-----\r\n`,
    headers: { "content-type": 'multipart/mixed; boundary="-"' },
  }),
  later: (text) => ({ body: text.trimEnd().replace(/}$/, `,"incremental":[${whole({ data: people[0] })}]}`) }),
};

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString("utf8"));
}

async function answer(request, response) {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const reply = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method, headers, search: "", body: await readJson(request) },
    context: async () => ({}),
  });
  const leaks = { etag: `"${people[0].email}"`, "set-cookie": `row=${people[0].secret}`, "x-row": people[0].email };
  const misbehave = MISBEHAVIOUR[request.headers["x-misbehave"]] ?? ((text) => ({ body: text }));
  const sent = misbehave(reply.body.string);
  response.writeHead(reply.status ?? 200, { ...Object.fromEntries(reply.headers), ...leaks, ...sent.headers,
    "content-length": Buffer.byteLength(sent.body) });
  response.end(sent.body);
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
