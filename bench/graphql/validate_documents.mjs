// What the validation bench measures: honest documents, and those made to hurt a validator.
import { getIntrospectionQuery } from 'graphql';

import { aliases, small } from './documents.mjs';

export const schema = `
type Query {
  user(id: ID!): User
  node: Node
  accountByExternalIdentifier(identifier: String!, region: String!, first: Int, status: [Status!]): Account
}
enum Status { ACTIVE SUSPENDED CLOSED }
enum Currency { EUR USD }
interface Node { id: ID! node: Node }
type User implements Node { id: ID! node: Node name: String email: String posts(first: Int): Posts }
type Posts { edges: [PostEdge!]! }
type PostEdge { node: Post }
type Post { title: String }
type Account implements Node { id: ID! node: Node displayName: String owner: User balance(currency: Currency): Float }
`;

const times = (count, text) => Array.from({ length: count }, (_, i) => text(i)).join('');

export const documents = {
  small,
  introspection: getIntrospectionQuery(),
  aliases: aliases(),
  // One response name asked for 250 times, each with a selection.
  doubled_objects: `{${times(250, () => ' node { id }')} }`,
  doubled_leaves: `{ node {${times(2000, () => ' id')} } }`,
  // Doubled at every level: 2^30 paths, 30 merged sets.
  doubled_deep: `{ ${times(30, () => 'node { id } node { ')} id ${times(30, () => '} ')} }`,
  fragment_bomb: `{ node { ...F0 } } ${times(30, (i) => `fragment F${i} on Node { ${i < 29 ? `...F${i + 1} ...F${i + 1}` : 'id'} } `)}`,
  fragment_paths: `{ node { ...F0 } } ${times(30, (i) => `fragment F${i} on Node { ${i < 29 ? `a: node { ...F${i + 1} } b: node { ...F${i + 1} }` : 'id'} } `)}`,
  fragment_chain: `{ node { ...F0 } } ${times(1500, (i) => `fragment F${i} on Node { node { id ${i < 1499 ? `...F${i + 1}` : ''} } } `)}`,
  many_operations: `${times(800, (i) => `query Q${i} { node { ...F0 } } `)} ${times(500, (i) => `fragment F${i} on Node { id ${i < 499 ? `...F${i + 1}` : ''} } `)}`,
  conflicts: `{ node {${times(400, (i) => (i % 2 ? ' x: id' : ' x: __typename'))} } }`,
  conflicts_below: `{ node {${times(200, (i) => (i % 2 ? ' node { x: id }' : ' node { x: __typename }'))} } }`,
  unknown_fields: `{ node {${times(3000, (i) => ` unknown${i}`)} } }`,
  wide_object: `{ user(id: {${times(3000, (i) => ` f${i}: 1`)} }) { id } }`,
  // Two different sets at every path: exponentially many merged sets if nothing stops it.
  branching: `{ node { ...F0 } } ${times(16, (i) => `fragment F${i} on Node { a: node { ${i < 15 ? `...F${i + 1}` : 'id'} ...A${i}_0 } b: node { ${i < 15 ? `...F${i + 1}` : 'id'} ...B${i}_0 } } ${times(16, (j) => `fragment A${i}_${j} on Node { a: node { id ${j < 15 ? `...A${i}_${j + 1}` : ''} } b: node { id ${j < 15 ? `...A${i}_${j + 1}` : ''} } } fragment B${i}_${j} on Node { a: node { id ${j < 15 ? `...B${i}_${j + 1}` : ''} } b: node { id ${j < 15 ? `...B${i}_${j + 1}` : ''} } } `)}`)}`,
};
