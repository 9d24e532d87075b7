// The SQL of the demo tables. STRICT and WITHOUT ROWID: rows of a tenant lie together, in the order
// of their ids. Foreign keys carry the tenant, so no row can refer to another tenant's.
#include "demo/rows.h"

namespace mc::demo {
namespace {

constexpr std::string_view kOrganisation = R"(CREATE TABLE organisation (
  tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  country TEXT NOT NULL, city TEXT NOT NULL, domain TEXT NOT NULL, registration_no TEXT NOT NULL,
  employees INTEGER NOT NULL,
  region TEXT NOT NULL, licence_class TEXT NOT NULL, sensitivity TEXT NOT NULL,
  retention TEXT NOT NULL, created_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)) STRICT, WITHOUT ROWID)";

constexpr std::string_view kPerson = R"(CREATE TABLE person (
  tenant_id TEXT NOT NULL, id TEXT NOT NULL, full_name TEXT NOT NULL, email TEXT NOT NULL,
  phone TEXT, birth_date TEXT NOT NULL, national_id TEXT NOT NULL, country TEXT NOT NULL,
  city TEXT NOT NULL, occupation TEXT NOT NULL, organisation_id TEXT,
  risk_score INTEGER NOT NULL CHECK (risk_score BETWEEN 0 AND 100),
  watchlisted INTEGER NOT NULL CHECK (watchlisted IN (0, 1)),
  region TEXT NOT NULL, licence_class TEXT NOT NULL, sensitivity TEXT NOT NULL,
  retention TEXT NOT NULL, created_at TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisation (tenant_id, id)
) STRICT, WITHOUT ROWID)";

constexpr std::string_view kAsset = R"(CREATE TABLE asset (
  tenant_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  owner_person_id TEXT, owner_organisation_id TEXT,
  confidence INTEGER NOT NULL CHECK (confidence BETWEEN 0 AND 100),
  first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
  region TEXT NOT NULL, licence_class TEXT NOT NULL, sensitivity TEXT NOT NULL,
  retention TEXT NOT NULL, created_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, owner_person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, owner_organisation_id) REFERENCES organisation (tenant_id, id)
) STRICT, WITHOUT ROWID)";

constexpr std::string_view kEvent = R"(CREATE TABLE event (
  tenant_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
  severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 5), source TEXT NOT NULL,
  person_id TEXT, asset_id TEXT, country TEXT NOT NULL, city TEXT NOT NULL,
  latitude REAL NOT NULL, longitude REAL NOT NULL, amount_cents INTEGER NOT NULL,
  details TEXT NOT NULL, occurred_at TEXT NOT NULL,
  region TEXT NOT NULL, licence_class TEXT NOT NULL, sensitivity TEXT NOT NULL,
  retention TEXT NOT NULL, created_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, asset_id) REFERENCES asset (tenant_id, id)
) STRICT, WITHOUT ROWID)";

constexpr std::string_view kRelation = R"(CREATE TABLE relation (
  tenant_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
  from_person_id TEXT NOT NULL, to_person_id TEXT, to_organisation_id TEXT,
  weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 100), since TEXT NOT NULL,
  region TEXT NOT NULL, licence_class TEXT NOT NULL, sensitivity TEXT NOT NULL,
  retention TEXT NOT NULL, created_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((to_person_id IS NULL) <> (to_organisation_id IS NULL)),
  FOREIGN KEY (tenant_id, from_person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, to_person_id) REFERENCES person (tenant_id, id),
  FOREIGN KEY (tenant_id, to_organisation_id) REFERENCES organisation (tenant_id, id)
) STRICT, WITHOUT ROWID)";

// One index for each direction of each relation, and for the orders that pages ask for.
constexpr std::string_view kOrganisationIndexes =
    "CREATE INDEX organisation_name ON organisation (tenant_id, name);";
constexpr std::string_view kPersonIndexes =
    "CREATE INDEX person_organisation ON person (tenant_id, organisation_id);"
    "CREATE INDEX person_name ON person (tenant_id, full_name);";
constexpr std::string_view kAssetIndexes =
    "CREATE INDEX asset_owner_person ON asset (tenant_id, owner_person_id);"
    "CREATE INDEX asset_owner_organisation ON asset (tenant_id, owner_organisation_id);"
    "CREATE INDEX asset_kind_value ON asset (tenant_id, kind, value);";
constexpr std::string_view kEventIndexes =
    "CREATE INDEX event_person ON event (tenant_id, person_id, occurred_at);"
    "CREATE INDEX event_asset ON event (tenant_id, asset_id);"
    "CREATE INDEX event_time ON event (tenant_id, occurred_at);";
constexpr std::string_view kRelationIndexes =
    "CREATE INDEX relation_from ON relation (tenant_id, from_person_id);"
    "CREATE INDEX relation_to_person ON relation (tenant_id, to_person_id);"
    "CREATE INDEX relation_to_organisation ON relation (tenant_id, to_organisation_id);";

// A table's own columns between the key and those that govern it, as the makers write them.
std::vector<std::string> columns(std::initializer_list<const char*> own) {
  std::vector<std::string> names{"tenant_id", "id"};
  names.insert(names.end(), own.begin(), own.end());
  for (const char* name : {"region", "licence_class", "sensitivity", "retention", "created_at"}) {
    names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> person_columns() {
  auto names = columns({"full_name", "email", "phone", "birth_date", "national_id", "country",
                        "city", "occupation", "organisation_id", "risk_score", "watchlisted"});
  names.emplace_back("version");
  return names;
}

}  // namespace

std::span<const Table> tables() {
  static const std::vector<Table> all = {
      {"organisation", kOrganisation, kOrganisationIndexes,
       columns({"name", "kind", "country", "city", "domain", "registration_no", "employees"}),
       &Counts::organisation, make_organisation},
      {"person", kPerson, kPersonIndexes, person_columns(), &Counts::person, make_person},
      {"asset", kAsset, kAssetIndexes,
       columns({"kind", "value", "owner_person_id", "owner_organisation_id", "confidence",
                "first_seen", "last_seen"}),
       &Counts::asset, make_asset},
      {"event", kEvent, kEventIndexes,
       columns({"kind", "severity", "source", "person_id", "asset_id", "country", "city",
                "latitude", "longitude", "amount_cents", "details", "occurred_at"}),
       &Counts::event, make_event},
      {"relation", kRelation, kRelationIndexes,
       columns({"kind", "from_person_id", "to_person_id", "to_organisation_id", "weight", "since"}),
       &Counts::relation, make_relation},
  };
  return all;
}

}  // namespace mc::demo
