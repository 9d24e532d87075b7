// What may stand at a place of a GraphQL document that is still being written.
import { bare, type Named, type Schema } from "./schema.ts";

export interface Completion {
  from: number; // what is replaced: from here to the cursor
  items: { text: string; detail: string }[];
}

interface Token {
  text: string;
  at: number;
}
// Names, punctuation, texts and numbers; what is ignored is left out.
const TOKEN = /"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?|#[^\n]*|\.\.\.|[_A-Za-z]\w*|-?\d[\w.+-]*|[{}()[\]:!=|@$&]/g;
const NAME = /^[_A-Za-z]\w*$/;
const ITEMS_MAX = 50;

function tokens(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], at: match.index }))
    .filter((token) => !token.text.startsWith("#"));
}

// Where we are: each brace and parenthesis opens a place inside the one before.
interface Place {
  kind: "selection" | "arguments" | "object" | "variables" | "list";
  type: string; // of a selection; of a list's items
  inputs: Named[]; // of arguments and objects
  field: string; // the last one of a selection
  value: string; // the type of the value after a colon, "" before one
  name: string; // before the colon
}
const place = (kind: Place["kind"], more: Partial<Place> = {}): Place =>
  ({ kind, type: "", inputs: [], field: "", value: "", name: "", ...more });

interface State {
  schema: Schema;
  places: Place[];
  root: string; // of the next selection outside of all
  directive: string; // the last one, when it stands last
  before: string[]; // the tokens so far
}

function fieldsOf(schema: Schema, type: string) {
  return schema.types.get(type)?.fields ?? [];
}

function open(state: State) {
  const { schema, places } = state;
  const here = places.at(-1);
  if (!here) {
    places.push(place("selection", { type: state.root }));
  } else if (here.kind === "selection") {
    const field = fieldsOf(schema, here.type).find(({ name }) => name === here.field);
    const condition = state.before.at(-2) === "on" ? state.before.at(-1) ?? "" : "";
    places.push(place("selection", { type: condition || (field ? bare(field.type) : here.type) }));
  } else {
    places.push(place("object", { inputs: schema.types.get(bare(here.value || here.type))?.inputs ?? [] }));
  }
}

function openArguments(state: State) {
  const { schema, places } = state;
  const here = places.at(-1);
  const directive = schema.directives.find(({ name }) => name === state.directive);
  const field = here && fieldsOf(schema, here.type).find(({ name }) => name === here.field);
  if (directive) places.push(place("arguments", { inputs: directive.args }));
  else if (here?.kind === "selection") places.push(place("arguments", { inputs: field?.args ?? [] }));
  else places.push(place("variables"));
}

function word(state: State, text: string) {
  const here = state.places.at(-1);
  const last = state.before.at(-1);
  if (!here) {
    if (state.schema.roots[text]) state.root = state.schema.roots[text];
    else if (last === "on") state.root = text;
  } else if (here.kind === "selection") {
    if (last !== "..." && last !== "on" && last !== "@") here.field = text;
  } else if (here.value !== "") {
    here.value = ""; // an enum, true, false, null, or the name of a variable
  } else {
    here.name = text;
  }
}

function step(state: State, text: string) {
  const here = state.places.at(-1);
  if (text === "{") open(state);
  else if (text === "(") openArguments(state);
  else if (text === "[" && here) state.places.push(place("list", { type: here.value.replace(/^\[/, "") }));
  else if (text === "}" || text === ")" || text === "]") {
    state.places.pop();
    const outer = state.places.at(-1);
    if (outer && text !== ")") outer.value = "";
    if (outer?.kind === "selection" && text === "}") outer.field = "";
  } else if (text === ":" && here && here.kind !== "selection" && here.kind !== "variables") {
    here.value = here.inputs.find(({ name }) => name === here.name)?.type ?? "?";
  } else if (NAME.test(text)) word(state, text);
  else if (here && /^["\d-]/.test(text)) here.value = "";
  if (NAME.test(text)) state.directive = state.before.at(-1) === "@" ? text : "";
  else if (text !== "@") state.directive = "";
  state.before.push(text);
}

const item = (text: string, detail = "") => ({ text, detail });

function valuesOf(schema: Schema, type: string, document: string): Completion["items"] {
  const name = bare(type);
  const values = name === "Boolean" ? ["true", "false"] : schema.types.get(name)?.values ?? [];
  const variables = [...new Set([...document.matchAll(/\$(\w+)\s*:/g)].map(([, found]) => `$${found}`))];
  return [...values.map((value) => item(value, name)), ...variables.map((value) => item(value, "variable"))];
}

function candidates(state: State, document: string): Completion["items"] {
  const { schema, places } = state;
  const here = places.at(-1);
  const last = state.before.at(-1);
  if (last === "@") return schema.directives.map(({ name }) => item(name, "directive"));
  if (last === "on") {
    return [...schema.types.values()].filter(({ fields, name }) => fields.length > 0 && !name.startsWith("__"))
      .map(({ name, kind }) => item(name, kind.toLowerCase()));
  }
  if (last === "...") {
    const fragments = [...document.matchAll(/\bfragment\s+(\w+)\s+on\s+(\w+)/g)];
    return [item("on", "type condition"), ...fragments.map(([, name = "", type = ""]) => item(name, type))];
  }
  if (!here) return [...Object.keys(schema.roots), "fragment"].map((name) => item(name));
  if (here.kind === "selection") {
    return [...fieldsOf(schema, here.type).map(({ name, type }) => item(name, type)), item("__typename", "String!")];
  }
  if (here.kind === "variables") {
    if (last !== ":" && last !== "[") return [];
    return [...schema.types.values()].filter(({ kind, name }) => /SCALAR|ENUM|INPUT/.test(kind) && !name.startsWith("__"))
      .map(({ name, kind }) => item(name, kind.toLowerCase()));
  }
  if (here.kind === "list") return valuesOf(schema, here.type, document);
  if (here.value !== "") return valuesOf(schema, here.value, document);
  return here.inputs.map(({ name, type }) => item(name, type));
}

// The word before the cursor is completed; `document` is the whole text.
export function complete(schema: Schema, document: string, cursor: number): Completion {
  const written = document.slice(0, cursor);
  const start = /[$]?\w*$/.exec(written)?.index ?? cursor;
  const typed = written.slice(start).toLowerCase();
  const state: State = { schema, places: [], root: schema.roots["query"] ?? "", directive: "", before: [] };
  for (const token of tokens(written.slice(0, start))) {
    const inside = token.text.startsWith('"') && token.at + token.text.length >= start && !/^"(?:[^"\\]|\\.)*"$/.test(token.text);
    if (inside) return { from: cursor, items: [] };
    step(state, token.text);
  }
  if (/#[^\n]*$/.test(written)) return { from: cursor, items: [] };
  const found = candidates(state, document).filter(({ text }) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed);
  const sorted = found.sort((a, b) => Number(a.text.startsWith("__")) - Number(b.text.startsWith("__")) || a.text.localeCompare(b.text));
  return { from: start, items: sorted.slice(0, ITEMS_MAX) };
}
