#include "proof/statement.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "proof/report.h"

namespace mc::proof {
namespace {

constexpr std::string_view kExportPredicates = "urn:maestro-conductor:export:";
constexpr std::string_view kVersion1 = "https://in-toto.io/Statement/v1";
constexpr std::string_view kVersion01 = "https://in-toto.io/Statement/v0.1";
constexpr std::size_t kStatementBytesMax = 16 << 20;
constexpr std::size_t kSubjectsMax = 100'000;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "statement: " + std::string(why));
}

const std::string* text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr ? nullptr : found->as_string();
}

Result<Subject> read_subject(const json::Value& value) {
  Subject out;
  if (const std::string* name = text_in(value, "name"); name != nullptr) out.name = *name;
  const json::Value* digests = value.find("digest");
  if (digests == nullptr || digests->as_object() == nullptr || digests->as_object()->empty()) {
    return bad("a subject has no digest");
  }
  for (const json::Member& digest : digests->as_object()->members()) {
    if (digest.value.as_string() == nullptr) return bad("a subject's digest is not a text");
    out.digests[digest.name] = *digest.value.as_string();
  }
  return out;
}

}  // namespace

Result<std::string> digest_of(const Artifact& artifact, std::string_view algorithm) {
  if (!artifact.sha256) return crypto::digest(algorithm, artifact.bytes);
  if (algorithm == "sha256") return *artifact.sha256;
  return fail(Code::invalid,
              "its digest is " + excerpt(algorithm) + ", and of the artifact only sha256 is known");
}

namespace {

// What the manifest of an export for a legal hold says of itself (docs/formats/export-manifest.md):
// nobody reads "verified" as "protected". Empty for all others.
std::string warning_of(const Statement& statement) {
  const json::Value* const hold = statement.predicate.find("hold");
  if (!statement.predicate_type.starts_with(kExportPredicates) || hold == nullptr) return "";
  const auto text = [&](std::string_view name) {
    const std::string* const found = text_in(*hold, name);
    return found == nullptr ? std::string("?") : excerpt(*found);
  };
  // Whoever asks writes the reference: it stands last, and between quotes that it has none of.
  std::string reference = text("reference");
  std::ranges::replace(reference, '"', '\'');
  return "; " + std::string(kUnprotected) + " (pet: " + text("pet") + "), approved by " +
         text("approved_by") + "; legal hold \"" + reference + "\"";
}

}  // namespace

Result<std::string> find_subject(const Statement& statement, const Artifact& artifact) {
  for (const Subject& subject : statement.subjects) {
    for (const auto& [algorithm, value] : subject.digests) {
      const Result<std::string> digest = digest_of(artifact, algorithm);
      if (!digest || to_hex(*digest) != value) continue;
      return "subject " + excerpt(subject.name) + ", " + algorithm + ":" + value +
             warning_of(statement);
    }
  }
  return fail(Code::invalid, "no subject of the statement is this artifact");
}

Result<Statement> parse_statement(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kStatementBytesMax}));
  const std::string* type = text_in(value, "_type");
  if (type == nullptr || (*type != kVersion1 && *type != kVersion01)) {
    return bad("its _type is not in-toto's Statement, version 1 or 0.1");
  }
  Statement out;
  const json::Value* subjects = value.find("subject");
  if (subjects == nullptr || subjects->as_array() == nullptr || subjects->as_array()->empty()) {
    return bad("it has no subject");
  }
  if (subjects->as_array()->size() > kSubjectsMax) return bad("it has more than 100000 subjects");
  for (const json::Value& entry : *subjects->as_array()) {
    MC_TRY(Subject subject, read_subject(entry));
    out.subjects.push_back(std::move(subject));
  }
  const std::string* predicate_type = text_in(value, "predicateType");
  if (predicate_type == nullptr || predicate_type->empty()) return bad("it has no predicateType");
  out.predicate_type = *predicate_type;
  if (const json::Value* predicate = value.find("predicate"); predicate != nullptr) {
    out.predicate = *predicate;
  }
  return out;
}

std::string print_statement(const Statement& statement) {
  json::Array subjects;
  for (const Subject& subject : statement.subjects) {
    json::Object digests;
    for (const auto& [algorithm, value] : subject.digests) digests.set(algorithm, value);
    json::Object entry;
    if (!subject.name.empty()) entry.set("name", subject.name);
    entry.set("digest", std::move(digests));
    subjects.emplace_back(std::move(entry));
  }
  json::Object out;
  out.set("_type", kVersion1);
  out.set("subject", std::move(subjects));
  out.set("predicateType", statement.predicate_type);
  out.set("predicate", statement.predicate);
  return json::canonical(out);
}

}  // namespace mc::proof
