// Input: a digit that chooses what was asked, a line feed, then the upstream's answer. What comes
// out is JSON, has nothing where a value is masked, and is an answer to the same question again.
#include <cstdint>

#include "gateway/json_cursor.h"
#include "gateway/mask_answer.h"
#include "gateway/masked_schema.h"
#include "json/json.h"

namespace {

using namespace mc;
using namespace mc::gateway;

// Masked fields have keys that begin with "m_".
constexpr const char* kDocuments[] = {
    "{ person { id m_e: email nick tags boss { m_e: email salary } } count }",
    "{ people { m_n: name id } grid { id m_e: email } strict { id } }",
    "{ hits { __typename ... on Person { m_k: email id } ... on Robot { m_k: serial } "
    "... on Dog { owner { m_e: email } } } }",
    "query($t: Boolean!) { ...F @include(if: $t) } fragment F on Query { contact { m_e: email note "
    "... on Node { id } } }",
};

bool hides(const json::Value& value) {
  if (const json::Array* list = value.as_array()) {
    for (const json::Value& item : *list) {
      if (!hides(item)) return false;
    }
  }
  if (const json::Object* object = value.as_object()) {
    for (const json::Member& member : object->members()) {
      if (member.name.starts_with("m_") && !member.value.is_null()) return false;
      if (!hides(member.value)) return false;
    }
  }
  return true;
}

struct Fixture {
  masked::World world;
  std::vector<ColumnMask> columns = world.columns(
      {{"Person.email", "null"}, {"Person.name", "drop"}, {"Person.salary", "generalise"}});
  std::vector<std::unique_ptr<const graphql::Document>> documents;
  std::vector<AskedOperation> asked;

  Fixture() {
    for (const char* text : kDocuments) {
      documents.push_back(std::move(*graphql::parse(text)));
      asked.push_back({documents.back().get(), &documents.back()->operations.front()});
    }
  }
  Result<std::string> mask(std::string_view answer, std::size_t which) const {
    const bool batch = which >= asked.size();
    const std::span<const AskedOperation> all(asked);
    return mask_answer(answer, {world.listed, columns, batch ? all : all.subspan(which, 1),
                                batch ? Shape::batch : Shape::single, std::size_t{1} << 20});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  if (size < 2 || data[1] != '\n') return 0;
  const std::size_t which = static_cast<std::size_t>(data[0] - '0') % (std::size(kDocuments) + 1);
  const std::string answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Result<std::string> out = fixture.mask(answer, which);
  if (!out) {
    MC_CHECK(out.error().code == Code::corrupt || out.error().code == Code::exhausted);
    return 0;
  }
  JsonCursor cursor(*out);
  std::string_view whole;
  MC_CHECK(cursor.skip(whole) && cursor.at_end());
  // Texts with half a surrogate pair and numbers past a double are passed on; no tree is made.
  const auto value = json::parse(*out, {.bytes_max = out->size(), .depth_max = 300});
  if (value) MC_CHECK(hides(*value));
  constexpr std::size_t kManyErrorsBytes = 100'000;  // ours come on top of a thousand of theirs
  MC_CHECK(fixture.mask(*out, which).has_value() || out->size() > kManyErrorsBytes);
  return 0;
}
