// What was spent against what was priced: the same when lists are as long as they were taken for.
#include "cost/spent.h"

#include <doctest/doctest.h>

#include "cost/priced.h"
#include "sim/sim.h"

namespace mc::cost {
namespace {

using graphql::Datum;

constexpr const char* kSdl = R"(
  scalar Big @cost(weight: "0.5")
  input Near { x: Int y: Int }
  input Filter { name: String near: [Near] }
  type Person @cost(weight: "2") {
    age: Int @cost(weight: "0.25")
    big: Big
    bigs: [Big] @listSize(assumedSize: 3)
    mother: Person
    friends(first: Int = 4, filter: Filter): [Person] @listSize(slicingArguments: ["first"])
  }
  type Query { me: Person people(first: Int): [Person] @listSize(slicingArguments: ["first"]) }
  type Mutation { rename: Person }
)";

// Lists have as many as `first` says, else `list`; every `hole`th object is null.
class Filled final : public graphql::Resolver {
 public:
  explicit Filled(std::uint32_t list, std::size_t hole = 0) : list_(list), hole_(hole) {}
  void resolve(const graphql::FieldCall& call, std::span<const graphql::Object> parents,
               std::span<Datum> out) override {
    const json::Value* first = call.arguments.find("first");
    const bool sized = first != nullptr && first->as_int() != nullptr;
    const auto size = sized ? static_cast<std::uint32_t>(*first->as_int()) : list_;
    const bool is_leaf = call.schema.type(call.field.type.named).is_leaf();
    const auto value = [&] {
      if (is_leaf) return Datum::of_int(7);
      if (hole_ > 0 && ++made_ % hole_ == 0) return Datum();
      return Datum::of_object({call.field.type.named, nullptr, 0});
    };
    for (std::size_t i = 0; i < parents.size(); ++i) {
      if (!call.field.type.nullable().is_list()) {
        out[i] = value();
        continue;
      }
      Datum* items = call.arena.array<Datum>(size);
      for (std::uint32_t k = 0; k < size; ++k) items[k] = value();
      out[i] = Datum::of_list(items, size);
    }
  }

 private:
  const std::uint32_t list_;
  const std::size_t hole_;
  std::size_t made_ = 0;
};

Cost spent(const Priced& priced, const std::string& query, Filled resolver,
           const std::string& variables = "{}") {
  const auto document = graphql::parse(query);
  REQUIRE(document.has_value());
  const auto values = json::parse(variables);
  Spent tally(priced.model(), (*document)->operations.front().kind);
  graphql::ExecuteRequest request{
      .document = **document, .operation_name = "", .variables = *values->as_object()};
  request.tally = &tally;
  sim::SimClock clock;
  const auto result = graphql::execute(priced.model().schema(), request, resolver, clock);
  REQUIRE_MESSAGE(result.errors == 0, result.body);
  return tally.total();
}

TEST_CASE("spent: what was there, each by its weight") {
  const Priced priced(kSdl);
  struct Case {
    const char* query;
    std::uint32_t list;
    std::size_t hole;
    Cost cost;
  };
  const Case cases[] = {
      {"{ __typename }", 3, 0, {1'000, 0}},
      {"{ me { __typename } }", 3, 0, {3'000, 1'000}},
      {"{ me { age big } }", 3, 0, {3'500, 1'250}},
      {"{ me { bigs } }", 3, 0, {4'500, 1'000}},
      {"{ me { age } }", 3, 1, {1'000, 1'000}},  // nobody
      {"{ people(first: 4) { age } }", 3, 0, {9'000, 2'000}},
      {"{ people(first: 4) { age } }", 3, 2, {5'000, 1'500}},  // two of them
      {"{ a: me { age } b: me { age } }", 3, 0, {5'000, 2'500}},
      {"mutation { rename { age } }", 3, 0, {3'000, 1'250}},
      // The argument costs 1, each of its two inner objects 1.
      {"{ me { friends(filter: {near: [{x: 1}, {y: 2}]}) { age } } }", 3, 0, {11'000, 6'000}},
      {"{ __schema { types { name } } }", 3, 0, {1'000, 0}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.query);
    const Cost cost = spent(priced, one.query, Filled(one.list, one.hole));
    CHECK(cost.type == one.cost.type);
    CHECK(cost.field == one.cost.field);
  }
}

TEST_CASE("spent: as priced when lists are full, less when they are not") {
  const Priced priced(kSdl);
  sim::SimRandom random(11);
  const auto roll = [&](std::uint64_t below) { return random.next_u64() % below; };
  const auto selection = [&](const auto& self, int depth) -> std::string {
    std::string out = "{ age ";
    for (int i = 0, count = static_cast<int>(roll(4)); i < count; ++i) {
      out += "f" + std::to_string(i) + ": ";
      const std::uint64_t kind = depth == 0 ? roll(2) : roll(5);
      if (kind == 0) out += "big ";
      if (kind == 1) out += "bigs ";
      if (kind == 2) out += "mother " + self(self, depth - 1);
      if (kind == 3) out += "friends " + self(self, depth - 1);
      if (kind == 4) {
        out += "friends(first: " + std::to_string(roll(4)) + ", filter: {name: \"a\"}) " +
               self(self, depth - 1);
      }
    }
    return out + "} ";
  };
  for (int round = 0; round < 500; ++round) {
    const std::string query =
        "{ people(first: " + std::to_string(roll(4)) + ") " + selection(selection, 3) + "}";
    CAPTURE(query);
    const auto priced_at = priced.price(query);
    REQUIRE(priced_at.has_value());
    CHECK(spent(priced, query, Filled(3)) == *priced_at);
    const Cost less = spent(priced, query, Filled(2, 3));
    CHECK(less.type <= priced_at->type);
    CHECK(less.field <= priced_at->field);
  }
}

}  // namespace
}  // namespace mc::cost
