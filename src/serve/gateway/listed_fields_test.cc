#include "gateway/listed_fields.h"

#include <doctest/doctest.h>

#include "gateway/masked_schema.h"

namespace mc::gateway {
namespace {

using masked::World;

const World& world() {
  static const World made;
  return made;
}

FieldConfig field_of(const std::string& name, std::vector<std::string> arguments = {}) {
  FieldConfig out;
  out.field = name;
  out.arguments = std::move(arguments);
  return out;
}

TEST_CASE("listed fields: what the schema has not is named") {
  struct Row {
    std::vector<FieldConfig> fields;
    std::string error;
  };
  const std::vector<Row> rows = {
      {{field_of("Person")}, "field Person: must be Type.field"},
      {{field_of("Person.boss.email")}, "field Person.boss.email: must be Type.field"},
      {{field_of("Persons.email")}, "field Persons.email: the schema has no type 'Persons'"},
      {{field_of("__Type.name")}, "field __Type.name: the schema has no type '__Type'"},
      {{field_of("Hit.email")}, "field Hit.email: 'Hit' is no object and no interface"},
      {{field_of("Grade.GOLD")}, "field Grade.GOLD: 'Grade' is no object and no interface"},
      {{field_of("PersonFilter.email")},
       "field PersonFilter.email: 'PersonFilter' is no object and no interface"},
      {{field_of("Person.mails")}, "field Person.mails: the type 'Person' has no field 'mails'"},
      {{field_of("Person.__typename")},
       "field Person.__typename: the type 'Person' has no field '__typename'"},
      {{field_of("Person.boss")},
       "field Person.boss: is Person, not a scalar, an enum or a list of them"},
      {{field_of("Person.friends")},
       "field Person.friends: is [Person!]!, not a scalar, an enum or a list of them"},
      {{field_of("Person.email"), field_of("Person.name"), field_of("Person.email")},
       "field Person.email: is listed twice"},
      {{field_of("Person.email", {"people.filter"})},
       "field Person.email: argument people.filter: must be Type.field.argument"},
      {{field_of("Person.email", {"Query.folk.filter"})},
       "field Person.email: argument Query.folk.filter: the type 'Query' has no field 'folk'"},
      {{field_of("Person.email", {"Queries.people.filter"})},
       "field Person.email: argument Queries.people.filter: the schema has no type 'Queries'"},
      {{field_of("Person.email", {"Query.people.like"})},
       "field Person.email: argument Query.people.like: the field 'Query.people' has no argument "
       "'like'"},
  };
  for (const Row& row : rows) {
    const auto made = ListedFields::make(*world().schema, row.fields);
    REQUIRE(!made);
    CHECK(made.error().what == row.error);
  }
  CHECK(ListedFields::make(*world().schema, {}));
}

// Names of the columns that a document touches, and the places of the arguments that it uses.
std::string touched(const std::string& text, std::size_t operation = 0) {
  auto document = graphql::parse(text);
  REQUIRE(document);
  for (const auto& error : graphql::validate(*world().schema, **document)) {
    FAIL_CHECK(error.message);
  }
  const TouchedFields found =
      world().listed.touched(**document, (*document)->operations[operation]);
  std::string out;
  const std::vector<FieldConfig> fields = masked::listed_fields();
  for (const int column : found.columns) {
    out += (out.empty() ? "" : " ") + fields[static_cast<std::size_t>(column)].field;
  }
  for (const TouchedFields::Use& use : found.uses) {
    out += " <" + world().listed.arguments()[use.argument].place;
    if (use.variable != graphql::kNone) {
      out += "=$" + std::string((*document)->name(use.variable));
    }
    out += ">";
  }
  return out;
}

TEST_CASE("listed fields: what an operation reaches, through fragments and types that share it") {
  struct Row {
    std::string document, touched;
  };
  const std::vector<Row> rows = {
      {"{ person { id nick } count }", ""},
      {"{ __typename __schema { types { name } } }", ""},
      {"{ person { e: email } }", "Person.email"},
      {"{ person { boss { boss { name email } } } }", "Person.email Person.name"},
      {"{ contact { email } }", "Person.email Robot.email"},
      {"{ robot { email note } }", "Contact.note Robot.email"},
      {"{ node { ... on Contact { note } } }", "Contact.note"},
      {"{ hits { ... on Dog { nick } } pets { ... on Cat { nick } } }", "Dog.nick"},
      {"{ person { nick } }", ""},
      {"{ ...A } fragment A on Query { person { ...B } } fragment B on Node { ... on Person { key "
       "} }",
       "Person.key"},
      {"mutation { rename(id: 1) { email } }", "Person.email"},
      {"{ person(id: 1) { id } }", ""},
      {"{ person(email: \"x\") { id } }", " <Query.person.email>"},
      {"{ person(email: null) { id } }", " <Query.person.email>"},
      {"query($e: String) { person(email: $e) { id } }", " <Query.person.email=$e>"},
      {"{ people(filter: {and: [{email: \"x\"}]}) { id } }", " <Query.people.filter>"},
      {"query($f: PersonFilter) { ...A } fragment A on Query { people(filter: $f) { id } }",
       " <Query.people.filter=$f>"},
      {"query($e: String) { people(filter: {email: $e}) { id } }", " <Query.people.filter>"},
      {"{ people(by: \"x\") { id } }", " <Query.people.by> <Query.people.by>"},
      {"{ person { friends(like: \"x\") { id } } }", " <Person.friends.like>"},
      {"mutation { rename(id: 1, to: \"x\") { id } }", " <Mutation.rename.to>"},
      {"{ person { email(format: \"x\") } }", "Person.email <Contact.email.format>"},
      {"{ robot { email(format: \"x\") } }", "Robot.email <Contact.email.format>"},
      {"{ a: person(email: \"x\") { id } b: person(email: \"y\") { id } }",
       " <Query.person.email>"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.document);
    CHECK(touched(row.document) == row.touched);
  }
  const std::string two =
      "query A { ...F } query B { person { nick } } "
      "fragment F on Query { person { email } }";
  CHECK(touched(two, 0) == "Person.email");
  CHECK(touched(two, 1) == "");
}

}  // namespace
}  // namespace mc::gateway
