#include <algorithm>

#include "json/json.h"
#include "suite.h"
#include "tlog/tlog.h"

namespace mc::conformance {
namespace {

using tlog::Hash;
using tlog::Path;

Result<Hash> hash_of(const json::Value* value) {
  if (value == nullptr || value->as_string() == nullptr) return fail(Code::invalid, "no hash");
  MC_TRY(const std::string bytes, from_base64(*value->as_string()));
  Hash out{};
  if (bytes.size() != out.size()) return fail(Code::invalid, "a hash of another length");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

// The vectors go up to 2^64 - 1, past what JSON integers here hold.
std::uint64_t number_of(const json::Value& vector, std::string_view name) {
  const json::Value* value = vector.find(name);
  if (value == nullptr) return 0;
  if (const std::int64_t* whole = value->as_int()) return static_cast<std::uint64_t>(*whole);
  const double* real = value->as_double();
  return real != nullptr && *real >= 0x1p63 ? UINT64_MAX : 0;
}

Result<Path> path_of(const json::Value& vector) {
  Path out;
  const json::Value* proof = vector.find("proof");
  if (proof == nullptr || proof->as_array() == nullptr) return out;
  for (const json::Value& item : *proof->as_array()) {
    MC_TRY(const Hash hash, hash_of(&item));
    out.push_back(hash);
  }
  return out;
}

Status check_proof(std::string_view kind, const json::Value& vector) {
  const auto number = [&](std::string_view name) { return number_of(vector, name); };
  MC_TRY(const Path path, path_of(vector));
  if (kind == "inclusion" || kind == "subtreeinclusion") {
    MC_TRY(const Hash leaf, hash_of(vector.find("leafHash")));
    MC_TRY(const Hash root, hash_of(vector.find("root")));
    const std::uint64_t index = number("leafIdx");
    if (kind == "inclusion") {
      return tlog::check_inclusion(leaf, index, tlog::TreeHead{number("treeSize"), root}, path);
    }
    const tlog::Range range{number("start"), number("end")};
    return tlog::check_inclusion(leaf, index, tlog::Subtree{range, root}, path);
  }
  // Roots of another length are no tree's; some vectors have them where they are not looked at.
  const Hash first = hash_of(vector.find("root1")).value_or(Hash{});
  const Hash second = hash_of(vector.find("root2")).value_or(Hash{});
  if (kind == "consistency") {
    return tlog::check_consistency({number("size1"), first}, {number("size2"), second}, path);
  }
  return tlog::check_subtree({{number("start"), number("end")}, first}, {number("size"), second},
                             path);
}

std::string check_vector(std::string_view kind, const std::string& text) {
  const auto vector = json::parse(text);
  if (!vector) return "cannot be read: " + vector.error().what;
  const json::Value* refused = vector->find("wantErr");
  const bool bad = refused != nullptr && refused->as_bool() != nullptr && *refused->as_bool();
  const Status checked = check_proof(kind, *vector);
  if (checked.has_value() != bad) return "";
  return bad ? "accepted, must be refused" : "refused: " + checked.error().what;
}

}  // namespace

void run_merkle(const Vectors& vectors, Report& report) {
  for (const char* kind : {"inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"}) {
    for (const std::string& path : vectors.find(kind, ".json")) {
      const auto text = vectors.read(path);
      report.add(path, text ? check_vector(kind, *text) : text.error().what);
    }
  }
}

}  // namespace mc::conformance
