// Documents written carelessly for a schema: mostly right, with every kind of mistake mixed in.
import { getNamedType, getNullableType, isEnumType, isInputObjectType, isListType } from 'graphql';
import { isAbstractType, isCompositeType, isInputType, isNonNullType } from 'graphql';

const DEPTH_MAX = 5;
const KINDS = ['query', 'mutation', 'subscription'];

export class CarelessWriter {
  constructor(random, schema) {
    this.random = random;
    this.schema = schema;
    this.types = Object.values(schema.getTypeMap());
    this.composites = this.types.filter(isCompositeType).filter((t) => !t.name.startsWith('__'));
    this.inputs = this.types.filter(isInputType);
    // Some documents are nearly right, others are a mess.
    this.wrong = random.pick([0, 0, 0, 0.005, 0.02, 0.08]);
    this.budget = 10 + random.below(60);
    this.fragments = Array.from({ length: random.below(5) }, (_, i) => ({
      name: `F${i}`,
      type: random.pick(this.composites),
    }));
    this.variables = new Map(); // name -> type text
    this.aliases = ['x', 'y', 'field0', 'named0'];
  }

  slip() {
    return this.random.chance(this.wrong);
  }
  misspelt(name) {
    const { random } = this;
    const at = random.below(name.length);
    return random.pick([
      () => name.slice(0, at) + name.slice(at + 1) || 'q',
      () => name.slice(0, at) + random.pick(['x', '1', 'Z']) + name.slice(at),
      () => name.toLowerCase(),
      () => name + name,
      () => '__' + name,
      () => 'nonsense',
    ])().replace(/^(\d)/, 'n$1');
  }
  named(name) {
    return this.slip() ? this.misspelt(name) : name;
  }
  typeName(list = this.composites) {
    if (!this.slip()) return this.random.pick(list).name;
    const { name } = this.random.pick(this.types);
    return this.random.chance(0.5) ? this.misspelt(name) : name;
  }

  document() {
    const { random } = this;
    const parts = [];
    const operations = random.chance(0.8) ? 1 : random.below(4);
    for (let i = 0; i < operations; i++) {
      this.variables = new Map();
      parts.push(this.operation(i, operations));
    }
    for (let i = 0; i < this.fragments.length; i++) {
      const { name, type, used } = this.fragments[i];
      if (!used && !this.slip()) continue;
      const on = this.slip() ? this.misspelt(this.typeName()) : type.name;
      this.current = i;
      parts.push(`fragment ${this.slip() ? 'F0' : name} on ${on}${this.directives('FRAGMENT_DEFINITION')} ${this.selections(type, 1)}`);
    }
    this.current = -1;
    if (this.slip()) parts.push('type Query { a: Int }');
    for (let i = parts.length - 1; i > 0; i--) {
      const j = random.chance(0.2) ? random.below(i + 1) : i;
      [parts[i], parts[j]] = [parts[j], parts[i]];
    }
    return parts.join(random.chance(0.5) ? '\n' : ' ') || '{ __typename }';
  }

  operation(i, count) {
    const { random } = this;
    const kind = random.chance(0.85) ? 'query' : random.pick(KINDS);
    const root = this.schema.getRootType(kind) ?? this.schema.getQueryType();
    this.current = -1;
    const body = this.selections(root, 0);
    const directives = this.directives(kind.toUpperCase());
    if (count === 1 && kind === 'query' && this.variables.size === 0 && !directives && random.chance(0.3)) return body;
    const declared = [...this.variables].filter(() => !this.slip()).map(([name, type]) => this.variable(name, type));
    if (this.slip()) declared.push(this.variable('unused', 'Int'));
    if (this.slip() && declared.length) declared.push(random.pick(declared));
    const name = this.slip() ? (random.chance(0.5) ? '' : 'Op0') : `Op${i}`;
    return `${kind} ${name}${declared.length ? `(${declared.join(', ')})` : ''}${directives} ${body}`;
  }
  variable(name, text) {
    let type = text;
    if (this.slip()) type = this.random.pick([type.replace('!', ''), type + (type.endsWith('!') ? '' : '!'), `[${type}]`, this.typeName(this.types), this.misspelt(type.replace(/[[\]!]/g, ''))]);
    let fallback = '';
    if (this.random.chance(0.2)) fallback = ` = ${this.literalOf(text, 2)}`;
    return `$${name}: ${type}${fallback}`;
  }
  literalOf(text, depth) {
    const named = this.schema.getType(text.replace(/[[\]!]/g, ''));
    if (text.startsWith('[')) return `[${this.literalOf(text.replace(/^\[(.*)\]!?$/, '$1'), depth)}]`;
    return named && isInputType(named) ? this.literal(named, depth, true) : '1';
  }

  directives(location) {
    const { random } = this;
    let text = '';
    if (['FIELD', 'INLINE_FRAGMENT', 'FRAGMENT_SPREAD'].includes(location) && random.chance(0.07)) {
      text += random.pick([' @include', ' @skip']) + `(if: ${this.literal(this.schema.getType('Boolean'), 1, false, 'Boolean!')})`;
    }
    if (location === 'FIELD' && random.chance(0.03)) text += ' @mark @mark(how: "x")';
    if (this.slip()) {
      text += random.pick([' @skip(if: true) @skip(if: false)', ' @nowhere', ' @nowhere(arg1: 1)', ' @mark(who: 1)', ' @deprecated', ' @include',
        ' @include(if: "yes")', ' @skip(if: true, if: true)', ' @skip(iff: true)', ' @skip(if: null)', ' @oneOf']);
    }
    return text;
  }

  selections(type, depth) {
    const { random } = this;
    const count = 1 + random.below(4);
    const items = [];
    for (let i = 0; i < count; i++) items.push(this.selection(type, depth));
    // The same again, maybe with another alias, argument or selection.
    if (random.chance(0.15)) items.push(random.pick(items));
    return `{ ${items.join(random.chance(0.1) ? '\n# } {\n' : ' ')} }`;
  }
  selection(type, depth) {
    const { random } = this;
    this.budget--;
    if (this.fragments.length && random.chance(0.15)) {
      // Forward spreads only, or any when careless.
      const later = this.slip() ? this.fragments : this.fragments.slice(this.current + 1);
      const fits = this.slip() ? later : later.filter((f) => this.overlaps(f.type, type));
      if (fits.length) {
        const target = random.pick(fits);
        target.used = true;
        return `...${this.named(target.name)}${this.directives('FRAGMENT_SPREAD')}`;
      }
    }
    if (depth < DEPTH_MAX && random.chance(0.2)) {
      const fits = this.composites.filter((t) => this.overlaps(t, type));
      const target = this.slip() ? random.pick(this.composites) : fits.length ? random.pick(fits) : type;
      const bare = random.chance(0.2);
      const on = bare ? '' : ` on ${this.slip() ? this.typeName() : target.name}`;
      return `...${on}${this.directives('INLINE_FRAGMENT')} ${this.selections(bare ? type : target, depth + 1)}`;
    }
    return this.field(type, depth);
  }
  overlaps(a, b) {
    if (a === b) return true;
    const possible = (t) => (isAbstractType(t) ? this.schema.getPossibleTypes(t) : [t]);
    return possible(a).some((t) => possible(b).includes(t));
  }
  field(type, depth) {
    const { random } = this;
    const fields = type.getFields ? Object.values(type.getFields()) : [];
    let candidates = fields.filter((f) => !isCompositeType(getNamedType(f.type)));
    if (depth < DEPTH_MAX && this.budget > 0) candidates = fields;
    if (type === this.schema.getQueryType() && random.chance(0.04)) return this.introspection();
    if (candidates.length === 0 || random.chance(0.04)) return this.alias() + '__typename';
    let field = random.pick(candidates);
    if (this.slip()) {
      const other = random.pick(this.composites.filter((t) => t.getFields));
      field = random.pick(Object.values(other.getFields()));
    }
    const named = getNamedType(field.type);
    let below = isCompositeType(named) ? ' ' + (depth < DEPTH_MAX + 2 ? this.selections(named, depth + 1) : '{ __typename }') : '';
    if (this.slip()) below = below ? '' : ' { ' + (random.chance(0.5) ? '' : '"""not { me"""'.slice(0, 0)) + 'sub }';
    return `${this.alias()}${this.named(field.name)}${this.arguments(field.args)}${this.directives('FIELD')}${below}`;
  }
  alias() {
    if (!this.random.chance(0.5)) return this.random.chance(this.wrong * 2) ? `${this.random.pick(this.aliases)}: ` : '';
    return this.random.chance(0.05) ? `${this.random.pick(this.aliases)}: ` : `a${this.random.below(1000)}: `;
  }
  introspection() {
    return this.random.pick(['__schema { types { name fields { name type { name } } } }', '__type(name: "Query") { name kind }',
      '__type { name }', '__schema { types { fields { type { fields { type { fields { name } } } } } } }', '__schema', '__schema { description { x } }',
      '__type(name: "A") { possibleTypes { interfaces { inputFields { name } } } }']);
  }
  arguments(args) {
    const { random } = this;
    const parts = [];
    for (const arg of args) {
      const required = isNonNullType(arg.type) && arg.defaultValue === undefined;
      if (!required && random.chance(0.5)) continue;
      if (required && this.slip()) continue;
      parts.push(`${this.named(arg.name)}: ${this.literal(arg.type, 0, false)}`);
    }
    if (this.slip()) parts.push(`extra: ${this.anyLiteral(0)}`);
    if (this.slip() && parts.length) parts.push(random.pick(parts));
    return parts.length ? `(${parts.join(', ')})` : '';
  }

  anyLiteral(depth) {
    const { random } = this;
    const leaf = ['1', '-7.5', '"text"', '"""block "quoted" text"""', 'true', 'null', 'RED', 'GREN', '99999999999', '"é😀\\u0007"', '1e400', '$wild', '""'];
    if (depth < 3 && random.chance(0.2)) return `[${this.anyLiteral(depth + 1)}, ${this.anyLiteral(depth + 1)}]`;
    if (depth < 3 && random.chance(0.2)) return `{in0: ${this.anyLiteral(depth + 1)}, in1: ${this.anyLiteral(depth + 1)}}`;
    const text = random.pick(leaf);
    return text === '$wild' && this.constant ? '0' : text;
  }
  literal(type, depth, constant, asText = String(type)) {
    const { random } = this;
    const outer = this.constant;
    this.constant = constant || outer;
    const text = this.literalInner(type, depth, asText);
    this.constant = outer;
    return text;
  }
  literalInner(type, depth, asText) {
    const { random } = this;
    if (this.slip()) return this.anyLiteral(depth);
    if (!this.constant && random.chance(0.2)) {
      for (const [name, text] of this.variables) if (text === asText && random.chance(0.7)) return `$${name}`;
      if (this.current < 0) {
        const name = `v${this.variables.size}`;
        this.variables.set(name, asText);
        return `$${name}`;
      }
      if (this.slip()) return '$v0';
    }
    if (!asText.endsWith('!') && random.chance(0.05)) return 'null';
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (random.chance(0.2)) return this.literal(nullable.ofType, depth + 1, false).replace(/^\$.*/, '[]');
      return `[${Array.from({ length: random.below(3) }, () => this.literal(nullable.ofType, depth + 1, false)).join(', ')}]`;
    }
    if (isEnumType(nullable)) return this.named(random.pick(nullable.getValues()).name);
    if (isInputObjectType(nullable)) return this.object(nullable, depth);
    const number = random.below(100);
    return { Int: `${number}`, Float: `${number}.5`, Boolean: 'true', ID: random.pick([`${number}`, `"id"`]), String: '"text"' }[nullable.name] ?? this.anyLiteral(2);
  }
  object(type, depth) {
    const { random } = this;
    let fields = Object.values(type.getFields());
    if (type.isOneOf && !this.slip()) fields = [random.pick(fields)];
    const parts = [];
    for (const field of fields) {
      const required = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!type.isOneOf && ((!required && (depth > 3 || random.chance(0.5))) || (required && this.slip()))) continue;
      if (depth > 8) continue;
      parts.push(`${this.named(field.name)}: ${this.literal(field.type, depth + 1, false)}`);
    }
    if (this.slip() && parts.length) parts.push(random.pick(parts));
    return `{${parts.join(', ')}}`;
  }
}
