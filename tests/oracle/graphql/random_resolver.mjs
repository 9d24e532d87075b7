// The twin of src/data/graphql/random_resolver.h: the same values from the same seed and path.
import {
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isSpecifiedScalarType,
} from 'graphql';

const encoder = new TextEncoder();

function mix(h, index) {
  h ^= Math.imul(index, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hash(from, text) {
  let h = (2166136261 ^ from) >>> 0;
  for (const byte of encoder.encode(text)) h = Math.imul(h ^ byte, 16777619);
  return mix(h, 0);
}

function concrete(schema, type, pick) {
  const possible = schema.getPossibleTypes(type);
  if (pick % 23 === 0 || possible.length === 0) return undefined;
  if (pick % 23 === 1) return schema.getQueryType().name;
  let least;
  let leastRank = 0;
  for (const { name } of possible) {
    const rank = hash(pick, name);
    if (least !== undefined && rank >= leastRank) continue;
    least = name;
    leastRank = rank;
  }
  return least;
}

function leaf(type, pick) {
  const number = mix(pick, 200);
  if (pick % 11 === 0) {
    const odd = [
      true,
      3_000_000_000,
      0.5 + (number % 1000),
      'text "quoted"\n\u00e9',
      Infinity,
      String(number),
      -1e21,
    ];
    // Infinity in a custom scalar is an error there and null here.
    return odd[number % (isSpecifiedScalarType(type) ? 7 : 4)];
  }
  if (type.name === 'Int') return number | 0;
  if (type.name === 'Float') return number / 8;
  if (type.name === 'Boolean') return number % 2 === 1;
  return number % 3 === 0 ? number : String(number);
}

function named(schema, type, h) {
  const pick = mix(h, 100);
  if (isCompositeType(type)) {
    return { hash: h, typeName: isAbstractType(type) ? concrete(schema, type, pick) : type.name };
  }
  if (isEnumType(type)) {
    if (pick % 17 === 0) return 'NOT_A_VALUE';
    const values = type.getValues();
    return values[pick % values.length].name;
  }
  return leaf(type, pick);
}

function value(schema, type, h) {
  if (h % 29 === 0) return new Error(`boom ${h}`);
  if (mix(h, 1) % (isNonNullType(type) ? 41 : 7) === 0) return null;
  const nullable = getNullableType(type);
  if (!isListType(nullable)) return named(schema, nullable, h);
  if (h % 53 === 1) return true;
  const items = [];
  const count = mix(h, 2) % 4;
  for (let i = 0; i < count; i++) items.push(value(schema, nullable.ofType, mix(h, i + 3)));
  return items;
}

// For graphql-js execute(); the root value is { hash: seed }.
export const typeResolver = (object) => object.typeName;
export function fieldResolver(source, args, _context, info) {
  const name = info.fieldName + JSON.stringify(args);
  return value(info.schema, info.returnType, hash(source.hash, name));
}
