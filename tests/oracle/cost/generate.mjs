// Random operations over random schemas with costs, and variables for them. All documents are
// valid for graphql-js; most of those that would price to an error are thrown away again.
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
} from 'graphql';

import { cost, PricedSchema } from './cost.mjs';
import { SchemaMaker } from './generate_schema.mjs';

const DEPTH_MAX = 6;
const INPUT_DEPTH_MAX = 5;
const TRIES_MAX = 60;
const ERRORS_KEPT = 0.25;

class OperationMaker {
  constructor(random, schema, mood, prefix = '') {
    Object.assign(this, { random, schema, prefix });
    this.isCareless = mood === 'careless';
    this.variables = new Map(); // name -> { type, text, fallback }
    this.fragments = [];
    this.aliases = 0;
    this.budget = random.pick([3, 8, 20, 45]);
  }

  // Values ------------------------------------------------------------------------------------

  variable(type, hasDefault = false) {
    const { random } = this;
    let text = String(type);
    if (hasDefault && text.endsWith('!') && random.chance(0.5)) text = text.slice(0, -1);
    else if (!text.endsWith('!') && random.chance(0.1)) text += '!';
    for (const [name, known] of this.variables) {
      if (known.text === text && random.chance(0.5)) return `$${name}`;
    }
    const name = `${this.prefix}v${this.variables.size}`;
    const entry = { type, text, fallback: null };
    this.variables.set(name, entry);
    if (random.chance(0.4)) entry.fallback = this.literal(type, 1, false);
    if (entry.fallback === 'null' && text.endsWith('!')) entry.fallback = null;
    return `$${name}`;
  }

  literal(type, depth, mayUseVariables = true, hasDefault = false) {
    const { random } = this;
    if (mayUseVariables && random.chance(depth === 0 ? 0.35 : 0.2)) {
      return this.variable(type, hasDefault);
    }
    if (!isNonNullType(type) && random.chance(0.1)) return 'null';
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      const item = () => this.literal(nullable.ofType, depth + 1, mayUseVariables);
      if (random.chance(0.25)) {
        const only = item();
        return only.startsWith('$') || only === 'null' ? `[${only}]` : only;
      }
      return `[${Array.from({ length: random.below(4) }, item).join(', ')}]`;
    }
    if (isInputObjectType(nullable)) return this.objectLiteral(nullable, depth, mayUseVariables);
    if (isEnumType(nullable)) return random.pick(nullable.getValues()).name;
    return this.scalarLiteral(nullable.name, mayUseVariables);
  }

  objectLiteral(type, depth, mayUseVariables) {
    const parts = [];
    for (const field of Object.values(type.getFields())) {
      const required = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!required && (depth > INPUT_DEPTH_MAX || this.random.chance(0.5))) continue;
      const hasDefault = field.defaultValue !== undefined;
      parts.push(`${field.name}: ${this.literal(field.type, depth + 1, mayUseVariables, hasDefault)}`);
    }
    return `{${parts.join(', ')}}`;
  }

  int() {
    const { random } = this;
    if (this.isCareless && random.chance(0.15)) return random.pick(['-1', '-2147483648', '-7']);
    if (random.chance(0.06)) return random.pick(['2147483647', '1000000000', '1000000001', '5000']);
    return `${random.below(random.pick([4, 25]))}`;
  }
  scalarLiteral(name, mayUseVariables) {
    const { random } = this;
        if (name === 'Int') return this.int();
    if (name === 'Float') return random.pick(['1', '-1.5', '1e3']);
    if (name === 'Boolean') return random.pick(['true', 'false']);
    if (name === 'ID') return random.pick(['4', '"id"']);
    if (name === 'String') return random.pick(['""', '"text"', '"""block"""']);
    if (random.chance(0.7)) return random.pick(['1', '2.5', '"s"', 'true', 'SYMBOL', '[1, null]']);
    const inner = mayUseVariables ? this.variable(this.schema.getType(name)) : '7';
    return random.pick([`[1, ${inner}]`, `{k: ${inner}}`]);
  }

  // JSON text for a type, so that numbers may be written as 5.0 or 1e3.
  json(type, depth = 0) {
    const { random } = this;
    if (!isNonNullType(type) && random.chance(0.1)) return 'null';
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (random.chance(0.2)) return this.json(nullable.ofType, depth);
      const items = Array.from({ length: random.below(4) }, () => this.json(nullable.ofType, depth + 1));
      return `[${items.join(',')}]`;
    }
    if (isInputObjectType(nullable)) {
      if (!this.isCareless || random.chance(0.9)) return this.jsonObject(nullable, depth);
      return random.pick(['5', '"text"', '[]', '[{},null,{"first":1}]', 'true', '{"first":{}}']);
    }
    if (isEnumType(nullable)) return JSON.stringify(random.pick(nullable.getValues()).name);
    if (nullable.name === 'Int') return this.jsonInt();
    if (nullable.name === 'Boolean') return random.pick(['true', 'false']);
    return random.pick(['1', '2.5', '"s"', '{"k":[null,{"deep":true}]}', '[]']);
  }
  jsonObject(type, depth) {
    const parts = [];
    for (const field of Object.values(type.getFields())) {
      const required = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!required && (depth > INPUT_DEPTH_MAX || this.random.chance(0.45))) continue;
      parts.push(`"${field.name}":${this.json(field.type, depth + 1)}`);
    }
    if (this.random.chance(0.08)) parts.push('"surplus":{"first":3}');
    return `{${parts.join(',')}}`;
  }
  jsonInt() {
    const { random } = this;
    if (this.isCareless && random.chance(0.2)) {
      return random.pick(['-1', '5.5', '"5"', 'true', '[5]', '{"a":1}', '-1e9', '-5.0', '1e-3']);
    }
    if (random.chance(0.12)) {
      return random.pick(['5.0', '0.0', '-0', '1e3', '1.5e1', '2147483648', '1000000000',
        '1000000001', '12345678901234', '123456789012345678901234567890', '1e300']);
    }
    return `${random.below(random.pick([4, 25]))}`;
  }

  // Selections --------------------------------------------------------------------------------

  directives(isField) {
    const { random } = this;
    let text = '';
    if (isField && random.chance(0.1)) {
      const { args } = this.schema.getDirective('tag');
      const given = args.filter(() => random.chance(0.5));
      const parts = given.map((arg) => `${arg.name}: ${this.literal(arg.type, 0)}`);
      text += ` @tag${parts.length > 0 ? `(${parts.join(', ')})` : ''}`;
      if (random.chance(0.3)) text += ' @tag(level: 2)';
    }
    for (const name of ['skip', 'include']) {
      if (random.chance(0.93)) continue;
      const condition = this.schema.getDirective(name).args[0].type;
      const literal = random.chance(0.5);
      text += ` @${name}(if: ${literal ? random.chance(0.5) : this.variable(condition)})`;
    }
    return text;
  }

  // The slicing paths of a field, or of one object's field that stands for it.
  slicing(parent, field) {
    const fields = [field];
    if (isAbstractType(parent)) {
      for (const object of this.schema.getPossibleTypes(parent)) fields.push(object.getFields()[field.name]);
    }
    for (const { astNode } of fields) {
      const size = astNode.directives.find(({ name }) => name.value === 'listSize');
      const paths = size?.arguments.find(({ name }) => name.value === 'slicingArguments')?.value.values;
      if (paths?.length > 0) return paths.map(({ value }) => value.split('.'));
    }
    return [];
  }

  args(parent, field) {
    const { random } = this;
    const paths = this.slicing(parent, field);
    const heads = paths.map(([head]) => head);
    const chosen = paths.length > 0 && random.chance(0.85) ? random.pick(paths) : undefined;
    const parts = [];
    for (const arg of field.args) {
      const hasDefault = arg.defaultValue !== undefined;
      const required = isNonNullType(arg.type) && !hasDefault;
      if (chosen?.[0] === arg.name) {
        parts.push(`${arg.name}: ${this.along(arg.type, chosen.slice(1), hasDefault)}`);
        continue;
      }
      if (!required && random.chance(heads.includes(arg.name) ? 0.85 : 0.45)) continue;
      parts.push(`${arg.name}: ${this.literal(arg.type, 0, true, hasDefault)}`);
    }
    return parts.length > 0 ? `(${parts.join(', ')})` : '';
  }
  // A value that mostly has what a path leads to.
  along(type, path, hasDefault) {
    if (path.length === 0 || this.random.chance(0.3)) return this.literal(type, 0, true, hasDefault);
    const inner = getNullableType(type).getFields()[path[0]];
    const value = this.along(inner.type, path.slice(1), inner.defaultValue !== undefined);
    return `{${path[0]}: ${value}}`;
  }

  field(parent, field, depth) {
    const { random } = this;
    const args = this.args(parent, field);
    let text = `${field.name}${args}${this.directives(true)}`;
    if (args !== '' || random.chance(0.7)) text = `${this.prefix}a${this.aliases++}: ${text}`;
    const named = getNamedType(field.type);
    return isCompositeType(named) ? `${text} ${this.selectionSet(named, depth + 1)}` : text;
  }

  selection(type, depth) {
    const { random } = this;
    this.budget--;
    const roll = random.next();
    const abstract = isAbstractType(type);
    if (roll < 0.05) return this.free(type);
    if (roll < (abstract ? 0.55 : 0.17) && depth < DEPTH_MAX) return this.inlineFragment(type, depth);
    if (roll < (abstract ? 0.75 : 0.3) && depth < DEPTH_MAX) return this.spread(type, depth);
    if (type.getFields === undefined) return '__typename';
    let fields = Object.values(type.getFields());
    if (depth >= DEPTH_MAX || this.budget < 0) {
      fields = fields.filter((field) => !isCompositeType(getNamedType(field.type)));
    }
    return fields.length === 0 ? '__typename' : this.field(type, random.pick(fields), depth);
  }
  free(type) {
    const { random } = this;
    if (type !== this.schema.getQueryType()) return '__typename';
    return random.pick(['__typename', '__schema { types { name fields { name } } }',
      '__type(name: "Query") { name ofType { name } }']);
  }

  related(type) {
    const { random, schema } = this;
    const abstracts = Object.values(schema.getTypeMap()).filter(isAbstractType);
    if (!isAbstractType(type)) {
      return random.pick([type, ...abstracts.filter((one) => schema.isSubType(one, type))]);
    }
    const objects = schema.getPossibleTypes(type);
    const overlapping = abstracts.filter((one) =>
      schema.getPossibleTypes(one).some((object) => objects.includes(object)));
    return random.pick([type, ...objects, ...objects, ...overlapping]);
  }
  inlineFragment(type, depth) {
    const bare = this.random.chance(0.2);
    const to = bare ? type : this.related(type);
    return `...${bare ? '' : ` on ${to.name}`}${this.directives(false)} ${this.selectionSet(to, depth + 1)}`;
  }
  spread(type, depth) {
    const { random, schema } = this;
    const usable = this.fragments.filter(
      ({ on }) => on === type || (isAbstractType(type) && isObjectType(on) && schema.isSubType(type, on)) ||
        (isAbstractType(on) && isObjectType(type) && schema.isSubType(on, type)),
    );
    if (usable.length > 0 && random.chance(0.7)) {
      return `...${random.pick(usable).name}${this.directives(false)}`;
    }
    const on = this.related(type);
    const text = this.selectionSet(on, depth + 1);
    const name = `${this.prefix}F${this.fragments.length}`;
    this.fragments.push({ name, on, text });
    return `...${name}${this.directives(false)}`;
  }
  selectionSet(type, depth) {
    const wanted = this.budget < 0 ? 1 : 1 + this.random.below(isAbstractType(type) ? 6 : 4);
    const parts = Array.from({ length: wanted }, () => this.selection(type, depth));
    return `{ ${parts.join(' ')} }`;
  }

  document(body) {
    const isMutation = body === undefined && this.random.chance(0.15);
    const root = isMutation ? this.schema.getMutationType() : this.schema.getQueryType();
    const text = body ?? this.selectionSet(root, 0);
    const variables = [...this.variables].map(([name, { text: type, fallback }]) => {
      return `$${name}: ${type}${fallback === null ? '' : ` = ${fallback}`}`;
    });
    const list = variables.length > 0 ? `(${variables.join(', ')})` : '';
    const fragments = this.fragments.map(({ name, on, text: set }) => `fragment ${name} on ${on.name} ${set}`);
    const operation = `${isMutation ? 'mutation' : 'query'} ${this.prefix}Op${list} ${text}`;
    return [operation, ...fragments].join('\n');
  }

  values() {
    const parts = [];
    for (const [name, { type, text, fallback }] of this.variables) {
      const required = text.endsWith('!') && fallback === null;
      if (this.random.chance(required ? (this.isCareless ? 0.1 : 0) : 0.25)) continue;
      let value = this.json(type);
      if (String(getNamedType(type)) === 'Boolean' && this.isCareless && this.random.chance(0.2))
        value = this.random.pick(['null', '"true"', '1', '[]']);
      parts.push(`"${name}":${value}`);
    }
    if (this.random.chance(0.03)) parts.push('"notThere":1');
    return `{${parts.join(',')}}`;
  }
}

function plainCase(random, schema) {
  const mood = random.chance(0.15) ? 'careless' : 'careful';
  const maker = new OperationMaker(random, schema, mood);
  const document = maker.document();
  if (random.chance(0.9)) return { query: document, operation: 0, variables: maker.values() };
  const other = new OperationMaker(random, schema, mood, 'x');
  const query = `${document}\n${other.document()}`;
  const operation = random.below(2);
  return { query, operation, variables: [maker, other][operation].values() };
}

// Fragments that each spread the next several times.
function bombCase(random, schema) {
  const maker = new OperationMaker(random, schema, 'careful');
  const length = 2 + random.below(40);
  const query = schema.getQueryType();
  const leaf = Object.values(query.getFields()).find((field) => !isCompositeType(getNamedType(field.type)));
  const call = leaf === undefined ? '__typename' : `leaf: ${leaf.name}${maker.args(query, leaf)}`;
  for (let i = 0; i < length; i++) {
    const next = i + 1 < length ? `...B${i + 1} ... { ...B${i + 1} }` : '';
    const text = random.chance(0.5) ? `{ self { ${next} ${call} } ${call} }` : `{ ${next} ${call} }`;
    maker.fragments.push({ name: `B${i}`, on: query, text });
  }
  const document = maker.document('{ ...B0 }');
  return { query: document, operation: 0, variables: maker.values() };
}

// The parser takes 200 levels of one text; through fragments there may be more.
function deepCase(random) {
  const parts = Array.from({ length: 1 + random.below(6) }, (_, i) => {
    const levels = 1 + random.below(199);
    const open = Array.from({ length: levels - 1 }, () => random.pick(['self', '... on Query', '...']));
    const start = i === 0 ? '{' : `fragment D${i} on Query {`;
    return { text: `${start} ${open.map((text) => `${text} { `).join('')}`, end: '}'.repeat(levels) };
  });
  const texts = parts.map(({ text, end }, i) => {
    return `${text}${i + 1 < parts.length ? `...D${i + 1}` : '__typename sized { x }'} ${end}`;
  });
  return { query: texts.join('\n'), operation: 0, variables: '{}' };
}

// A fragment below many fields that give sizes from a variable: far below or far above the limit
// of the steps. What a variable cannot change may be counted or not; it stands in no such document.
function stepsCase(random) {
  const isAbove = random.chance(0.5);
  const leafs = Array.from({ length: isAbove ? 1700 : 30 }, (_, i) => `l${i}: list { x }`);
  const calls = Array.from({ length: 90 }, (_, i) => `s${i}: sized(first: $v) { ...All }`);
  const query = `query ($v: Int) { ${calls.join(' ')} }\nfragment All on Sizes { ${leafs.join(' ')} }`;
  return { query, operation: 0, variables: `{"v":${random.below(9)}}` };
}

// About as many fragments as may stand beside each other before they are summed.
function wideCase(random, schema) {
  const maker = new OperationMaker(random, schema, 'careful');
  const objects = schema.getPossibleTypes(schema.getType('Wide'));
  const wanted = Math.floor(4096 / objects.length) + random.below(5) - 2;
  const condition = schema.getDirective('skip').args[0].type;
  const parts = [];
  for (let i = 0; i < wanted; i++) {
    const on = random.chance(0.1) ? 'Few' : random.pick(objects).name;
    let directive = '';
    if (random.chance(0.05)) directive = ` @skip(if: ${random.chance(0.5) ? 'true' : maker.variable(condition)})`;
    if (random.chance(0.03)) parts.push('... on Wide { items { __typename } }', '... { __typename }');
    parts.push(`... on ${on}${directive} { ${on === 'Few' ? '__typename' : `x w${i}: w(first: 1)`} }`);
    if (on === 'Few') parts.push(`... on Few { ... on Wide1 { f${i}: x } }`);
  }
  const document = maker.document(`{ ${random.pick(['wide', 'wides'])} { ${parts.join(' ')} } }`);
  return { query: document, operation: 0, variables: maker.values() };
}

function anyCase(random, { schema, isWide }) {
  if (isWide && random.chance(0.1)) return wideCase(random, schema);
  const roll = random.next();
  if (roll < 0.01) return bombCase(random, schema);
  if (roll < 0.013) return deepCase(random);
  if (roll < 0.0135) return stepsCase(random);
  return plainCase(random, schema);
}

export function randomSchema(random) {
  const isWide = random.chance(0.04);
  const sdl = new SchemaMaker(random).sdl(isWide ? random.pick([40, 63, 64, 65, 100]) : 0);
  const listSize = random.pick([100, 100, 10, 7, 1, 1000]);
  return { sdl, isWide, listSize, schema: buildSchema(sdl), priced: new PricedSchema(sdl) };
}

// A valid document with what it costs, as { query, operation, variables (JSON text), listSize,
// want }; tallies what was thrown away.
export function randomCase(random, built, tally) {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const made = anyCase(random, built);
    const tree = parse(made.query);
    const problems = validate(built.schema, tree);
    if (problems.length > 0) {
      tally.invalid++;
      if (process.env.MC_WHY_INVALID) console.log(problems[0].message, made.query);
      continue;
    }
    const listSize = random.chance(0.95) ? built.listSize : random.pick([1, 2, 50]);
    const want = cost(built.priced, tree, made.operation, JSON.parse(made.variables), listSize);
    if (want.error === 'invalid' && !random.chance(ERRORS_KEPT)) {
      tally.dropped++;
      continue;
    }
    return { ...made, tree, listSize, want };
  }
  throw new Error('no valid document');
}
