// What completion needs of a schema, from introspection.

export interface Named {
  name: string;
  type: string; // as it is written: "[Person!]!"
  description: string;
}
export interface FieldEntry extends Named {
  args: Named[];
}
export interface TypeEntry {
  name: string;
  kind: string;
  fields: FieldEntry[];
  inputs: Named[];
  values: string[];
}
export interface Schema {
  roots: Record<string, string>; // query, mutation -> the name of a type
  types: Map<string, TypeEntry>;
  directives: { name: string; args: Named[] }[];
}

interface TypeRef {
  kind: string;
  name: string | null;
  ofType?: TypeRef | null;
}
interface RawInput {
  name: string;
  description: string | null;
  type: TypeRef;
}
interface RawType {
  kind: string;
  name: string;
  fields: (RawInput & { args: RawInput[] })[] | null;
  inputFields: RawInput[] | null;
  enumValues: { name: string }[] | null;
}
export interface Introspection {
  __schema: {
    queryType: { name: string };
    mutationType: { name: string } | null;
    types: RawType[];
    directives: { name: string; args: RawInput[] }[];
  };
}

const REF = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
const INPUT = `name description type { ${REF} }`;
export const INTROSPECTION = `query Introspection { __schema { queryType { name } mutationType { name }
  types { kind name fields { ${INPUT} args { ${INPUT} } } inputFields { ${INPUT} } enumValues { name } }
  directives { name args { ${INPUT} } } } }`;

function written(type: TypeRef): string {
  if (type.kind === "NON_NULL" && type.ofType) return `${written(type.ofType)}!`;
  if (type.kind === "LIST" && type.ofType) return `[${written(type.ofType)}]`;
  return type.name ?? "";
}

// Without lists and exclamation marks.
export const bare = (type: string) => type.replaceAll(/[[\]!]/g, "");

const named = (raw: RawInput): Named => ({
  name: raw.name,
  type: written(raw.type),
  description: raw.description ?? "",
});

export function readSchema({ __schema: raw }: Introspection): Schema {
  const types = new Map(
    raw.types.map((type) => [
      type.name,
      {
        name: type.name,
        kind: type.kind,
        fields: (type.fields ?? []).map((field) => ({ ...named(field), args: field.args.map(named) })),
        inputs: (type.inputFields ?? []).map(named),
        values: (type.enumValues ?? []).map(({ name }) => name),
      },
    ]),
  );
  const roots: Record<string, string> = { query: raw.queryType.name };
  if (raw.mutationType) roots["mutation"] = raw.mutationType.name;
  const directives = raw.directives.map(({ name, args }) => ({ name, args: args.map(named) }));
  return { roots, types, directives };
}
