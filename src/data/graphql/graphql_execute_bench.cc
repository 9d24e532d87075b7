// Prints one JSON line: CPU time of execute() without parsing and validation, with a resolver that
// only hands out what it has.
//   by_key: one object by its key, 5 fields. list: 50 objects with one relation of 2 fields.
#include <cstdio>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl =
    "type Query { person(id: ID!): Person people: [Person!]! } type City { id: ID! name: String } "
    "type Person { id: ID! name: String! email: String age: Int active: Boolean! city: City }";

class RowResolver final : public Resolver {
 public:
  explicit RowResolver(const Schema& schema)
      : person_(schema.find("Person")->id), city_(schema.find("City")->id) {}

  void resolve(const FieldCall& call, std::span<const Object> parents,
               std::span<Datum> out) override {
    const char kind = call.field.name[0] == 'p' ? call.field.name[2] : call.field.name[0];
    if (kind == 'o') {  // people
      Datum* items = call.arena.array<Datum>(50);
      for (std::uint64_t i = 0; i < 50; ++i) items[i] = Datum::of_object({person_, this, i});
      out[0] = Datum::of_list(items, 50);
      return;
    }
    for (std::size_t i = 0; i < parents.size(); ++i) out[i] = one(kind, parents[i].index);
  }

 private:
  Datum one(char kind, std::uint64_t index) const {
    switch (kind) {
      case 'r':
        return Datum::of_object({person_, this, 7});
      case 'c':
        return Datum::of_object({city_, this, index});
      case 'n':
        return Datum::of_text("Ada Lovelace");
      case 'e':
        return Datum::of_text("ada@example.org");
      case 'a':
        return Datum::of_int(36);
      default:
        return Datum::of_int(static_cast<std::int64_t>(index));
    }
  }

  TypeId person_, city_;
};

struct Case {
  const char* name;
  const char* document;
  int rounds;
};

// Nanoseconds of CPU for one execution, the least of five runs.
double measure(const Schema& schema, const Case& test, bool prepare, sys::Clock& clock) {
  const ParseResult document = parse(test.document);
  MC_CHECK(document.has_value());
  const PreparedOperation prepared(schema, **document, (*document)->operations[0]);
  json::Object variables;
  variables.set("id", "7");
  RowResolver resolver(schema);
  ExecuteRequest request{**document, "", variables};
  if (prepare) request.prepared = &prepared;
  double least = 1e18;
  std::size_t bytes = 0;
  for (int run = 0; run < 5; ++run) {
    const Nanos before = sys::usage().cpu;
    for (int i = 0; i < test.rounds; ++i) {
      bytes += execute(schema, request, resolver, clock).body.size();
    }
    const Nanos spent = sys::usage().cpu - before;
    least = std::min(least, static_cast<double>(spent.count) / test.rounds);
  }
  MC_CHECK(bytes > 0);
  return least;
}

}  // namespace

int main() {
  const auto schema = Schema::build({kSdl});
  MC_CHECK(schema.has_value());
  const auto clock = sys::real_clock();
  const Case cases[] = {
      {"by_key", "query ($id: ID!) { person(id: $id) { id name email age active } }", 200'000},
      {"list", "{ people { id name email age city { id name } } }", 10'000},
  };
  std::string line;
  json::Writer writer(line);
  writer.begin_object().member("bench", "graphql_execute");
  for (const Case& test : cases) {
    writer.key(test.name).begin_object();
    writer.member("us", measure(**schema, test, false, *clock) / 1000);
    writer.member("prepared_us", measure(**schema, test, true, *clock) / 1000);
    writer.end_object();
  }
  writer.end_object();
  std::puts(line.c_str());
  return 0;
}
