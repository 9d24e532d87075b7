// Random GraphQL documents: grammatical ones as token lists, and ways to spoil them.

const NAMES = ['a', 'b', 'on', 'type', 'query', 'fragment', 'true', 'null', 'id', 'nodes', '_x1',
  'input', 'extend', 'longerFieldName', 'userByExternalIdentifier', 'A', 'Person', 'repeatable',
  'implements', 'aVeryLongNameThatIsLongerThanSixteenBytes', 'Ab12345678', 'false', 'schema'];
const TYPES = ['Int', 'String', 'ID', 'Person', 'Query', 'Some_Type9'];
const NUMBERS = ['0', '-0', '7', '-12', '1.5', '0.0', '1e10', '-1.2E-7', '3e+0', '12345678901234567890'];
const STRINGS = ['""', '"plain"', '"with \\"quotes\\" \\\\ \\/ \\b\\f\\n\\r\\t"', '"\\u0041\\u00e9"',
  '"\\uD83D\\uDE00"', '"\\u{1F600}"', '"\\u{41}x"', '"é😀 ü"', '"\\u007F\\u0085"', '"# no comment"',
  '"on"', '"true"', '"\\u0000"', '"null"'];
const BLOCKS = ['""""""', '"""one"""', '"""\n  two\n    lines\n  """', '""" lead"""', '"""\ttab"""',
  '"""ends with \\"""""""', '"""quote at end" """', '"""a\r\n  b\rc"""', '"""\\"""x"""', '"""slash\\\n"""',
  '"""\n\n   \n  x\n\n  y\n \n"""', '"""' + 'long '.repeat(20) + '"""', '"""😀é"""', '"""\n a\n  b"""',
  '"""   a\n  b\n c"""', '"""x\n\n\ty"""', '"""' + '😀'.repeat(36) + '"""'];
const LOCATIONS = ['QUERY', 'FIELD', 'SCALAR', 'ENUM_VALUE', 'VARIABLE_DEFINITION',
  'FRAGMENT_SPREAD', 'DIRECTIVE_DEFINITION', 'INPUT_FIELD_DEFINITION'];
const SNIPPETS = ['{', '}', '(', ')', '[', ']', '!', '$', '&', '|', '=', ':', '@', '...', '..', '.',
  '"', '"""', '\\"""', '\\', '\\u', '\\u{', '"\\u{110000}"', '"\\u{}"', '"\\u{80000000}"',
  '"\\u{123456789}"', '"\\uD83D"', '"\\uDE00"', '"\\uD83D\\u0041"', '"\\x"', '"\\u{😀', '"\\u12é4"',
  '"\\😀"', '0x1', '01', '1.', '-', '1e', '1.5.2', '5a', '-a', '1_', "'", '\ufeff', '\0', '\u0007',
  '\u007f', 'é', '😀', '\u2028', '#', '# c\r', '\r\n', '\r', '\n', '\t', ',', ';', '%', '?', '*', '<',
  '`', '^', '~', 'on', 'query', 'type', 'extend', 'true', '"on"', '"true"', 'implements', '&&'];

class Writer {
  constructor(random) {
    this.random = random;
    this.tokens = [];
    this.budget = 10 + random.below(random.chance(0.1) ? 400 : 90);
  }
  put(...tokens) {
    this.tokens.push(...tokens);
    this.budget -= tokens.length;
  }
  chance(p) {
    return this.budget > 0 && this.random.chance(p);
  }
  times(item, min = 1, max = 4) {
    const count = min + (this.budget > 0 ? this.random.below(max - min + 1) : 0);
    for (let i = 0; i < count; i++) item();
  }
  name(not = []) {
    let name;
    do name = this.random.pick(NAMES);
    while (not.includes(name));
    this.put(name);
  }
  string() {
    this.put(this.random.pick(this.random.chance(0.5) ? STRINGS : BLOCKS));
  }
  description() {
    if (this.chance(0.25)) this.string();
  }

  value(constant, depth = 0) {
    const kind = this.random.below(depth > 4 ? 6 : 9);
    if (kind === 0) this.put(this.random.pick(NUMBERS));
    else if (kind === 1) this.string();
    else if (kind === 2) this.put(this.random.pick(['true', 'false', 'null']));
    else if (kind === 3) this.name();
    else if (kind < 6 && !constant) this.variable();
    else if (kind < 6) this.put('1');
    else if (kind === 6) this.wrapped('[', ']', () => this.value(constant, depth + 1), 0);
    else
      this.wrapped('{', '}', () => {
        this.name();
        this.put(':');
        this.value(constant, depth + 1);
      }, 0);
  }
  wrapped(open, close, item, min = 1) {
    this.put(open);
    this.times(item, min);
    this.put(close);
  }
  variable() {
    this.put('$');
    this.name();
  }
  arguments(constant) {
    if (!this.chance(0.4)) return;
    this.wrapped('(', ')', () => {
      this.name();
      this.put(':');
      this.value(constant);
    });
  }
  directives(constant) {
    while (this.chance(0.15)) {
      this.put('@');
      this.name();
      this.arguments(constant);
    }
  }
  type(depth = 0) {
    if (depth < 4 && this.random.chance(0.25)) {
      this.put('[');
      this.type(depth + 1);
      this.put(']');
    } else {
      this.put(this.random.pick(TYPES));
    }
    if (this.random.chance(0.3)) this.put('!');
  }

  selections(depth = 0) {
    this.wrapped('{', '}', () => this.selection(depth), 1);
  }
  selection(depth) {
    const kind = this.random.below(10);
    if (kind === 0) {
      this.put('...');
      this.name(['on']);
      this.directives(false);
    } else if (kind === 1) {
      this.put('...');
      if (this.random.chance(0.7)) this.put('on', this.random.pick(TYPES));
      this.directives(false);
      this.selections(depth + 1);
    } else {
      this.name();
      if (this.chance(0.2)) {
        this.put(':');
        this.name();
      }
      this.arguments(false);
      this.directives(false);
      if (depth < 8 && this.chance(0.4)) this.selections(depth + 1);
    }
  }
  operation() {
    if (this.random.chance(0.3)) return this.selections();
    this.description();
    this.put(this.random.pick(['query', 'mutation', 'subscription']));
    if (this.chance(0.6)) this.name();
    if (this.chance(0.5)) this.wrapped('(', ')', () => this.variableDefinition());
    this.directives(false);
    this.selections();
  }
  variableDefinition() {
    this.description();
    this.variable();
    this.put(':');
    this.type();
    if (this.chance(0.4)) {
      this.put('=');
      this.value(true);
    }
    this.directives(true);
  }
  fragment() {
    this.description();
    this.put('fragment');
    this.name(['on']);
    this.put('on', this.random.pick(TYPES));
    this.directives(false);
    this.selections();
  }

  inputValue() {
    this.description();
    this.name();
    this.put(':');
    this.type();
    if (this.chance(0.3)) {
      this.put('=');
      this.value(true);
    }
    this.directives(true);
  }
  field() {
    this.description();
    this.name();
    if (this.chance(0.3)) this.wrapped('(', ')', () => this.inputValue());
    this.put(':');
    this.type();
    this.directives(true);
  }
  delimited(delimiter, item) {
    if (this.random.chance(0.2)) this.put(delimiter);
    item();
    while (this.chance(0.4)) {
      this.put(delimiter);
      item();
    }
  }
  operationTypes() {
    this.wrapped('{', '}', () =>
      this.put(this.random.pick(['query', 'mutation', 'subscription']), ':', this.random.pick(TYPES)));
  }
  typeSystem() {
    const kind = this.random.pick(['schema', 'scalar', 'type', 'interface', 'union', 'enum', 'input', 'directive']);
    // An extension without parts is refused now and then; that is compared as well.
    if (this.random.chance(0.25)) this.put('extend');
    else this.description();
    this.put(kind);
    if (kind === 'directive') return this.directiveDefinition();
    if (kind !== 'schema') this.name();
    const fields = kind === 'type' || kind === 'interface';
    if (fields && this.chance(0.3)) {
      this.put('implements');
      this.delimited('&', () => this.put(this.random.pick(TYPES)));
    }
    this.directives(true);
    if (kind === 'schema') return this.operationTypes();
    if (!this.chance(0.85)) return;
    if (fields) this.wrapped('{', '}', () => this.field());
    if (kind === 'input') this.wrapped('{', '}', () => this.inputValue());
    if (kind === 'enum')
      this.wrapped('{', '}', () => {
        this.description();
        this.name(this.random.chance(0.95) ? ['true', 'false', 'null'] : []);
        this.directives(true);
      });
    if (kind === 'union') {
      this.put('=');
      this.delimited('|', () => this.put(this.random.pick(TYPES)));
    }
  }
  directiveDefinition() {
    this.put('@');
    this.name();
    if (this.chance(0.4)) this.wrapped('(', ')', () => this.inputValue());
    if (this.chance(0.3)) this.put('repeatable');
    this.put('on');
    this.delimited('|', () => this.put(this.random.pick(LOCATIONS)));
  }
}

export function randomTokens(random) {
  const writer = new Writer(random);
  const system = random.next();
  do {
    if (random.next() < system) writer.typeSystem();
    else if (random.chance(0.7)) writer.operation();
    else writer.fragment();
  } while (writer.chance(0.6));
  return writer.tokens;
}

const GAPS = [' ', ' ', ' ', '\n', '\r\n', '\r', ', ', '\t', ' # comment é😀\n', '\ufeff', '\n\n  ', ' #\r'];
const WORD = /^[\w"-]/;

// Joins tokens with random blanks, with none now and then where the grammar allows it.
export function join(random, tokens) {
  let text = random.chance(0.05) ? '\ufeff' : '';
  for (const [i, token] of tokens.entries()) {
    const glue = i > 0 && WORD.test(token) && /[\w"]$/.test(tokens[i - 1]);
    if (i > 0 && (glue || random.chance(0.8))) text += random.pick(GAPS);
    text += token;
  }
  return random.chance(0.2) ? text + random.pick(GAPS) : text;
}

function spoilTokens(random, tokens) {
  const result = [...tokens];
  const at = random.below(result.length);
  switch (random.below(5)) {
    case 0:
      result.splice(at, 1);
      break;
    case 1:
      result.splice(at, 0, result[at]);
      break;
    case 2: {
      const other = random.below(result.length);
      [result[at], result[other]] = [result[other], result[at]];
      break;
    }
    case 3:
      result.splice(at, 0, random.pick(SNIPPETS));
      break;
    default:
      result[at] = random.pick(SNIPPETS);
  }
  return result;
}

function spoilText(random, text) {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return text;
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      bytes[at] ^= 1 << random.below(7);
      return bytes.toString();
    case 1:
      return bytes.subarray(0, at).toString();
    case 2:
      return bytes.subarray(0, at).toString() + random.pick(SNIPPETS) + bytes.subarray(at).toString();
    default:
      bytes[at] = random.below(128);
      return bytes.toString();
  }
}

// A document for a seed: a third as the grammar has it, the rest spoilt once to three times.
export function randomDocument(random) {
  let tokens = randomTokens(random);
  const spoil = random.below(3);
  if (spoil === 1) for (let i = random.below(3); i >= 0; i--) tokens = spoilTokens(random, tokens);
  let text = join(random, tokens);
  if (spoil === 2) for (let i = random.below(3); i >= 0; i--) text = spoilText(random, text);
  return text;
}
