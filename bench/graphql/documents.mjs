// The three documents of the parse bench: what a client sends all day, what a tool sends once, and
// what an attacker sends.
import { getIntrospectionQuery } from 'graphql';

export const small =
  'query Viewer($id: ID!, $first: Int = 10) { user(id: $id) { id name posts(first: $first) ' +
  '{ edges { node { title } } } } }\n';

export const introspection = getIntrospectionQuery();

// 400 aliases of one field with arguments and a selection of their own, about 80 KB.
export function aliases(count = 400) {
  let text = 'query Flood($region: String!, $limit: Int = 20) {\n';
  for (let i = 0; i < count; i++) {
    text +=
      `  account${i}: accountByExternalIdentifier(identifier: "acct-${100000 + i}", ` +
      'region: $region, first: $limit, status: [ACTIVE, SUSPENDED]) {\n' +
      '    id\n    displayName\n    owner { id email }\n    balance(currency: EUR)\n  }\n';
  }
  return text + '}\n';
}
