// The schema of an upstream and the fields that its route lists, for the tests of masks: every kind
// of type, and names that several types share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mask_answer.h"
#include "graphql/graphql.h"

namespace mc::gateway::masked {

inline constexpr char kSdl[] = R"(
  scalar Date scalar DateTime scalar Long scalar JSON scalar Mail
  enum Grade { GOLD LEAD }
  input PersonFilter { email: String and: [PersonFilter!] }
  interface Node { id: ID! }
  interface Contact { email(format: String): String note: String }
  type Person implements Node & Contact {
    id: ID! email(format: String): String note: String name: String! nick: String
    born: Date seen: DateTime salary: Int wealth: Long rating: Float grade: Grade active: Boolean
    profile: JSON mail: Mail tags: [String!] marks: [[String]] scores: [Int] code: ID key: ID!
    boss: Person friends(like: String): [Person!]! pets: [Pet] self: Person! }
  type Robot implements Contact { email(format: String): String note: String serial: String }
  type Dog { nick: String owner: Person }
  type Cat { nick: String mood: String }
  union Pet = Dog | Cat
  union Hit = Person | Robot | Dog
  type Query {
    person(id: ID, email: String): Person people(filter: PersonFilter, by: String): [Person!]
    strict: Person! hits: [Hit!] node: Node contact: Contact robot: Robot pets: [Pet!]!
    grid: [[Person]] count: Int }
  type Mutation { rename(id: ID!, to: String): Person }
)";

inline std::vector<FieldConfig> listed_fields() {
  std::vector<FieldConfig> out;
  for (const char* name :
       {"Person.email", "Person.name", "Person.born", "Person.seen", "Person.salary",
        "Person.wealth", "Person.rating", "Person.grade", "Person.active", "Person.profile",
        "Person.mail", "Person.tags", "Person.marks", "Person.scores", "Person.code", "Person.key",
        "Contact.note", "Dog.nick", "Robot.email"}) {
    FieldConfig field;
    field.field = name;
    out.push_back(field);
  }
  out[0].arguments = {"Query.person.email", "Query.people.filter", "Query.people.by"};
  out[1].arguments = {"Person.friends.like", "Query.people.by", "Mutation.rename.to"};
  out[16].arguments = {"Contact.email.format"};
  return out;
}

struct World {
  std::unique_ptr<graphql::Schema> schema = *graphql::Schema::build({kSdl});
  ListedFields listed = *ListedFields::make(*schema, listed_fields());
  mask::Keys keys = *mask::Keys::make(Secret(std::string(32, 'k')));

  // "Person.email" to a mask's text; the others are shown. Keys differ by column.
  using Masks = std::map<std::string, std::string>;
  std::vector<ColumnMask> columns(const Masks& masks) const {
    std::vector<ColumnMask> out(listed.size());
    const std::vector<FieldConfig> fields = listed_fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      out[i].key = keys.column("alpha", "/graphql", fields[i].field);
      const auto found = masks.find(fields[i].field);
      if (found != masks.end()) out[i].mask = *mask::parse_mask(found->second);
    }
    return out;
  }

  // The answer as it may be shown, or why not behind a '!'. Documents: of one operation each.
  std::string mask(const std::vector<std::string>& documents, std::string_view answer,
                   const Masks& masks, std::size_t bytes_max = kMaskedBytesMax) const {
    std::vector<std::unique_ptr<const graphql::Document>> parsed;
    std::vector<AskedOperation> asked;
    for (const std::string& text : documents) {
      auto document = graphql::parse(text);
      if (!document) return "!! " + document.error().message;
      for (const graphql::GraphqlError& error : graphql::validate(*schema, **document)) {
        return "!! " + error.message;
      }
      asked.push_back({document->get(), &(*document)->operations.front()});
      parsed.push_back(std::move(*document));
    }
    const std::vector<ColumnMask> with = columns(masks);
    const Shape shape = documents.size() > 1 ? Shape::batch : Shape::single;
    const Result<std::string> out = mask_answer(answer, {listed, with, asked, shape, bytes_max});
    return out ? *out : "!" + out.error().what;
  }
};

}  // namespace mc::gateway::masked
