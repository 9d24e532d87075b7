// Random schemas, and random operations that are valid for them, for the comparison of execution.
import { getNamedType, getNullableType, isAbstractType, isCompositeType } from 'graphql';
import { isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType } from 'graphql';

// Schemas ---------------------------------------------------------------------------------------

const SCALARS = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Anything'];

function wrapped(random, name) {
  const bang = (text, chance) => (random.chance(chance) ? text + '!' : text);
  let text = bang(name, 0.3);
  for (let lists = random.below(10); lists > 7; lists--) text = bang(`[${text}]`, 0.25);
  return text;
}

function inputLiteral(random, model, type) {
  if (type.endsWith('!')) return inputLiteral(random, model, type.slice(0, -1));
  if (random.chance(0.1)) return 'null';
  if (type.startsWith('[')) return inputLiteral(random, model, type.slice(1, -1));
  if (model.enums[type]) return random.pick(model.enums[type]);
  const number = random.below(100);
  const texts = { Int: `${number}`, Float: `${number}.5`, Boolean: 'true', ID: `"id${number}"` };
  return texts[type] ?? (model.inputs.includes(type) ? '{}' : `"text ${number}"`);
}

function inputField(random, model, name, later) {
  const names = [...SCALARS, ...Object.keys(model.enums), ...later];
  let type = wrapped(random, random.pick(names));
  const isObject = model.inputs.some((input) => type.includes(input));
  if (isObject) type = type.replaceAll('!', '');
  let fallback = '';
  if (!isObject && random.chance(0.4)) {
    const literal = inputLiteral(random, model, type);
    if (literal !== 'null' || !type.endsWith('!')) fallback = ` = ${literal}`;
    if (type.includes('!]') && literal === 'null') fallback = '';
  }
  return `${name}: ${type}${fallback}`;
}

export function randomSchema(random) {
  const model = { enums: {}, inputs: [] };
  const parts = ['scalar Anything', 'directive @mark(how: String = "so") repeatable on FIELD'];
  for (let i = 0; i < 2; i++) {
    model.enums[`Enum${i}`] = ['RED', 'GREEN', 'BLUE', 'BLACK'].slice(0, 1 + random.below(4));
    const values = model.enums[`Enum${i}`].map((value, at) =>
      at > 0 && random.chance(0.2) ? `${value} @deprecated(reason: "old")` : value,
    );
    parts.push(`enum Enum${i} { ${values.join(' ')} }`);
  }
  model.inputs = ['Input0', 'Input1', 'Input2'];
  for (const [i, name] of model.inputs.entries()) {
    const fields = [];
    const later = model.inputs.slice(i);
    const oneOf = random.chance(0.15);
    for (let f = 0; f <= random.below(4); f++) {
      let field = inputField(random, model, `in${f}`, later);
      if (oneOf) field = field.replace(/ = .*/, '').replace(/!$/, '');
      fields.push(field);
    }
    parts.push(`input ${name}${oneOf ? ' @oneOf' : ''} { ${fields.join(', ')} }`);
  }
  const objects = ['Query', 'Mutation', 'Object0', 'Object1', 'Object2', 'Object3'];
  const outputs = [...SCALARS, ...Object.keys(model.enums), ...objects.slice(2)];
  outputs.push('Named', 'Either', 'Query', 'Object0', 'Object1');
  const field = (name) => {
    const args = [];
    for (let a = random.below(5) - 2; a > 0; a--) {
      args.push(inputField(random, model, `arg${a}`, model.inputs));
    }
    const description = random.chance(0.1) ? '"A field." ' : '';
    const deprecated = random.chance(0.1) ? ' @deprecated' : '';
    const list = args.length > 0 ? `(${args.join(', ')})` : '';
    return `  ${description}${name}${list}: ${wrapped(random, random.pick(outputs))}${deprecated}`;
  };
  const named = [0, 1, 2].map((i) => field(`named${i}`));
  parts.push(`interface Named {\n${named.join('\n')}\n}`);
  parts.push('union Either = Object0 | Object2 | Object3');
  for (const object of objects) {
    const implementing = object === 'Object0' || object === 'Object1' || random.chance(0.2);
    const fields = [0, 1, 2, 3].map((i) => field(`field${i}`));
    if (implementing) fields.push(...named);
    parts.push(
      `type ${object}${implementing ? ' implements Named' : ''} {\n${fields.join('\n')}\n}`,
    );
  }
  return parts.join('\n');
}

// Operations ------------------------------------------------------------------------------------

const DEPTH_MAX = 5;
const INPUT_DEPTH_MAX = 10;

class OperationMaker {
  constructor(random, schema) {
    this.random = random;
    this.schema = schema;
    this.variables = new Map(); // name -> { type, fallback }
    this.fragments = [];
    this.aliases = 0;
    this.budget = 60;
  }

  variable(type, hasDefault) {
    const { random } = this;
    let text = String(type);
    // A nullable variable may stand where the place has a default.
    if (hasDefault && text.endsWith('!') && random.chance(0.5)) text = text.slice(0, -1);
    else if (!text.endsWith('!') && random.chance(0.15)) text += '!';
    for (const [name, known] of this.variables) {
      if (known.text === text && random.chance(0.6)) return `$${name}`;
    }
    const name = `v${this.variables.size}`;
    let fallback = null;
    if (random.chance(0.3)) fallback = this.literal(type, 1, false);
    if (fallback === 'null' && text.endsWith('!')) fallback = null;
    this.variables.set(name, { type, text, fallback });
    return `$${name}`;
  }

  literal(type, depth, mayUseVariables = true, hasDefault = false) {
    const { random } = this;
    if (mayUseVariables && random.chance(depth === 0 ? 0.35 : 0.15)) {
      return this.variable(type, hasDefault);
    }
    if (!isNonNullType(type) && random.chance(0.1)) return 'null';
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      const item = () => this.literal(nullable.ofType, depth + 1, mayUseVariables);
      const items = Array.from({ length: random.below(3) }, item);
      if (random.chance(0.3)) {
        const only = item();
        return only.startsWith('$') ? `[${only}]` : only;
      }
      return `[${items.join(', ')}]`;
    }
    if (isInputObjectType(nullable)) return this.objectLiteral(nullable, depth, mayUseVariables);
    if (isEnumType(nullable)) return random.pick(nullable.getValues()).name;
    return this.scalarLiteral(nullable.name, mayUseVariables);
  }

  objectLiteral(type, depth, mayUseVariables) {
    const { random } = this;
    let fields = Object.values(type.getFields());
    if (depth > INPUT_DEPTH_MAX) return '{}';
    if (type.isOneOf) fields = [random.pick(fields)];
    const parts = [];
    for (const field of fields) {
      const required = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!required && !type.isOneOf && (depth > 2 || random.chance(0.5))) continue;
      let value = this.literal(field.type, depth + 1, mayUseVariables && !type.isOneOf);
      if (type.isOneOf && value === 'null') value = this.literal(field.type, depth + 1, false);
      parts.push(`${field.name}: ${value}`);
    }
    return `{${parts.join(', ')}}`;
  }

  scalarLiteral(name, mayUseVariables) {
    const { random } = this;
    const number = random.below(2000) - 1000;
    if (name === 'Int') return `${number}`;
    if (name === 'Float') return random.pick([`${number}`, `${number}.25`, '1e3', '-0.5E-2']);
    if (name === 'Boolean') return random.pick(['true', 'false']);
    if (name === 'ID') return random.pick([`${number}`, `"${number}"`]);
    if (name === 'String') return random.pick(['""', '"text"', '"q\\"\\u00e9\\n"', '"""block"""']);
    const nested = mayUseVariables && this.variables.size > 0 ? `$v0` : '7';
    return random.pick([
      '1',
      '2.5',
      '"s"',
      'true',
      'SYMBOL',
      'null',
      `[1, ${nested}]`,
      `{k: ${nested}}`,
    ]);
  }

  directives() {
    const { random } = this;
    if (random.chance(0.85)) return '';
    const condition = random.chance(0.5)
      ? random.pick(['true', 'false'])
      : this.variable(this.schema.getDirective('skip').args[0].type, false);
    const extra = random.chance(0.2) ? ' @mark @mark(how: "twice")' : '';
    return ` @${random.pick(['skip', 'include'])}(if: ${condition})${extra}`;
  }

  field(parent, field, depth) {
    const { random } = this;
    let text = field.name;
    const args = [];
    for (const arg of field.args) {
      const required = isNonNullType(arg.type) && arg.defaultValue === undefined;
      if (!required && random.chance(0.4)) continue;
      args.push(`${arg.name}: ${this.literal(arg.type, 0, true, arg.defaultValue !== undefined)}`);
    }
    if (args.length > 0) text = `a${this.aliases++}: ${text}(${args.join(', ')})`;
    else if (random.chance(0.15)) text = `a${this.aliases++}: ${text}`;
    else if (depth > 0 && !isAbstractType(parent) && random.chance(0.3))
      text = `${parent.name}_${text}: ${text}`;
    text += this.directives();
    const named = getNamedType(field.type);
    return isCompositeType(named) ? `${text} ${this.selectionSet(named, depth + 1)}` : text;
  }

  selection(type, depth) {
    const { random } = this;
    this.budget--;
    const roll = random.next();
    if (roll < 0.1) return random.chance(0.3) ? `t${this.aliases++}: __typename` : '__typename';
    if (roll < 0.25 && depth < DEPTH_MAX) return this.inlineFragment(type, depth);
    if (roll < 0.33 && depth < DEPTH_MAX) return this.spread(type, depth);
    if (type.getFields === undefined) return '__typename';
    let fields = Object.values(type.getFields());
    if (depth >= DEPTH_MAX || this.budget < 0) {
      fields = fields.filter((field) => !isCompositeType(getNamedType(field.type)));
    }
    return fields.length === 0 ? '__typename' : this.field(type, random.pick(fields), depth);
  }

  related(type) {
    const { random, schema } = this;
    if (isAbstractType(type)) return random.pick([type, ...schema.getPossibleTypes(type)]);
    const around = ['Named', 'Either']
      .map((name) => schema.getType(name))
      .filter((abstract) => schema.isSubType(abstract, type));
    return random.pick([type, ...around]);
  }

  inlineFragment(type, depth) {
    const to = this.related(type);
    const condition = this.random.chance(0.15) ? '' : ` on ${to.name}`;
    const inside = condition === '' ? type : to;
    return `...${condition}${this.directives()} ${this.selectionSet(inside, depth + 1)}`;
  }

  spread(type, depth) {
    const usable = this.fragments.filter(
      ({ on }) =>
        on === type ||
        (isObjectType(type) && isAbstractType(on) && this.schema.isSubType(on, type)),
    );
    if (usable.length > 0 && this.random.chance(0.6)) {
      return `...${this.random.pick(usable).name}${this.directives()}`;
    }
    const on = this.related(type);
    const text = this.selectionSet(on, depth + 1);
    const name = `F${this.fragments.length}`;
    this.fragments.push({ name, on, text });
    return `...${name}${this.directives()}`;
  }

  selectionSet(type, depth) {
    const parts = [];
    const wanted = this.budget < 0 ? 1 : 1 + this.random.below(4);
    for (let i = 0; i < wanted; i++) parts.push(this.selection(type, depth));
    return `{ ${parts.join(this.random.chance(0.3) ? '\n' : ' ')} }`;
  }

  document() {
    const isMutation = this.random.chance(0.3);
    const root = isMutation ? this.schema.getMutationType() : this.schema.getQueryType();
    const body = this.selectionSet(root, 0);
    const variables = [...this.variables].map(([name, { text, fallback }]) => {
      return `$${name}: ${text}${fallback === null ? '' : ` = ${fallback}`}`;
    });
    const list = variables.length > 0 ? `(${variables.join(', ')})` : '';
    const fragments = this.fragments.map(
      ({ name, on, text }) => `fragment ${name} on ${on.name} ${text}`,
    );
    return [`${isMutation ? 'mutation' : 'query'} Op${list} ${body}`, ...fragments].join('\n');
  }

  // JSON for a type; now and then one that does not fit.
  json(type, depth = 0) {
    const { random } = this;
    if (random.chance(0.03))
      return random.pick([
        null,
        7,
        'x',
        true,
        [],
        {},
        [[1, 'two']],
        1.5,
        { unknown: { deep: [1, { a: { b: 2 } }] } },
      ]);
    if (!isNonNullType(type) && random.chance(0.1)) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (random.chance(0.2)) return this.json(nullable.ofType, depth);
      return Array.from({ length: random.below(4) }, () => this.json(nullable.ofType, depth + 1));
    }
    if (isInputObjectType(nullable)) {
      const result = {};
      if (depth > INPUT_DEPTH_MAX) return result;
      let fields = Object.values(nullable.getFields());
      if (nullable.isOneOf && random.chance(0.9)) fields = [random.pick(fields)];
      for (const field of fields) {
        const required = isNonNullType(field.type) && field.defaultValue === undefined;
        if (
          !nullable.isOneOf &&
          (random.chance(0.05) || (!required && (depth > 2 || random.chance(0.4))))
        )
          continue;
        result[field.name] = this.json(field.type, depth + 1);
      }
      if (random.chance(0.03)) result.surplus = 1;
      return result;
    }
    if (isEnumType(nullable))
      return random.chance(0.05) ? 'PINK' : random.pick(nullable.getValues()).name;
    const number = random.below(2000) - 1000;
    const values = {
      Int: [number, number, number, 3e9, 2.0],
      Float: [number, number / 4, 1e300],
      Boolean: [true, false],
      ID: [number, `id${number}`, 12.0],
      String: ['', 'text', 'quoted " and \u20ac \u0007'],
      Anything: [1, 'any', [1, 2], { k: [null, { deep: true }] }, false],
    };
    return random.pick(values[nullable.name]);
  }

  values() {
    const result = {};
    for (const [name, { type, text, fallback }] of this.variables) {
      const required = text.endsWith('!') && fallback === null;
      if (this.random.chance(required ? 0.02 : 0.3)) continue;
      result[name] = this.json(type);
      if (result[name] === null && text.endsWith('!') && this.random.chance(0.9))
        delete result[name];
    }
    return result;
  }
}

export function randomOperation(random, schema) {
  const maker = new OperationMaker(random, schema);
  const document = maker.document();
  return { document, variables: maker.values(), seed: random.below(2 ** 31) };
}
