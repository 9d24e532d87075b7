// @apollo/gateway in front of one subgraph, as its documentation sets it up. PORT, SUBGRAPH.
import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { parse } from 'graphql';

const url = process.env.SUBGRAPH;
const typeDefs = parse('type Query { hello: String }');
const { supergraphSdl, errors } = composeServices([{ name: 'only', url, typeDefs }]);
if (!supergraphSdl) throw new Error(String(errors));
const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }) });
await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: Number(process.env.PORT) } });
