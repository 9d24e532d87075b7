// Random schemas with @cost and @listSize in all their places and forms.

const DIRECTIVES = (weightType) => `
directive @cost(weight: ${weightType}) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION`;

const WEIGHTS = ['0', '0.0', '1', '1.0', '2', '2.5', '0.001', '-1', '-0.5', '15.0', '3.14', '-12.25',
  '100', '40.07', '007.500', '-0', '-2.75', '5'];
const BIG_WEIGHTS = ['1000000', '-1000000', '999999.999', '1000000.000', '-1000.0', '12345'];
const LEAVES = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Money', 'Anything', 'E0', 'E1'];
const INPUTS = ['In0', 'In1', 'Paging', 'Search'];
const INTERFACES = ['I0', 'I1', 'I2', 'Lonely'];
const OBJECTS = ['O0', 'O1', 'O2', 'O3', 'O4', 'O5'];
const UNIONS = ['U0', 'U1'];
// Names that stand in several types, so that sizes by name meet fields of other types.
const SHARED = ['items', 'edges', 'nodes', 'rows'];
const OWN = ['a', 'b', 'c', 'd', 'leafs', ...SHARED];
const FIELDS_OF = {
  I0: ['items', 'edges', 'p'],
  I1: ['q', 'nodes'],
  I2: ['r', 'rows', 's'],
  Lonely: ['items', 'edges', 'p'],
};
const ARGUMENTS = {
  first: ['Int'], last: ['Int'], max: ['Int', 'Int!'], page: ['Paging', 'Paging!'],
  search: ['Search'], one: ['In0', 'In1!'], many: ['[In1]', '[In0!]!', '[[In0]]'], flag: ['Boolean'],
  kind: ['E0', '[E1]'], any: ['Anything'], text: ['String', '[String]'], ids: ['[ID!]', '[[Int]]'],
};

// One part each that makes a schema refused.
const REFUSED = [
  ...['1.2345', '1e3', '', '-', '1000000.001', '-1000000.001', '+1', ' 1', '1 ', '1.', '.5', '0x1',
    'NaN', '2000000', '99999999999999999999', '1,5', '--1'].map(
    (weight) => `type Bad { x: Int @cost(weight: "${weight}") }`),
  'scalar Bad @cost(weight: "x")',
  'enum Bad @cost(weight: "") { X }',
  'type Bad @cost(weight: "-") { x: Int }',
  'input Bad { x: Int @cost(weight: "1.0.0") }',
  'type Bad { x(y: Int @cost(weight: "1..0")): Int }',
  'directive @bad(x: Int @cost(weight: "e")) on FIELD',
  'interface Bad { x: Int @cost(weight: "1") }',
  'interface Bad { x: Int } type Worse implements Bad { x: Int } extend interface Bad { y: Int @cost(weight: "1") } extend type Worse { y: Int }',
  'interface Bad @cost(weight: "1") { x: Int }',
  'input Bad @cost(weight: "1") { x: Int }',
  'union Bad @cost(weight: "1") = Query',
  'type Bad { x: Int @cost }',
  'type Bad { x: Int @listSize(assumedSize: 3) }',
  'type Bad { x(y: Int): Int @listSize(slicingArguments: ["y"]) }',
  'type Bad { x: Int @listSize(assumedSize: 3, sizedFields: []) }',
  'type Bad { x: [Int] @listSize(assumedSize: 3, sizedFields: ["x"]) }',
  'type Bad { x: Bad @listSize(assumedSize: 3, sizedFields: ["y"]) }',
  'type Bad { x: Bad @listSize(assumedSize: 3, sizedFields: ["x"]) }',
  'union Both = Query | Bad type Bad { x: [Both] @listSize(assumedSize: 3, sizedFields: ["x"]) }',
  'type Bad { y: [Int], x: Bad @listSize(assumedSize: 3, sizedFields: ["y", "x.y"]) }',
  'type Bad { x(y: Int): [Int] @listSize(slicingArguments: ["z"]) }',
  'type Bad { x(y: String): [Int] @listSize(slicingArguments: ["y"]) }',
  'type Bad { x(y: Float): [Int] @listSize(slicingArguments: ["y"]) }',
  'type Bad { x(y: [Int]): [Int] @listSize(slicingArguments: ["y"]) }',
  'type Bad { x(y: Paging): [Int] @listSize(slicingArguments: ["y"]) }',
  'type Bad { x(y: Paging): [Int] @listSize(slicingArguments: ["y.second"]) }',
  'type Bad { x(y: [Paging]): [Int] @listSize(slicingArguments: ["y.first"]) }',
  'type Bad { x(y: Int): [Int] @listSize(slicingArguments: ["y.first"]) }',
  'type Bad { x(y: Search): [Int] @listSize(slicingArguments: ["y.paging"]) }',
  'type Bad { x(y: Int): [Int] @listSize(slicingArguments: [""]) }',
  'type Bad { x(y: Int): [Int] @listSize(slicingArguments: ["y."]) }',
  'type Bad { x(y: Int = -1): [Int] @listSize(slicingArguments: ["y"]) }',
  'type Bad { x(y: Paging = {first: -1}): [Int] @listSize(slicingArguments: ["y.first"]) }',
  'input Deep { d: Int = -2 } type Bad { x(y: Deep): [Int] @listSize(slicingArguments: ["y.d"]) }',
  'type Bad { x: [Int] @listSize(assumedSize: -1) }',
  'type Bad { x: [Int] @listSize(assumedSize: 1000000001) }',
  'interface Bad { x: Int @listSize(assumedSize: 1) }',
  'type Bad { x: [Int] @listSize(assumedSize: 1) @listSize(assumedSize: 1) }',
];
// And some that come near it.
const ACCEPTED = [
  'type Fine { x: [Int] @listSize(assumedSize: 1000000000) }',
  'type Fine { x: [Int] @listSize }',
  'type Fine { x: [Int]! @listSize(assumedSize: null, slicingArguments: null, sizedFields: null, requireOneSlicingArgument: null) }',
  'type Fine { x: [Int] @listSize(slicingArguments: [], sizedFields: []) }',
  'type Fine { x(y: Int! = 0): [Int!]! @listSize(slicingArguments: "y", assumedSize: 0) }',
  'type Fine { x(y: Paging! = {first: 2147483647}): [Int] @listSize(slicingArguments: ["y.first"]) }',
  'type Fine { x(y: Int @cost(weight: "1000000")): Int @cost(weight: "-1000000.000") }',
  'interface Fine { x(y: Int @cost(weight: "1")): [Int] @listSize(assumedSize: 1) }',
  'scalar Fine extend scalar Fine @cost(weight: "0001")',
];

const namedOf = (type) => type.replaceAll(/[[\]!]/g, '');
const isList = (type) => type.startsWith('[');

export class SchemaMaker {
  constructor(random) {
    this.random = random;
    this.isNumber = random.chance(0.1);
    this.costs = random.pick([0.1, 0.3, 0.6]);
    this.types = new Map(); // name -> { fields, interfaces }
    this.members = new Map(); // abstract type -> objects
  }

  weight() {
    const { random } = this;
    const text = random.chance(0.04) ? random.pick(BIG_WEIGHTS) : random.pick(WEIGHTS);
    if (!this.isNumber) return `"${text}"`;
    return text.replace(/^0+(?=[0-9])/, '');
  }
  cost() {
    return this.random.chance(this.costs) ? ` @cost(weight: ${this.weight()})` : '';
  }
  wrapped(name) {
    const { random } = this;
    const bang = (text, chance) => (random.chance(chance) ? `${text}!` : text);
    let text = bang(name, 0.25);
    for (let lists = random.pick([0, 0, 0, 1, 1, 1, 1, 2, 3]); lists > 0; lists--) {
      text = bang(`[${text}]`, 0.25);
    }
    return text;
  }

  // A constant of a type; numbers are not negative, since a slicing argument may have them.
  constant(type, depth = 0) {
    const { random } = this;
    if (!type.endsWith('!') && random.chance(0.15)) return 'null';
    const nullable = type.replace(/!$/, '');
    if (isList(nullable)) {
      const items = Array.from({ length: random.below(3) }, () =>
        this.constant(nullable.slice(1, -1), depth),
      );
      return `[${items.join(', ')}]`;
    }
    const number = random.pick([0, 1, 2, 3, 7, 20]);
    const texts = { Int: number, Float: number, Boolean: true, Money: 5, Anything: '{any: 1}', E0: 'X', E1: 'Y' };
    if (nullable === 'Paging') return random.pick(['{}', `{first: ${number}}`, '{last: 2}']);
    if (nullable === 'Search') {
      const paging = this.constant('Paging', depth);
      return random.pick(['{}', `{paging: ${paging}}`, `{paging: {first: ${number}}}`]);
    }
    if (INPUTS.includes(nullable)) return '{}';
    return `${texts[nullable] ?? `"${number}"`}`;
  }
  fallback(type, chance) {
    return this.random.chance(chance) ? ` = ${this.constant(type)}` : '';
  }

  inputs() {
    const { random } = this;
    const field = (name, type, chance = 0.25) => `${name}: ${type}${this.fallback(type, chance)}${this.cost()}`;
    const parts = [
      `input Paging { ${field('first', 'Int', 0.4)}, ${field('last', 'Int', 0.1)}, ${field('note', 'String')} }`,
      `input Search { ${field('paging', 'Paging', 0.3)}, ${field('text', 'String')}, again: Search${this.cost()}, ${field('all', '[In0]', 0.1)} }`,
    ];
    for (const name of ['In0', 'In1']) {
      const fields = [0, 1, 2, 3].map((i) => {
        const leaf = random.chance(0.5);
        const type = this.wrapped(leaf ? random.pick(LEAVES) : random.pick(INPUTS));
        return leaf ? field(`f${i}`, type) : `f${i}: ${type.replaceAll('!', '')}${this.cost()}`;
      });
      parts.push(`input ${name} { ${fields.join(', ')} }`);
    }
    return parts;
  }

  arguments() {
    const { random } = this;
    const names = Object.keys(ARGUMENTS).filter(() => random.chance(0.18));
    return names.map((name) => this.argument(name));
  }
  argument(name) {
    const type = this.random.pick(ARGUMENTS[name]);
    return { name, type, fallback: this.fallback(type, 0.25), cost: this.cost() };
  }
  field(name) {
    const { random } = this;
    const composite = random.chance(0.6);
    const pool = composite ? [...OBJECTS, ...OBJECTS, ...INTERFACES.slice(0, 3), ...INTERFACES.slice(0, 3), 'Lonely', ...UNIONS] : LEAVES;
    let type = this.wrapped(random.pick(pool));
    if (SHARED.includes(name) && !isList(type) && random.chance(0.85)) type = `[${type}]`;
    return { name, type, args: random.chance(0.6) ? this.arguments() : [], cost: this.cost() };
  }

  // The field of an object for that of its interface: other defaults, weights and list sizes, more
  // arguments, a narrower type.
  implemented(field) {
    const { random } = this;
    const args = field.args.map((arg) => ({
      ...arg,
      fallback: random.chance(0.3) ? this.fallback(arg.type, 0.5) : arg.fallback,
      cost: this.cost(),
    }));
    const more = random.pick(Object.keys(ARGUMENTS));
    if (random.chance(0.3) && !args.some(({ name }) => name === more)) {
      const arg = this.argument(more);
      args.push({ ...arg, type: arg.type.replace(/!$/, '') });
    }
    let { type } = field;
    const members = this.members.get(namedOf(type));
    if (members?.length > 0 && random.chance(0.3)) type = type.replace(namedOf(type), random.pick(members));
    if (!type.endsWith('!') && random.chance(0.2)) type += '!';
    return { ...field, args, type, cost: this.cost() };
  }

  decideTypes() {
    const { random } = this;
    const chains = random.chance(0.5);
    const interfaces = new Map([['I1', chains ? ['I0'] : []]]);
    for (const name of INTERFACES) {
      const fields = FIELDS_OF[name].map((field) => ({ ...this.field(field), cost: '' }));
      if (name === 'I1' && chains) fields.push(...this.types.get('I0').fields);
      this.types.set(name, { keyword: 'interface', fields, interfaces: interfaces.get(name) ?? [] });
    }
    const implemented = new Map(
      OBJECTS.map((object) => {
        const names = new Set(['I0', 'I1', 'I2'].filter(() => random.chance(0.4)));
        if (names.has('I1') && chains) names.add('I0');
        return [object, [...names]];
      }),
    );
    for (const name of INTERFACES) {
      this.members.set(name, OBJECTS.filter((object) => implemented.get(object).includes(name)));
    }
    for (const name of UNIONS) {
      const members = OBJECTS.filter(() => random.chance(0.5));
      this.members.set(name, members.length > 0 ? members : ['O0']);
    }
    for (const name of ['Query', 'Mutation', ...OBJECTS]) this.decideObject(name, implemented.get(name) ?? []);
    const query = this.types.get('Query').fields;
    for (const name of [...INTERFACES.slice(0, 3), ...UNIONS]) {
      query.push({ ...this.field(`to${name}`), type: random.chance(0.5) ? name : `[${name}]` });
    }
    query.push({ name: 'self', type: 'Query', args: [], cost: this.cost() });
  }
  decideObject(name, interfaces) {
    const { random } = this;
    const fields = new Map();
    for (const one of interfaces) {
      for (const field of this.types.get(one).fields) {
        if (!fields.has(field.name)) fields.set(field.name, this.implemented(field));
      }
    }
    const own = OWN.filter(() => random.chance(name === 'Query' ? 0.8 : 0.4));
    for (const field of own.length > 0 ? own : ['a']) {
      if (!fields.has(field)) fields.set(field, this.field(field));
    }
    this.types.set(name, { keyword: 'type', fields: [...fields.values()], interfaces, cost: this.cost() });
  }

  slicingPaths(args) {
    const inner = { Paging: ['.first', '.last'], Search: ['.paging.first', '.again.paging.last'] };
    return args.flatMap(({ name, type }) => {
      if (namedOf(type) === 'Int' && !isList(type)) return [name];
      return isList(type) ? [] : (inner[namedOf(type)] ?? []).map((rest) => name + rest);
    });
  }
  listSize(field) {
    const { random } = this;
    const sizable = (this.types.get(namedOf(field.type))?.fields ?? [])
      .filter(({ type }) => isList(type))
      .map(({ name }) => name);
    const sized = sizable.filter(() => random.chance(0.7));
    const isSized = sized.length > 0 && random.chance(isList(field.type) ? 0.3 : 0.7);
    if (!isSized && (!isList(field.type) || random.chance(0.35))) return '';
    const parts = [];
    if (isSized) parts.push(`sizedFields: ${JSON.stringify(sized)}`);
    const paths = this.slicingPaths(field.args).filter(() => random.chance(0.7));
    const slices = paths.length > 0 && random.chance(0.85);
    if (slices) parts.push(`slicingArguments: ${JSON.stringify(paths)}`);
    else if (random.chance(0.1)) parts.push('slicingArguments: []');
    if (!slices || random.chance(0.3)) {
      const sizes = [0, 1, 2, 3, 10, 10, 25, random.chance(0.1) ? 1000000000 : 4, 'null'];
      if (random.chance(0.9)) parts.push(`assumedSize: ${random.pick(sizes)}`);
    }
    const require = random.pick(['false', 'false', 'false', 'true', 'null', '']);
    if (require !== '') parts.push(`requireOneSlicingArgument: ${require}`);
    if (parts.length === 0) return ' @listSize';
    return ` @listSize(${parts.join(', ')})`;
  }

  printField(field, chance) {
    const args = field.args.map(({ name, type, fallback, cost }) => `${name}: ${type}${fallback}${cost}`);
    const list = args.length > 0 ? `(${args.join(', ')})` : '';
    const size = this.random.chance(chance) ? this.listSize(field) : '';
    return `  ${field.name}${list}: ${field.type}${field.cost}${size}`;
  }
  printType([name, { keyword, fields, interfaces, cost = '' }]) {
    const list = interfaces.length > 0 ? ` implements ${interfaces.join(' & ')}` : '';
    const chance = keyword === 'interface' ? 0.35 : 0.75;
    const lines = fields.map((field) => this.printField(field, chance));
    const isApart = cost !== '' && this.random.chance(0.1);
    const text = `${keyword} ${name}${list}${isApart ? '' : cost} {\n${lines.join('\n')}\n}`;
    return isApart ? `${text}\nextend ${keyword} ${name}${cost}` : text;
  }

  // An interface with many objects, for the limit on alternatives.
  wide(objects) {
    const parts = ['interface Wide { w(first: Int): [Int], items: [Wide] }'];
    for (let i = 0; i < objects; i++) {
      const size = this.random.chance(0.2) ? ' @listSize(assumedSize: 2)' : '';
      parts.push(`type Wide${i} implements Wide${this.cost()} { w(first: Int${this.cost()}): [Int]${this.cost()}${size}, items: [Wide], x: Int${this.cost()} }`);
    }
    parts.push('union Few = Wide0 | Wide1 | Wide2', 'extend type Query { wide: Wide, wides: [Wide] @listSize(assumedSize: 3) }');
    return parts;
  }

  sdl(wideObjects) {
    this.decideTypes();
    const parts = [DIRECTIVES(this.isNumber ? 'Float!' : 'String!')];
    parts.push(`directive @tag(level: Int${this.cost()}, deep: In0${this.cost()}, many: [Paging!]${this.cost()}) repeatable on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT | QUERY | FRAGMENT_DEFINITION`);
    parts.push(`scalar Money${this.cost()}`, `scalar Anything${this.cost()}`);
    parts.push(`enum E0${this.cost()} { X Y }`, `enum E1${this.cost()} { X Y Z }`);
    parts.push(...this.inputs());
    for (const name of UNIONS) parts.push(`union ${name} = ${this.members.get(name).join(' | ')}`);
    for (const entry of this.types) parts.push(this.printType(entry));
    parts.push('type Sizes { list: [Sizes] x: Int }', `extend type Query { sized(first: Int): Sizes${this.cost()} @listSize(slicingArguments: ["first"], sizedFields: ["list"], requireOneSlicingArgument: false) }`);
    if (wideObjects > 0) parts.push(...this.wide(wideObjects));
    return parts.join('\n');
  }
}

// Schemas that differ in one part each; the last ones are to be accepted.
export function refusedSchemas(random) {
  const maker = new SchemaMaker(random);
  maker.isNumber = false;
  const base = maker.sdl(0);
  return [...REFUSED, ...ACCEPTED].map((part) => `${base}\n${part}`);
}
