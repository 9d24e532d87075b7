// Rows whose sensitive columns hold values found nowhere else: whoever finds one in something that
// left the server knows which column it is from.
import { createHash } from "node:crypto";

const digest = (text) => createHash("sha256").update(text).digest("hex");
const PEOPLE = 24;

const two = (n) => String(n).padStart(2, "0");
const word = (seed) => `zq${digest(seed).slice(0, 20)}`;
const digits = (seed, count) =>
  String(BigInt(`0x${digest(seed).slice(0, 24)}`)).slice(0, count).replace(/^0/, "7");

function person(i) {
  return {
    id: `p${i}`,
    country: ["DE", "FR", "SE"][i % 3],
    note: `note ${i}`,
    organisationId: `o${1 + (i % 3)}`,
    name: `${word(`name${i}`)} Jr`,
    email: `${word(`email${i}`)}@canary.test`,
    born: `18${11 + i}-${two(1 + (i % 12))}-${two(2 + i)}`,
    seen: `20${51 + i}-${two(1 + (i % 12))}-${two(2 + i)}T05:06:07.${100 + i}Z`,
    card: Number(`9${digits(`card${i}`, 13)}`),
    profile: { handle: word(`handle${i}`), age: i },
    salary: Number(`8${digits(`salary${i}`, 13)}`),
    rating: Number(`0.${digits(`rating${i}`, 12)}3`),
    diagnosis: `${word(`diagnosis${i}`)} chronic`,
    secret: word(`secret${i}`),
    version: 1,
  };
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i + 1));

export const PERSONS = many(PEOPLE, person);
export const ROWS = {
  person: PERSONS,
  organisation: many(3, (i) => ({ id: `o${i}`, title: `org ${i}`, contact: word(`contact${i}`) })),
  // Joined to people by a column that is masked.
  visit: many(40, (i) => ({ id: `v${i}`, place: `place ${i % 4}`, visitor: PERSONS[i % PEOPLE].email })),
  // Its key is masked.
  account: many(12, (i) => ({ login: word(`login${i}`), plan: i % 2 ? "free" : "paid" })),
  // Values that are not of their column's type, so that reading them fails.
  broken: many(6, (i) => ({ id: `b${i}`, day: word(`day${i}`), moment: word(`moment${i}`),
    count: word(`count${i}`), weight: word(`weight${i}`), flag: word(`flag${i}`), body: `{"${word(`body${i}`)}`,
    wide: "fine" })),
};
// The types that the tables get; what stands in `broken` fits no better one.
export const TABLE_TYPES = {
  person: { born: "date", seen: "datetime", profile: "json", card: "long", salary: "long", rating: "float", version: "int" },
};

export const MODEL = (url) => `sources:
  - {name: main, url: "${url}"}
datasets:
  - name: person
    source: main
    table: person
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    writable: true
    version: version
    columns:
      - {name: id, type: id, sensitivity: public}
      - {name: country, type: string, sensitivity: public}
      - {name: note, type: string, sensitivity: internal}
      - {name: organisationId, column: organisationid, type: id, sensitivity: internal}
      - {name: name, type: string, sensitivity: personal}
      - {name: email, type: string, sensitivity: personal, unique: true}
      - {name: born, type: date, sensitivity: personal}
      - {name: seen, type: datetime, sensitivity: personal}
      - {name: card, type: long, sensitivity: personal}
      - {name: profile, type: json, sensitivity: personal}
      - {name: salary, type: long, sensitivity: sensitive}
      - {name: rating, type: float, sensitivity: sensitive}
      - {name: diagnosis, type: string, sensitivity: sensitive}
      - {name: secret, type: string, sensitivity: secret, nullable: true}
      - {name: version, type: int, sensitivity: public}
    relations:
      - {name: organisation, to: organisation, kind: one, local: organisationId, remote: id}
      - {name: visits, to: visit, kind: many, local: email, remote: visitor}
  - name: organisation
    source: main
    table: organisation
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    columns:
      - {name: id, type: id, sensitivity: public}
      - {name: title, type: string, sensitivity: public}
      - {name: contact, type: string, sensitivity: personal}
    relations:
      - {name: people, to: person, kind: many, local: id, remote: organisationId}
  - name: visit
    source: main
    table: visit
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    columns:
      - {name: id, type: id, sensitivity: public}
      - {name: place, type: string, sensitivity: public}
      - {name: visitor, type: string, sensitivity: personal}
    relations:
      - {name: person, to: person, kind: one, local: visitor, remote: email}
  - name: account
    source: main
    table: account
    key: login
    tenant: tenant_id
    licence: Open-Data-OK
    purposes: [fraud-risk]
    columns:
      - {name: login, type: id, sensitivity: personal}
      - {name: plan, type: string, sensitivity: public}
  - name: broken
    source: main
    table: broken
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    columns:
      - {name: id, type: id, sensitivity: public}
      - {name: day, type: date, sensitivity: personal}
      - {name: moment, type: datetime, sensitivity: personal}
      - {name: count, type: int, sensitivity: personal}
      - {name: weight, type: float, sensitivity: sensitive}
      - {name: flag, type: boolean, sensitivity: personal}
      - {name: body, type: json, sensitivity: personal}
      - {name: wide, type: string, sensitivity: public}
`;

const SENSITIVITY = {
  "person.name": "personal", "person.email": "personal", "person.born": "personal",
  "person.seen": "personal", "person.card": "personal", "person.profile": "personal",
  "person.salary": "sensitive", "person.rating": "sensitive", "person.diagnosis": "sensitive",
  "person.secret": "secret", "organisation.contact": "personal", "visit.visitor": "personal",
  "account.login": "personal", "broken.day": "personal", "broken.moment": "personal",
  "broken.count": "personal", "broken.weight": "sensitive", "broken.flag": "personal",
  "broken.body": "personal",
};

// {needle, place, sensitivity}: what must not be seen. Of a text the beginning counts, as masks
// may leave the end of it.
export const CANARIES = Object.entries(SENSITIVITY).flatMap(([place, sensitivity]) => {
  const [table, column] = place.split(".");
  return ROWS[table].map((row) => {
    const text = typeof row[column] === "object" ? JSON.stringify(row[column]) : String(row[column]);
    const marked = /zq[0-9a-f]{20}/.exec(text)?.[0].slice(0, 12);
    const digitsOf = /^[\d.]{10,}$/.test(text) ? text.replace("0.", "").slice(0, 10) : undefined;
    return { needle: marked ?? digitsOf ?? text.slice(0, 10), place: `${place} of ${row.id ?? "?"}`, sensitivity };
  });
});
