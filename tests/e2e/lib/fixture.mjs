// The rows of the end-to-end world, made the same on every run. Two tenants share ids on purpose.
const two = (n) => String(n).padStart(2, "0");
const three = (n) => String(n).padStart(3, "0");

const NAMES = [
  "Zoë Ångström", "O'Brien, \"Quinn\"", "李雷", "Ana; DROP TABLE person", "100% _plain_", "new\nline",
];

function person(i, tenant) {
  const name = tenant === "alpha" && i <= NAMES.length ? NAMES[i - 1] : `${tenant} person ${three(i)}`;
  return {
    id: `p${three(i)}`,
    fullName: name,
    email: `p${three(i)}@${tenant}.example.test`,
    phone: i % 3 === 0 ? null : `+49 30 ${100000 + i}`,
    birthDate: `${1950 + (i % 50)}-${two(1 + (i % 12))}-${two(1 + (i % 28))}`,
    score: i % 5 === 0 ? null : (i * 37) % 11,
    rating: i % 4 === 0 ? null : i / 8,
    balance: i * 1_000_000_007,
    active: i % 2 === 1,
    organisationId: i % 7 === 0 ? null : `o${(i % 5) + 1}`,
    createdAt: `2026-01-${two(1 + (i % 28))}T${two(i % 24)}:30:00.250Z`,
    version: 1,
  };
}

function organisation(i, tenant) {
  return { id: `o${i}`, name: `${tenant} org ${i}`, country: ["DE", "FR", "SE"][i % 3],
    employees: i * 100 };
}

function task(i) {
  return { id: `t${three(i)}`, title: `task ${i}`, personId: `p${three((i % 40) + 1)}`,
    priority: 1 + (i % 5), dueAt: i % 6 === 0 ? null : `2026-03-${two(1 + (i % 28))}T08:00:00.000Z` };
}

function reading(i) {
  return { id: `r${i}`, place: `place ${(i * 7919) % 20011}`, amount: (i * 31) % 9973 };
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i + 1));

export function fixture() {
  return {
    alpha: {
      person: many(60, (i) => person(i, "alpha")),
      organisation: many(5, (i) => organisation(i, "alpha")),
      task: many(150, task),
    },
    bravo: {
      person: many(10, (i) => person(i, "bravo")),
      organisation: many(5, (i) => organisation(i, "bravo")),
      task: [],
    },
  };
}

// Rows enough that reading them takes a while; only for databases.
export const readings = () => many(20_000, reading);

const quoted = (value) => {
  if (value === null) return "";
  return /[",\n;]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
};

export function toCsv(rows) {
  const names = Object.keys(rows[0]);
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((row) => row.map(quoted).join(",")).join("\n") + "\n";
}

export const toJsonLines = (rows) => rows.map((row) => JSON.stringify(row)).join("\n") + "\n";

export const TYPES = {
  person: { id: "id", fullName: "string", email: "string", phone: "string", birthDate: "date",
    score: "int", rating: "float", balance: "long", active: "boolean", organisationId: "id",
    createdAt: "datetime", version: "int" },
  organisation: { id: "id", name: "string", country: "string", employees: "int" },
  task: { id: "id", title: "string", personId: "id", priority: "int", dueAt: "datetime" },
  reading: { id: "id", place: "string", amount: "int" },
};
const NULLABLE = new Set(["phone", "score", "rating", "organisationId", "dueAt"]);
const RELATIONS = {
  person: [
    "{name: organisation, to: organisation, kind: one, local: organisationId, remote: id}",
    "{name: tasks, to: task, kind: many, local: id, remote: personId}",
  ],
  organisation: ["{name: people, to: person, kind: many, local: id, remote: organisationId}"],
  task: ["{name: person, to: person, kind: one, local: personId, remote: id}"],
  reading: [],
};

// `dataset import --create` names columns so.
const columnName = (name) => name.toLowerCase();

// The dataset model as an operator writes it.
export function modelYaml(url) {
  const datasets = Object.entries(TYPES).map(([name, columns]) => {
    const lines = [`  - name: ${name}`, "    source: main", `    table: ${name}`,
      "    key: id", "    tenant: tenant_id", "    licence: Open-Data-OK"];
    if (name === "person") lines.push("    writable: true", "    version: version");
    lines.push("    limits: {first_default: 20, first_max: 100}", "    columns:");
    for (const [column, type] of Object.entries(columns)) {
      lines.push(`      - {name: ${column}, column: ${columnName(column)}, type: ${type}` +
        `${NULLABLE.has(column) ? ", nullable: true" : ""}}`);
    }
    if (RELATIONS[name].length > 0) {
      lines.push("    relations:", ...RELATIONS[name].map((text) => `      - ${text}`));
    }
    return lines.join("\n");
  });
  return `sources:\n  - {name: main, url: "${url}"}\ndatasets:\n${datasets.join("\n")}\n`;
}
