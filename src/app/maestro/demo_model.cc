// The dataset model of the demo world: two regional placements of one set of tables.
#include <fmt/format.h>

#include "maestro/demo_world.h"

namespace mc::app {
namespace {

// Where people and events of the demo are.
constexpr std::string_view kCountries = "CA, DE, FR, SE, US";

constexpr std::string_view kModel = R"(sources:
  - {{name: graph, url: "sqlite:{folder}/eu.db", region: eu}}
  - {{name: graph, url: "sqlite:{folder}/us.db", region: us}}
datasets:
  - name: person
    source: graph
    table: person
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    writable: true
    version: version
    privacy:
      unit: id
      columns:
        - {{name: riskScore, min: "0", max: "100", step: "1"}}
        - {{name: country, keys: [{countries}]}}
        - {{name: watchlisted, keys: ["true", "false"]}}
        - {{name: occupation}}
    columns:
      - {{name: id, type: id}}
      - {{name: fullName, column: full_name, type: string, sensitivity: personal}}
      - {{name: email, type: string, sensitivity: personal}}
      - {{name: phone, type: string, nullable: true, sensitivity: personal}}
      - name: birthDate
        column: birth_date
        type: date
        sensitivity: personal
        quasi_identifier: true
      - name: nationalId
        column: national_id
        type: string
        sensitivity: sensitive
        filterable: false
      - {{name: country, type: string, quasi_identifier: true}}
      - {{name: city, type: string, quasi_identifier: true}}
      - {{name: occupation, type: string, quasi_identifier: true}}
      - {{name: organisationId, column: organisation_id, type: id, nullable: true}}
      - {{name: riskScore, column: risk_score, type: int}}
      - {{name: watchlisted, type: boolean}}
      - {{name: region, type: string}}
      - {{name: licenceClass, column: licence_class, type: string}}
      - {{name: sensitivity, type: string}}
      - {{name: retention, type: string}}
      - {{name: createdAt, column: created_at, type: datetime}}
      - {{name: version, type: int}}
    relations:
      - {{name: organisation, to: organisation, kind: one, local: organisationId, remote: id}}
      - {{name: assets, to: asset, kind: many, local: id, remote: ownerPersonId}}
      - {{name: events, to: event, kind: many, local: id, remote: personId}}
      - {{name: relations, to: relation, kind: many, local: id, remote: fromPersonId}}
  - name: organisation
    source: graph
    table: organisation
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    columns:
      - {{name: id, type: id}}
      - {{name: name, type: string}}
      - {{name: kind, type: string}}
      - {{name: country, type: string}}
      - {{name: city, type: string}}
      - {{name: domain, type: string}}
      - {{name: registrationNo, column: registration_no, type: string}}
      - {{name: employees, type: int}}
      - {{name: licenceClass, column: licence_class, type: string}}
      - {{name: createdAt, column: created_at, type: datetime}}
    relations:
      - {{name: people, to: person, kind: many, local: id, remote: organisationId}}
      - {{name: assets, to: asset, kind: many, local: id, remote: ownerOrganisationId}}
  - name: asset
    source: graph
    table: asset
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    columns:
      - {{name: id, type: id}}
      - {{name: kind, type: string}}
      - {{name: value, type: string, sensitivity: personal}}
      - {{name: ownerPersonId, column: owner_person_id, type: id, nullable: true}}
      - {{name: ownerOrganisationId, column: owner_organisation_id, type: id, nullable: true}}
      - {{name: confidence, type: int}}
      - {{name: firstSeen, column: first_seen, type: datetime}}
      - {{name: lastSeen, column: last_seen, type: datetime}}
      - {{name: licenceClass, column: licence_class, type: string}}
    relations:
      - {{name: owner, to: person, kind: one, local: ownerPersonId, remote: id}}
      - name: ownerOrganisation
        to: organisation
        kind: one
        local: ownerOrganisationId
        remote: id
      - {{name: events, to: event, kind: many, local: id, remote: assetId}}
  - name: event
    source: graph
    table: event
    key: id
    tenant: tenant_id
    licence: Restricted-TOS
    columns:
      - {{name: id, type: id}}
      - {{name: kind, type: string}}
      - {{name: severity, type: int}}
      - {{name: source, type: string}}
      - {{name: personId, column: person_id, type: id, nullable: true}}
      - {{name: assetId, column: asset_id, type: id, nullable: true}}
      - {{name: country, type: string}}
      - {{name: city, type: string}}
      - {{name: latitude, type: float, sensitivity: personal}}
      - {{name: longitude, type: float, sensitivity: personal}}
      - {{name: amountCents, column: amount_cents, type: long}}
      - {{name: details, type: string}}
      - {{name: occurredAt, column: occurred_at, type: datetime}}
    relations:
      - {{name: person, to: person, kind: one, local: personId, remote: id}}
      - {{name: asset, to: asset, kind: one, local: assetId, remote: id}}
  - name: relation
    source: graph
    table: relation
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    privacy:
      unit: fromPersonId
      groups_per_unit: 3
      rows_per_group: 4
      columns:
        - {{name: weight, min: "0", max: "100", step: "1"}}
        - {{name: kind}}
    columns:
      - {{name: id, type: id}}
      - {{name: kind, type: string}}
      - {{name: fromPersonId, column: from_person_id, type: id}}
      - {{name: toPersonId, column: to_person_id, type: id, nullable: true}}
      - {{name: toOrganisationId, column: to_organisation_id, type: id, nullable: true}}
      - {{name: weight, type: int}}
      - {{name: since, type: date}}
    relations:
      - {{name: from, to: person, kind: one, local: fromPersonId, remote: id}}
      - {{name: to, to: person, kind: one, local: toPersonId, remote: id}}
      - {{name: toOrganisation, to: organisation, kind: one, local: toOrganisationId, remote: id}}
)";

}  // namespace

std::string demo_model(const std::string& folder) {
  return fmt::format(fmt::runtime(kModel), fmt::arg("folder", folder),
                     fmt::arg("countries", kCountries));
}

}  // namespace mc::app
