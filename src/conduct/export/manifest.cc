#include "export/manifest.h"

#include <algorithm>
#include <set>

#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
constexpr json::Limits kLimits = {
    .bytes_max = kManifestBytesMax, .depth_max = 12, .values_max = 1'000'000};

Status wrong(std::string_view member, const std::string& what) {
  return fail(Code::invalid, "manifest: " + std::string(member) + ": " + what);
}

bool is_digest(std::string_view text) {
  return text.starts_with(kDigestPrefix) && text.size() == kDigestPrefix.size() + 64 &&
         text.find_first_not_of("0123456789abcdef", kDigestPrefix.size()) == std::string_view::npos;
}

Status check_items(const Manifest& manifest) {
  std::set<std::string_view> names;
  for (const Item& item : manifest.items) {
    if (!is_digest(item.sha256)) return wrong("items", "a digest is no sha256:HEX");
    if (item.name.find('/') != std::string::npos || !is_one_line(item.name)) {
      return wrong("items", "'" + excerpt(item.name) + "' is no name of a file");
    }
    if (!names.insert(item.name).second) {
      return wrong("items", "'" + excerpt(item.name) + "' is there twice");
    }
  }
  return ok();
}

// What is not there is said to be absent, and nothing else is.
Status check_absent(const Manifest& manifest) {
  std::vector<std::string> wanted;
  for (const std::string_view name : kProofMembers) {
    const auto& proof = name == "licenseProof" ? manifest.license_proof : manifest.residency_proof;
    if (!proof) wanted.emplace_back(name);
    if (proof && !is_digest(*proof)) return wrong(name, "it is no sha256:HEX");
  }
  if (manifest.absent == wanted) return ok();
  return wrong("absent", "it does not name the members that are not there, and them alone");
}

Status check_kanon(const Manifest& manifest) {
  if (!manifest.kanon) return ok();
  const KanonPart& part = *manifest.kanon;
  if (!manifest.parameters) return wrong("parameters", "a table has some");
  if (part.k != part.release.k) return wrong("kanon.k", "it is not that of the release");
  if (part.suppression.rows != part.release.suppression.rows ||
      part.suppression.limit != part.release.suppression.limit) {
    return wrong("kanon.suppression", "it is not that of the release");
  }
  if (part.release.input.rows != manifest.input.rows ||
      digest_text(from_hex(part.release.input.sha256).value_or("")) != manifest.input.snapshot) {
    return wrong("input", "it is not that of the release");
  }
  const crypto::Digest digest =
      crypto::Sha256().add(recheck::print_manifest(part.release)).finish();
  const std::string text =
      digest_text(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  if (text != part.sha256) return wrong("kanon.sha256", "it is not that of the release");
  const auto is_of = [&](const std::string& wanted) {
    return std::ranges::any_of(manifest.items,
                               [&](const Item& item) { return item.sha256 == wanted; });
  };
  if (!is_of(part.sha256)) return wrong("items", "the release's manifest is not among them");
  if (!is_of(std::string(kDigestPrefix) + part.release.release.sha256)) {
    return wrong("items", "the released table is not among them");
  }
  return ok();
}

// Nobody takes an unprotected export for another, and the other way round.
Status check_hold(const Manifest& manifest) {
  const bool says_so = manifest.label.handling == kUnprotected;
  if (says_so != manifest.hold.has_value()) {
    return wrong("label.handling", "it does not say how the rows are protected");
  }
  if (!manifest.hold) return ok();
  const HoldPart& hold = *manifest.hold;
  if (hold.approved_by == manifest.requester) {
    return wrong("hold.approved_by", "it is who asked for it");
  }
  const auto at = parse_rfc3339(hold.approved_at);
  if (!at || format_rfc3339(*at) != hold.approved_at) {
    return wrong("hold.approved_at", "it is no time as RFC 3339 has it, in UTC");
  }
  const auto is_snapshot = [&](const Item& item) { return item.sha256 == manifest.input.snapshot; };
  if (std::ranges::none_of(manifest.items, is_snapshot)) {
    return wrong("input.snapshot", "it is that of no item");
  }
  return ok();
}

}  // namespace

Status Manifest::check() const {
  MC_TRY_OK(check_items(*this));
  MC_TRY_OK(check_absent(*this));
  if (!is_digest(input.snapshot)) return wrong("input.snapshot", "it is no sha256:HEX");
  if (dp.has_value() + hold.has_value() + kanon.has_value() != 1) {
    return wrong("kanon", "there is one of this, dp and hold, not several and not none");
  }
  if (dp && !is_digest(dp->accountant)) return wrong("dp.accountant", "it is no sha256:HEX");
  if (const auto at = parse_rfc3339(created_at); !at || format_rfc3339(*at) != created_at) {
    return wrong("created_at", "it is no time as RFC 3339 has it, in UTC");
  }
  MC_TRY_OK(check_hold(*this));
  return check_kanon(*this);
}

std::string digest_text(std::string_view sha256) {
  return std::string(kDigestPrefix) + to_hex(sha256);
}

std::string watermark_of(const Manifest& manifest) {
  return manifest.tenant + " / " + manifest.requester + " / " + manifest.purpose + " / " +
         manifest.id;
}

std::string print_manifest(const Manifest& manifest) {
  return json::canonical(json::to_value(manifest));
}

Result<Manifest> parse_manifest(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, kLimits));
  MC_TRY(Manifest out, json::read<Manifest>(value));
  if (print_manifest(out) != json) {
    return fail(Code::invalid, "manifest: it is not in the form of RFC 8785");
  }
  return out;
}

Result<proof::Statement> statement_of(const Manifest& manifest) {
  MC_TRY_OK(manifest.check());
  proof::Statement out;
  out.predicate_type = kManifestPredicate;
  for (const Item& item : manifest.items) {
    out.subjects.push_back({"exports/" + manifest.tenant + "/" + manifest.id + "/" + item.name,
                            {{"sha256", item.sha256.substr(kDigestPrefix.size())}}});
  }
  out.predicate = json::to_value(manifest);
  return out;
}

Result<Manifest> manifest_of(const proof::Statement& statement) {
  if (statement.predicate_type != kManifestPredicate) {
    return fail(Code::invalid, "the statement is of no export: its type is '" +
                                   excerpt(statement.predicate_type) + "'");
  }
  MC_TRY(Manifest out, json::read<Manifest>(statement.predicate));
  MC_TRY(const proof::Statement again, statement_of(out));
  if (again.subjects == statement.subjects) return out;
  return fail(Code::invalid, "manifest: the subjects of its statement are not its items");
}

}  // namespace mc::exporting
