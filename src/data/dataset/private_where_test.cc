// Canonical filters: what is the same has the same bytes, what differs has not.
#include <doctest/doctest.h>

#include <map>

#include "contract/filter_maker.h"
#include "contract/filter_twin.h"
#include "dataset/private.h"

namespace mc::dataset {
namespace {

using contract::Dice;
using contract::Rows;
using contract::Truth;

const Model& model() {
  static const Model kModel =
      *parse_model(contract::model_yaml("sqlite:/nowhere", ""), "test.yaml");
  return kModel;
}
const Dataset& people() {
  return model().datasets[0];
}

std::string form_of(const json::Value& filter) {
  const Result<json::Value> out = canonical_where(people(), &filter);
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return json::print(*out);
}
std::string form_of_text(const std::string& filter) {
  const Result<json::Value> value = json::parse(filter);
  REQUIRE(value.has_value());
  return form_of(*value);
}

TEST_CASE("where: every way to write a filter has one form") {
  struct Row {
    const char* filter;
    const char* form;
  };
  const Row rows[] = {
      {"{}", "{}"},
      {R"({"and":[]})", "{}"},
      {R"({"or":[]})", R"({"or":[]})"},
      {R"({"not":{"or":[]}})", "{}"},
      {R"({"or":[{"age":{"eq":1}},{}]})", "{}"},
      {R"({"and":[{"or":[]},{"age":{"eq":1}}]})", R"({"or":[]})"},
      {R"({"age":{"eq":5}})", R"({"age":{"in":[5]}})"},
      {R"({"age":{"in":[5,5]}})", R"({"age":{"in":[5]}})"},
      {R"({"age":{"ne":5}})", R"({"age":{"notIn":[5]}})"},
      {R"({"not":{"age":{"eq":5}}})", R"({"age":{"notIn":[5]}})"},
      {R"({"not":{"not":{"age":{"eq":5}}}})", R"({"age":{"in":[5]}})"},
      {R"({"age":{"in":[7,-1,10,7]}})", R"({"age":{"in":[-1,10,7]}})"},
      {R"({"age":{"in":[]}})", R"({"or":[]})"},
      {R"({"age":{"notIn":[]}})", "{}"},
      {R"({"not":{"age":{"lt":5}}})", R"({"age":{"gte":5}})"},
      {R"({"not":{"age":{"lte":5}}})", R"({"age":{"gt":5}})"},
      {R"({"not":{"age":{"isNull":true}}})", R"({"age":{"isNull":false}})"},
      {R"({"not":{"name":{"contains":"x"}}})", R"({"not":{"name":{"contains":"x"}}})"},
      {R"({"age":{"gt":1,"lt":5}})", R"({"and":[{"age":{"gt":1}},{"age":{"lt":5}}]})"},
      {R"({"age":{"lt":5},"and":[{"age":{"gt":1}},{"age":{"lt":5}}]})",
       R"({"and":[{"age":{"gt":1}},{"age":{"lt":5}}]})"},
      {R"({"or":[{"age":{"lt":5}},{"or":[{"age":{"gt":9}},{"age":{"lt":5}}]}]})",
       R"({"or":[{"age":{"gt":9}},{"age":{"lt":5}}]})"},
      {R"({"not":{"age":{"gt":1,"lt":5}}})", R"({"or":[{"age":{"gte":5}},{"age":{"lte":1}}]})"},
      {R"({"and":[{"and":[{"age":{"lt":5}}]}]})", R"({"age":{"lt":5}})"},
      // Lists of one column.
      {R"({"or":[{"age":{"eq":5}},{"age":{"eq":3}},{"age":{"in":[5,4]}}]})",
       R"({"age":{"in":[3,4,5]}})"},
      {R"({"and":[{"age":{"ne":5}},{"not":{"age":{"in":[3]}}}]})", R"({"age":{"notIn":[3,5]}})"},
      {R"({"not":{"or":[{"age":{"eq":5}},{"age":{"eq":3}}]}})", R"({"age":{"notIn":[3,5]}})"},
      {R"({"and":[{"age":{"in":[1,2,3]}},{"or":[{"age":{"eq":3}},{"age":{"eq":2}}]}]})",
       R"({"age":{"in":[2,3]}})"},
      {R"({"and":[{"age":{"eq":1}},{"age":{"eq":2}}]})", R"({"or":[]})"},
      {R"({"or":[{"name":{"eq":"x"}},{"and":[{"age":{"eq":1}},{"age":{"eq":2}}]}]})",
       R"({"name":{"in":["x"]}})"},
      {R"({"or":[{"age":{"notIn":[1,2]}},{"age":{"notIn":[2,3]}}]})", R"({"age":{"notIn":[2]}})"},
      {R"({"or":[{"age":{"ne":1}},{"age":{"ne":2}}]})", R"({"age":{"isNull":false}})"},
      {R"({"not":{"and":[{"age":{"eq":1}},{"age":{"eq":2}}]}})", R"({"age":{"isNull":false}})"},
      {R"({"or":[{"or":[{"age":{"ne":1}},{"age":{"ne":2}}]},{"age":{"ne":3}},{"age":{"lt":9}}]})",
       R"({"age":{"isNull":false}})"},
      {R"({"or":[{"age":{"isNull":true}},{"age":{"eq":2}},{"name":{"eq":"x"}}]})",
       R"({"or":[{"age":{"in":[2]}},{"age":{"isNull":true}},{"name":{"in":["x"]}}]})"},
      {R"({"or":[{"age":{"eq":1}},{"name":{"eq":"x"}},{"age":{"eq":2}}]})",
       R"({"or":[{"age":{"in":[1,2]}},{"name":{"in":["x"]}}]})"},
      // Values as their column holds them.
      {R"({"big":{"eq":"9007199254740993"}})", R"({"big":{"in":[9007199254740993]}})"},
      {R"({"score":{"in":[0.5,-0.0,0]}})", R"({"score":{"in":[0,0.5]}})"},
      {R"({"score":{"eq":1}})", R"({"score":{"in":[1]}})"},
      {R"({"score":{"eq":1.0}})", R"({"score":{"in":[1]}})"},
      {R"({"seen":{"eq":"2026-01-01T12:00:00+02:00"}})",
       R"({"seen":{"in":["2026-01-01T10:00:00.000Z"]}})"},
      {R"({"id":{"eq":5}})", R"({"id":{"in":["5"]}})"},
      {R"({"active":{"ne":true}})", R"({"active":{"notIn":[true]}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.filter);
    CHECK(form_of_text(row.filter) == row.form);
    CHECK(form_of_text(form_of_text(row.filter)) == row.form);
  }
  CHECK(json::print(*canonical_where(people(), nullptr)) == "{}");
}

TEST_CASE("where: what cannot be filtered is refused, without rows") {
  struct Row {
    const char* filter;
    const char* error;
  };
  const Row rows[] = {{R"({"email":{"eq":"x"}})", "where.email: cannot be filtered"},
                      {R"({"extra":{"isNull":true}})", "where.extra: cannot be filtered"},
                      {R"({"tenant_id":{"eq":"x"}})", "where.tenant_id: cannot be filtered"},
                      {R"({"age":{"eq":"x"}})", "where.age.eq: "},
                      {R"({"age":{"eq":9223372036854775808}})", "where.age.eq: must be"},
                      {R"({"age":{"divides":2}})", "where.age.divides: unknown comparison"},
                      {R"({"born":{"lt":"2026-02-30"}})", "where.born.lt: must be a date"},
                      {R"({"age":{"eq":null}})", "where.age.eq: must not be null"},
                      {R"([])", "where: must be an object"}};
  for (const Row& row : rows) {
    CAPTURE(row.filter);
    const Result<json::Value> filter = json::parse(row.filter);
    REQUIRE(filter.has_value());
    const Status checked = check_where(people(), {}, &*filter);
    REQUIRE_FALSE(checked.has_value());
    CHECK_MESSAGE(checked.error().what.find(row.error) == 0, checked.error().what);
    CHECK_FALSE(canonical_where(people(), &*filter).has_value());
  }
}

TEST_CASE("where: a masked column is compared with nothing, unless it may be filtered") {
  DatasetAccess access;
  access.masks.resize(people().columns.size());
  const auto age = static_cast<std::size_t>(people().column_index("age"));
  access.masks[age] = *mask::parse_mask("hash");
  const json::Value filter = *json::parse(R"({"not":{"or":[{"id":{"eq":"a"}},{"age":{"gt":3}}]}})");
  const Status checked = check_where(people(), access, &filter);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == Code::denied);
  CHECK(checked.error().what.find("age: is masked") != std::string::npos);
  access.filterable.assign(people().columns.size(), false);
  access.filterable[age] = true;
  CHECK(check_where(people(), access, &filter).has_value());
  CHECK(check_where(people(), access, nullptr).has_value());
}

// Another way to write the same filter: every rule that the form undoes, at random.
class Rewriter {
 public:
  explicit Rewriter(Dice& dice) : dice_(dice) {}

  json::Value object(const json::Value& filter, int depth) {
    json::Object out;
    json::Array more;
    std::vector<json::Member> members = filter.as_object()->members();
    shuffle(members);
    for (json::Member& member : members) {
      split_lists(member, more);
      json::Value made = value(member, depth);
      const bool taken = out.find(member.name) != nullptr;
      if (taken || dice_.one_in(4)) {
        json::Object own;
        own.set(member.name, std::move(made));
        more.emplace_back(std::move(own));
      } else {
        out.set(member.name, std::move(made));
      }
    }
    json::Value whole = std::move(out);
    if (!more.empty()) {
      more.push_back(std::move(whole));
      json::Object both;
      both.set("and", std::move(more));
      whole = std::move(both);
    }
    return depth > 0 ? wrapped(std::move(whole)) : whole;
  }

  std::size_t lists_split = 0;

 private:
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[dice_.below(i)]);
  }

  // Part of a list as a condition of its own: `in` as an `or` of both, `notIn` as an `and`.
  void split_lists(json::Member& member, json::Array& more) {
    if (member.name == "and" || member.name == "or" || member.name == "not") return;
    json::Object kept;
    for (const json::Member& each : member.value.as_object()->members()) {
      const json::Array* const list = each.value.as_array();
      const bool in = each.name == "in";
      if (list == nullptr || list->size() < 2 || !dice_.one_in(2)) {
        kept.set(each.name, each.value);
        continue;
      }
      json::Array parts;
      json::Array rest = *list;
      while (rest.size() > 1 && (parts.empty() || dice_.one_in(2))) {
        parts.push_back(holding(member.name, holding(in ? "eq" : "ne", std::move(rest.back()))));
        rest.pop_back();
      }
      parts.push_back(holding(member.name, holding(each.name, std::move(rest))));
      shuffle(parts);
      more.push_back(holding(in ? "or" : "and", std::move(parts)));
      ++lists_split;
    }
    member.value = std::move(kept);
  }

  static json::Value holding(std::string_view name, json::Value value) {
    json::Object out;
    out.set(std::string(name), std::move(value));
    return out;
  }

  json::Value wrapped(json::Value filter) {
    switch (dice_.below(6)) {
      case 0:
        return holding("not", holding("not", std::move(filter)));
      case 1:
        return holding("and", json::Array{filter, filter});
      case 2:
        return holding("or", json::Array{std::move(filter), holding("or", json::Array{})});
      case 3:
        return holding("and", json::Array{json::Object{}, std::move(filter)});
      default:
        return filter;
    }
  }

  json::Value value(const json::Member& member, int depth) {
    if (member.name == "not") return object(member.value, depth - 1);
    if (member.name != "and" && member.name != "or") return comparisons(member.value);
    json::Array parts;
    for (const json::Value& part : *member.value.as_array()) {
      parts.push_back(object(part, depth - 1));
      if (dice_.one_in(4)) parts.push_back(object(part, depth - 1));
    }
    shuffle(parts);
    return parts;
  }

  json::Value comparisons(const json::Value& held) {
    json::Object out;
    std::vector<json::Member> members = held.as_object()->members();
    shuffle(members);
    for (json::Member& member : members) {
      const bool list = member.name == "in" || member.name == "notIn";
      if (list) {
        json::Array items = *member.value.as_array();
        if (!items.empty() && dice_.one_in(2)) items.push_back(dice_.of(items));
        shuffle(items);
        member.value = std::move(items);
      } else if ((member.name == "eq" || member.name == "ne") && dice_.one_in(2)) {
        // Where it takes no other's place.
        const char* const name = member.name == "eq" ? "in" : "notIn";
        if (held.find(name) == nullptr) {
          out.set(name, json::Array{std::move(member.value)});
          continue;
        }
      }
      out.set(member.name, std::move(member.value));
    }
    return out;
  }

  Dice& dice_;
};

TEST_CASE("where: however a filter is written anew, its bytes stay") {
  const Rows rows = contract::people_of("alpha", 30);
  std::size_t changed = 0, split = 0;
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    Dice dice(seed);
    contract::Generator generator(dice, rows);
    const json::Value filter = generator.filter(2);
    const std::string form = form_of(filter);
    for (int i = 0; i < 3; ++i) {
      Rewriter rewriter(dice);
      const json::Value written = rewriter.object(filter, 2);
      split += rewriter.lists_split;
      CAPTURE(json::print(filter));
      CAPTURE(json::print(written));
      const Result<json::Value> anew = canonical_where(people(), &written);
      if (!anew && anew.error().code == Code::exhausted) continue;  // it has grown too large
      changed += json::print(written) == json::print(filter) ? 0U : 1U;
      CHECK(json::print(anew.value()) == form);
    }
  }
  CHECK(changed > 3'000);
  CHECK(split > 500);
}

TEST_CASE("where: filters with the same bytes find the same rows") {
  const Rows rows = contract::people_of("alpha", 30);
  std::map<std::string, std::vector<bool>> known;
  std::size_t met_again = 0;
  for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
    Dice dice(seed);
    contract::Generator generator(dice, rows);
    const json::Value filter = generator.filter(1);
    const std::string form = form_of(filter);
    std::vector<bool> found;
    for (const json::Object& row : rows) {
      found.push_back(contract::matches(row, filter) == Truth::yes);
    }
    const auto [at, added] = known.emplace(form, found);
    met_again += added ? 0U : 1U;
    CAPTURE(json::print(filter));
    CAPTURE(form);
    CHECK(at->second == found);
    // And the form itself, whose bytes are its own.
    const json::Value read = *json::parse(form);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK((contract::matches(rows[i], read) == Truth::yes) == found[i]);
    }
  }
  CHECK(met_again > 1'000);
  CHECK(known.size() > 1'000);
}

}  // namespace
}  // namespace mc::dataset
