// Writes the supergraph of one subgraph. URL, FILE.
import { writeFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const [, , url, file] = process.argv;
const { supergraphSdl, errors } = composeServices([
  { name: "only", url, typeDefs: parse("type Query { hello: String }") },
]);
if (!supergraphSdl) throw new Error(String(errors));
writeFileSync(file, supergraphSdl);
