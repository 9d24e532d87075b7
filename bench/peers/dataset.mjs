// @apollo/server on the demo's SQLite file with prepared statements, one a field. PORT, FILE, TENANT.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { DatabaseSync } from 'node:sqlite';

const tenant = process.env.TENANT;
const database = new DatabaseSync(process.env.FILE, { readOnly: true });
const columns = 'id, full_name AS fullName, email, country, city, organisation_id AS organisationId';
const byKey = database.prepare(`SELECT ${columns} FROM person WHERE tenant_id = ? AND id = ?`);
const list = database.prepare(
  `SELECT ${columns} FROM person WHERE tenant_id = ? ORDER BY id LIMIT ?`);
const organisation = database.prepare(
  'SELECT id, name FROM organisation WHERE tenant_id = ? AND id = ?');

const typeDefs = `
  type Organisation { id: ID! name: String! }
  type Person {
    id: ID! fullName: String! email: String! country: String! city: String!
    organisation: Organisation
  }
  type PersonConnection { nodes: [Person!]! }
  type Query { person(id: ID!): Person persons(first: Int!): PersonConnection! }`;
const resolvers = {
  Query: {
    person: (_, { id }) => byKey.get(tenant, id),
    persons: (_, { first }) => ({ nodes: list.all(tenant, first) }),
  },
  Person: {
    organisation: (person) =>
      person.organisationId === null ? null : organisation.get(tenant, person.organisationId),
  },
};
const server = new ApolloServer({ typeDefs, resolvers });
await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: Number(process.env.PORT) } });
