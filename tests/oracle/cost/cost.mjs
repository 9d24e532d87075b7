// The cost of an operation after docs/formats/cost.md, written from that page and from the draft
// alone: a plain recursion over syntax trees, with values as plain JSON. graphql-js parses and
// builds the schema; nothing else of it is used.
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  parse,
} from 'graphql';

export const COST_MAX = 10n ** 15n;
const SIZE_MAX = 10n ** 9n;
const WEIGHT_MAX = 10n ** 9n; // milli
const WEIGHT_DEFAULT = 1000n;
const PRODUCT_MAX = 4096;
const LEVELS_MAX = 250;
const STEPS_MAX = 100_000; // selections here; nothing generated is near the limit
const NO_SIZES = new Map();
const FREE = new Set(['__typename', '__schema', '__type']);

export class CostError extends Error {
  constructor(code, what) {
    super(what);
    this.code = code;
  }
}

function refuse(what, code = 'invalid') {
  throw new CostError(code, what);
}

const sat = (x) => (x > COST_MAX ? COST_MAX : x);
const larger = (a, b) => (a > b ? a : b);
const largest = (list) => list.reduce(larger);
const add = (a, b) => ({ type: sat(a.type + b.type), field: sat(a.field + b.field) });
const isOfLeaf = (type) => isLeafType(getNamedType(type));

function listsOf(type) {
  let lists = 0;
  for (let at = getNullableType(type); isListType(at); at = getNullableType(at.ofType)) lists++;
  return lists;
}

// The plain value of a syntax node: undefined for a variable without a value.
export function plain(node, variables = new Map()) {
  switch (node.kind) {
    case Kind.VARIABLE:
      return variables.get(node.name.value);
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => plain(item, variables) ?? null);
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map((field) => [field.name.value, plain(field.value, variables)]),
      );
    default:
      return node.value;
  }
}

const isObjectValue = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const member = (value, name) => (Object.hasOwn(value, name) ? value[name] : undefined);

// Weights are summed as two parts, the positive and the negative one.
class Parts {
  constructor() {
    this.plus = 0n;
    this.minus = 0n;
  }
  add(weight) {
    if (weight > 0n) this.plus = sat(this.plus + weight);
    else this.minus = sat(this.minus - weight);
  }
  total() {
    return larger(0n, this.plus - this.minus);
  }
}

// A schema with its weights and list sizes. The constructor refuses what the page refuses.
export class PricedSchema {
  constructor(sdl) {
    try {
      this.schema = buildSchema(sdl);
    } catch (error) {
      refuse(error.message);
    }
    for (const directive of this.schema.getDirectives()) {
      for (const arg of directive.args) this.ownWeight(arg);
    }
    for (const type of Object.values(this.schema.getTypeMap())) this.check(type);
  }

  check(type) {
    if (type.name.startsWith('__')) return;
    this.ownWeight(type);
    if (type.getFields === undefined) return;
    for (const field of Object.values(type.getFields())) {
      const weight = this.ownWeight(field);
      if (isInterfaceType(type) && weight !== undefined) refuse('@cost on a field of an interface');
      for (const arg of field.args ?? []) this.ownWeight(arg);
      if (!isInputObjectType(type)) this.checkListSize(field);
    }
  }

  objectsOf(type) {
    return isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type];
  }

  // The plain arguments of a directive of the schema, or undefined.
  directive(element, name) {
    for (const node of [element.astNode, ...(element.extensionASTNodes ?? [])]) {
      const found = node?.directives?.find((directive) => directive.name.value === name);
      if (found === undefined) continue;
      return Object.fromEntries(found.arguments.map((arg) => [arg.name.value, arg.value]));
    }
    return undefined;
  }

  ownWeight(element) {
    const text = this.directive(element, 'cost')?.weight.value;
    if (text === undefined) return undefined;
    const parts = /^(-?)([0-9]+)(?:\.([0-9]{1,3}))?$/.exec(text);
    if (parts === null) refuse(`weight ${text}`);
    const milli = BigInt(parts[2]) * 1000n + BigInt((parts[3] ?? '').padEnd(3, '0'));
    if (milli > WEIGHT_MAX) refuse(`weight ${text}`);
    return parts[1] === '-' ? -milli : milli;
  }

  defaultWeight(type) {
    return isOfLeaf(type) ? 0n : WEIGHT_DEFAULT;
  }

  typeWeight(type) {
    if (!isAbstractType(type)) return this.ownWeight(type) ?? this.defaultWeight(type);
    const objects = this.objectsOf(type);
    if (objects.length === 0) return WEIGHT_DEFAULT;
    return largest(objects.map((object) => this.typeWeight(object)));
  }

  fieldWeight(parent, field) {
    const fields = this.fieldsOfObjects(parent, field);
    if (fields.length === 0) return this.defaultWeight(field.type);
    return largest(fields.map((one) => this.ownWeight(one) ?? this.defaultWeight(one.type)));
  }

  // Of a field, or of that field of the interface's objects.
  fieldsOfObjects(parent, field) {
    if (!isInterfaceType(parent)) return [field];
    return this.objectsOf(parent).map((object) => object.getFields()[field.name]);
  }

  inputWeight(input) {
    return this.ownWeight(input) ?? this.defaultWeight(input.type);
  }

  argumentWeight(parent, field, arg) {
    if (!isInterfaceType(parent) || this.ownWeight(arg) !== undefined) return this.inputWeight(arg);
    const weights = this.fieldsOfObjects(parent, field).map((one) =>
      this.inputWeight(one.args.find(({ name }) => name === arg.name)),
    );
    return weights.length === 0 ? this.inputWeight(arg) : largest(weights);
  }

  listSize(field) {
    const nodes = this.directive(field, 'listSize');
    if (nodes === undefined) return undefined;
    const given = Object.entries(nodes).map(([name, node]) => [name, plain(node)]);
    const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } =
      Object.fromEntries(given.map(([name, value]) => [name, value ?? undefined]));
    return {
      assumedSize,
      paths: [slicingArguments ?? []].flat().map((path) => path.split('.')),
      sizedFields: [sizedFields ?? []].flat(),
      requireOne: requireOneSlicingArgument ?? true,
    };
  }

  checkListSize(field) {
    const spec = this.listSize(field);
    if (spec === undefined) return;
    const returned = getNamedType(field.type);
    if (spec.sizedFields.length === 0 && listsOf(field.type) === 0) refuse('no list');
    for (const name of spec.sizedFields) {
      const sized = returned.getFields?.()[name];
      if (sized === undefined || listsOf(sized.type) === 0) refuse(`sized field ${name}`);
    }
    if (spec.assumedSize < 0 || spec.assumedSize > SIZE_MAX) refuse('assumedSize');
    for (const path of spec.paths) this.checkPath(field, path);
  }

  // The argument and the input fields of a path.
  steps(field, path) {
    const steps = [field.args.find(({ name }) => name === path[0])];
    for (const name of path.slice(1)) {
      const type = getNullableType(steps.at(-1)?.type);
      steps.push(isInputObjectType(type) ? type.getFields()[name] : undefined);
    }
    return steps;
  }

  checkPath(field, path) {
    const steps = this.steps(field, path);
    if (steps.includes(undefined)) refuse(`slicing argument ${path.join('.')}`);
    if (String(getNullableType(steps.at(-1).type)) !== 'Int') refuse('slicing argument: no Int');
    for (const i of steps.keys()) {
      const { value } = this.follow(steps.slice(i), undefined);
      if (value < 0) refuse(`default of ${path.join('.')}`);
    }
  }

  // The value that the steps of a path lead to, from the value of the first: what is given, else
  // a default. undefined when there is neither.
  follow(steps, first) {
    let value = first;
    let given = true;
    for (const [i, step] of steps.entries()) {
      if (i > 0 && !isObjectValue(value)) refuse(`${step.name} in what is no object`);
      if (i > 0) value = member(value, step.name);
      if (value === undefined || value === null) {
        given = false;
        const node = step.astNode.defaultValue;
        value = node === undefined ? undefined : plain(node);
      }
      if (value === undefined || value === null) return { given, value: undefined };
    }
    return { given, value };
  }
}

// One operation of a document. Its methods are what a wrong evaluator of the self-test replaces.
export class Evaluation {
  constructor(priced, document, operation, variables, listSize) {
    this.priced = priced;
    this.listSize = BigInt(listSize);
    const operations = document.definitions.filter(
      ({ kind }) => kind === Kind.OPERATION_DEFINITION,
    );
    this.operation = operations[operation];
    this.fragments = new Map();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      this.fragments.set(definition.name.value, definition);
    }
    this.variables = new Map();
    for (const { variable, defaultValue } of this.operation.variableDefinitions ?? []) {
      let value = member(variables, variable.name.value);
      if (value === undefined && defaultValue) value = plain(defaultValue);
      if (value !== undefined) this.variables.set(variable.name.value, value);
    }
    this.known = new Map(); // sizes -> fragment -> cost
    this.checked = new Set();
    this.steps = 0;
  }

  run() {
    const root = this.priced.schema.getRootType(this.operation.operation);
    const { selectionSet } = this.operation;
    if (this.levels(selectionSet) > LEVELS_MAX) refuse('levels', 'exhausted');
    this.checkFragments(selectionSet, []);
    const { type, field } = this.selectionSet(selectionSet, root, NO_SIZES);
    return { type: this.withWeight(this.priced.typeWeight(root), type), field };
  }

  withWeight(weight, below) {
    return larger(0n, sat(weight + below));
  }

  // Nested selection sets in the text of an operation or a fragment.
  levels(set) {
    const inner = set.selections.filter((selection) => selection.selectionSet);
    return 1 + Math.max(0, ...inner.map((selection) => this.levels(selection.selectionSet)));
  }

  // Every fragment that the operation reaches.
  checkFragments(set, above) {
    for (const selection of set.selections) {
      if (selection.selectionSet) this.checkFragments(selection.selectionSet, above);
      if (selection.kind !== Kind.FRAGMENT_SPREAD) continue;
      const name = selection.name.value;
      if (above.includes(name)) refuse(`${name} spreads itself`);
      if (this.checked.has(name)) continue;
      const { selectionSet } = this.fragments.get(name);
      if (this.levels(selectionSet) > LEVELS_MAX) refuse('levels', 'exhausted');
      this.checkFragments(selectionSet, [...above, name]);
      this.checked.add(name);
    }
  }

  // Selections --------------------------------------------------------------------------------

  condition(selection, name) {
    const directive = selection.directives.find((one) => one.name.value === name);
    return directive?.arguments.find((arg) => arg.name.value === 'if').value;
  }

  isOutByLiteral(selection) {
    const skip = this.condition(selection, 'skip');
    const include = this.condition(selection, 'include');
    const is = (node, value) => node?.kind === Kind.BOOLEAN && node.value === value;
    return is(skip, true) || is(include, false);
  }

  isOut(selection) {
    if (this.isOutByLiteral(selection)) return true;
    for (const name of ['skip', 'include']) {
      const node = this.condition(selection, name);
      if (node?.kind !== Kind.VARIABLE) continue;
      const value = plain(node, this.variables);
      if (typeof value !== 'boolean') refuse(`@${name}: no Boolean`);
      if (value === (name === 'skip')) return true;
    }
    return false;
  }

  conditionType(selection, parent) {
    const spread = selection.kind === Kind.FRAGMENT_SPREAD;
    const node = spread ? this.fragments.get(selection.name.value) : selection;
    if (!node.typeCondition) return parent;
    return this.priced.schema.getType(node.typeCondition.name.value);
  }

  selectionSet(set, parent, sizes) {
    const objects = this.priced.objectsOf(parent);
    let total = { type: 0n, field: 0n };
    const others = [];
    let othersWritten = 0;
    for (const selection of set.selections) {
      if (++this.steps > STEPS_MAX) refuse('steps', 'exhausted');
      if (selection.kind === Kind.FIELD) {
        if (FREE.has(selection.name.value) || this.isOut(selection)) continue;
        total = add(total, this.field(selection, parent, sizes));
        continue;
      }
      const condition = this.conditionType(selection, parent);
      const covered = new Set(this.priced.objectsOf(condition));
      const isOther = isAbstractType(parent) && !objects.every((object) => covered.has(object));
      if (isOther && !this.isOutByLiteral(selection)) othersWritten++;
      if (this.isOut(selection)) continue;
      const cost = this.fragment(selection, condition, sizes);
      if (isOther) others.push({ covered, cost });
      else total = add(total, cost);
    }
    return add(total, this.alternatives(objects, others, othersWritten));
  }

  alternatives(objects, others, othersWritten) {
    const none = { type: 0n, field: 0n };
    const sum = (list) => list.reduce((total, { cost }) => add(total, cost), none);
    if (objects.length * othersWritten > PRODUCT_MAX) return sum(others);
    const sums = objects.map((object) => sum(others.filter(({ covered }) => covered.has(object))));
    return sums.reduce(
      (a, b) => ({ type: larger(a.type, b.type), field: larger(a.field, b.field) }),
      none,
    );
  }

  fragment(selection, parent, sizes) {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return this.selectionSet(selection.selectionSet, parent, sizes);
    }
    // The sizes are one object for each field above; those without any share one.
    const known = this.known.get(sizes) ?? new Map();
    this.known.set(sizes, known);
    const name = selection.name.value;
    if (!known.has(name)) {
      known.set(name, this.selectionSet(this.fragments.get(name).selectionSet, parent, sizes));
    }
    return known.get(name);
  }

  // Fields ------------------------------------------------------------------------------------

  field(selection, parent, sizes) {
    const field = parent.getFields()[selection.name.value];
    const given = this.values(selection);
    const { own, below: sizesBelow } = this.sizes(parent, field, given);
    const n = this.count(field, sizes.get(field.name) ?? own);
    const returned = getNamedType(field.type);
    let below = { type: 0n, field: 0n };
    if (selection.selectionSet) {
      below = this.selectionSet(selection.selectionSet, returned, sizesBelow);
    }
    const weight = this.priced.typeWeight(returned);
    return {
      type: sat(n * this.withWeight(weight, below.type)),
      field: sat(this.callCost(selection, parent, field, given) + sat(n * below.field)),
    };
  }

  // What calling the resolver costs: weight, arguments, directives.
  callCost(selection, parent, field, given) {
    const parts = new Parts();
    parts.add(this.priced.fieldWeight(parent, field));
    for (const arg of field.args) {
      const weight = this.priced.argumentWeight(parent, field, arg);
      this.input(parts, arg.type, weight, given[arg.name]);
    }
    for (const directive of selection.directives) this.directive(parts, directive);
    return parts.total();
  }

  directive(parts, node) {
    const given = this.values(node);
    for (const arg of this.priced.schema.getDirective(node.name.value).args) {
      this.input(parts, arg.type, this.priced.inputWeight(arg), given[arg.name]);
    }
  }

  // The arguments of a field or a directive by name.
  values(node) {
    const pairs = node.arguments.map((arg) => [arg.name.value, plain(arg.value, this.variables)]);
    return Object.fromEntries(pairs);
  }

  input(parts, type, weight, value) {
    if (value === undefined || value === null) return;
    const named = getNamedType(type);
    if (isLeafType(named)) {
      parts.add(weight);
    } else if (Array.isArray(value)) {
      for (const item of value) this.input(parts, type, weight, item);
    } else if (isObjectValue(value)) {
      parts.add(weight);
      for (const field of Object.values(named.getFields())) {
        const inner = member(value, field.name);
        this.input(parts, field.type, this.priced.inputWeight(field), inner);
      }
    }
  }

  // Sizes -------------------------------------------------------------------------------------

  count(field, size) {
    const lists = listsOf(field.type);
    if (lists === 0) return 1n;
    let n = size;
    for (let inner = 1; inner < lists; inner++) n = sat(n * this.listSize);
    return n;
  }

  // The size of the field's own list, and those of fields below by name.
  sizes(parent, field, given) {
    const isOwn = !isInterfaceType(parent) || this.priced.listSize(field) !== undefined;
    const sources = isOwn ? [field] : this.priced.fieldsOfObjects(parent, field);
    const below = new Map();
    let own; // of several the largest
    for (const source of sources) {
      const spec = this.priced.listSize(source);
      const size = spec === undefined ? this.listSize : this.size(source, spec, given);
      const isForOthers = spec !== undefined && spec.sizedFields.length > 0;
      for (const name of isForOthers ? spec.sizedFields : []) {
        below.set(name, larger(size, below.get(name) ?? 0n));
      }
      own = larger(isForOthers ? this.listSize : size, own ?? 0n);
    }
    return { own: own ?? this.listSize, below: below.size > 0 ? below : NO_SIZES };
  }

  size(field, spec, given) {
    const found = spec.paths.map((path) =>
      this.priced.follow(this.priced.steps(field, path), given[path[0]]),
    );
    const values = found.filter(({ value }) => value !== undefined);
    for (const { value } of values) {
      if (!Number.isInteger(value) || value < 0) refuse(`slicing argument of ${field.name}`);
    }
    const givenCount = found.filter((one) => one.given).length;
    const isOne = givenCount === 1 || (givenCount === 0 && values.length === 1);
    if (spec.requireOne && spec.paths.length > 0 && !isOne) {
      refuse(`not one slicing argument of ${field.name}`);
    }
    if (values.length === 0) {
      return spec.assumedSize === undefined ? this.listSize : BigInt(spec.assumedSize);
    }
    const size = largest(values.map(({ value }) => BigInt(value)));
    return size > SIZE_MAX ? SIZE_MAX : size;
  }
}

// {type, field} in milli (BigInt), or {error, what}. The document must be valid. schema is SDL or
// a PricedSchema of it.
export function cost(schema, document, operation, variables, listSize, Evaluator = Evaluation) {
  try {
    const priced = typeof schema === 'string' ? new PricedSchema(schema) : schema;
    const tree = typeof document === 'string' ? parse(document) : document;
    return new Evaluator(priced, tree, operation, variables ?? {}, listSize).run();
  } catch (error) {
    if (error instanceof CostError) return { error: error.code, what: error.message };
    throw error;
  }
}
