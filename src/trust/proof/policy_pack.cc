#include "proof/policy_pack.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "proof/bundle.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::size_t kVersionBytesMax = 256;
constexpr std::size_t kChannelBytesMax = 32;
constexpr std::size_t kPathBytesMax = 512;
constexpr std::size_t kDigestBytes = 64;  // in hexadecimal

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "policy pack: " + std::string(why));
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_channel(std::string_view text) {
  return !text.empty() && text.size() <= kChannelBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

json::Array print_files(const PackFiles& files, bool policies) {
  json::Array out;
  for (const auto& [path, sha256] : files) {
    if (is_policy_file(path) != policies) continue;
    json::Object one;
    one.set("path", path);
    one.set("sha256", sha256);
    out.emplace_back(std::move(one));
  }
  return out;
}

json::Object document_of(const PolicyPack& pack) {
  json::Object out;
  out.set("kind", kPackKind);
  out.set("version", pack.version);
  if (!pack.base.empty()) out.set("base", pack.base);
  out.set("channel", pack.channel);
  out.set("issued", format_rfc3339(pack.issued));
  out.set("expires", format_rfc3339(pack.expires));
  out.set("policies", print_files(pack.files, true));
  out.set("data", print_files(pack.files, false));
  return out;
}

void read_files(Fields& fields, std::string_view name, PackFiles& out,
                std::optional<Error>& fault) {
  const json::Value* const list = fields.child(name);
  if (list == nullptr || list->as_array() == nullptr || list->as_array()->size() > kPackFilesMax) {
    return fields.refuse(name, "it is no list of at most " + std::to_string(kPackFilesMax));
  }
  for (const json::Value& each : *list->as_array()) {
    Fields file(&each, fields.path(name), fault);
    std::string path = file.required_text("path");
    std::string sha256 = file.required_text("sha256");
    file.done();
    if (fault) return;
    if (!out.emplace(std::move(path), std::move(sha256)).second) {
      return fields.refuse(name, "a path is there twice");
    }
  }
}

Result<PolicyPack> read_document(const json::Value& document) {
  std::optional<Error> fault;
  Fields fields(&document, "", fault);
  PolicyPack out;
  if (fields.required_text("kind") != kPackKind) {
    fields.refuse("kind", "it is not " + std::string(kPackKind));
  }
  out.version = fields.required_text("version");
  out.base = fields.text("base");
  out.channel = fields.required_text("channel");
  out.issued = fields.time("issued");
  out.expires = fields.time("expires");
  read_files(fields, "policies", out.files, fault);
  read_files(fields, "data", out.files, fault);
  fields.done();
  if (fault) return bad(fault->what);
  MC_TRY_OK(check_pack(out));
  return out;
}

std::string count_of(const PolicyPack& pack) {
  const auto policies = std::count_if(pack.files.begin(), pack.files.end(),
                                      [](const auto& file) { return is_policy_file(file.first); });
  return std::to_string(policies) + " policies, " +
         std::to_string(std::ssize(pack.files) - policies) + " other files";
}

}  // namespace

bool is_bundle_file(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // all of it without a slash
  if (path == kPackPath || name == kManifestPath || name == kSignaturesPath) return true;
  if (name.starts_with('.') || name.ends_with("_test.rego")) return false;
  return name.ends_with(".rego") || name.ends_with(".json") || name.ends_with(".yaml") ||
         name.ends_with(".yml");
}

bool is_packed_file(std::string_view path) {
  return path != kPackPath && path != kSignaturesPath;
}

bool is_policy_file(std::string_view path) {
  return path.ends_with(".rego") || path == kPlanPath;
}

Status check_pack(const PolicyPack& pack) {
  const auto is_revision = [](const std::string& text) {
    return text.size() <= kVersionBytesMax && is_one_line(text);
  };
  if (pack.version.empty() || !is_revision(pack.version)) {
    return bad("version: it is one line of 1 to 256 bytes");
  }
  if (!is_revision(pack.base)) return bad("base: it is one line of at most 256 bytes");
  if (!is_channel(pack.channel)) {
    return bad("channel: it is 1 to 32 small letters, digits and '-'");
  }
  if (whole_ms(pack.issued) != pack.issued || whole_ms(pack.expires) != pack.expires) {
    return bad("issued, expires: they are whole milliseconds");
  }
  if (pack.expires <= pack.issued) return bad("expires: it is not after issued");
  if (pack.files.empty()) return bad("it names no file");
  if (pack.files.size() > kPackFilesMax) {
    return bad("it names more than " + std::to_string(kPackFilesMax) + " files");
  }
  for (const auto& [path, sha256] : pack.files) {
    if (path.empty() || path.size() > kPathBytesMax || !is_one_line(path)) {
      return bad("path '" + excerpt(path) + "': it is one line of 1 to 512 bytes");
    }
    if (!is_packed_file(path)) return bad("path '" + excerpt(path) + "': it is never named");
    if (!is_digest(sha256)) {
      return bad("sha256 of '" + excerpt(path) + "': it is 64 small hexadecimal digits");
    }
  }
  return ok();
}

std::string print_pack(const PolicyPack& pack) {
  return json::canonical(document_of(pack));
}

Result<Statement> pack_statement(const PolicyPack& pack) {
  MC_TRY_OK(check_pack(pack));
  MC_TRY(const std::string digest, crypto::digest("sha256", print_pack(pack)));
  Statement out;
  out.subjects.push_back(
      {"policy-pack/" + pack.channel + "/" + pack.version, {{"sha256", to_hex(digest)}}});
  out.predicate_type = kPackPredicate;
  out.predicate = document_of(pack);
  return out;
}

Result<PolicyPack> parse_pack_statement(std::string_view statement) {
  MC_TRY(const Statement read, parse_statement(statement));
  if (read.predicate_type != kPackPredicate) return bad("the statement is of another type");
  MC_TRY(PolicyPack out, read_document(read.predicate));
  MC_TRY(const Statement again, pack_statement(out));
  if (print_statement(again) != statement) {
    return bad("the statement is not written as one of a pack is");
  }
  return out;
}

std::optional<Envelope> find_pack(std::string_view file) {
  if (file.size() > kPackBytesMax) return std::nullopt;
  Envelope envelope;
  if (Result<Envelope> alone = parse_envelope(file)) {
    envelope = std::move(*alone);
  } else {
    Result<Bundle> bundle = parse_bundle(file);
    if (!bundle) return std::nullopt;
    Envelope* const held = std::get_if<Envelope>(&bundle->content);
    if (held == nullptr) return std::nullopt;
    envelope = std::move(*held);
  }
  if (envelope.payload_type != kStatementType) return std::nullopt;
  // By its type alone: what is wrong with it, the check of a pack says.
  const auto statement = json::parse(envelope.payload, {.bytes_max = kPackBytesMax});
  const json::Value* const type = statement ? statement->find("predicateType") : nullptr;
  if (type == nullptr || type->as_string() == nullptr || *type->as_string() != kPackPredicate) {
    return std::nullopt;
  }
  return envelope;
}

std::optional<PackDifference> compare(const PolicyPack& pack, const PackFiles& files) {
  auto named = pack.files.begin();
  auto found = files.begin();
  const auto quoted = [](const std::string& path) {
    return "'" + excerpt(path, kPathBytesMax) + "'";
  };
  while (named != pack.files.end() || found != files.end()) {
    if (found == files.end() || (named != pack.files.end() && named->first < found->first)) {
      return PackDifference{"file_missing",
                            quoted(named->first) + " is in the pack, but not there"};
    }
    if (named == pack.files.end() || found->first < named->first) {
      return PackDifference{"file_extra", quoted(found->first) + " is there, but not in the pack"};
    }
    if (found->second != named->second) {
      return PackDifference{"file_changed", quoted(named->first) + " differs from the pack"};
    }
    ++named;
    ++found;
  }
  return std::nullopt;
}

Status check_period(const PolicyPack& pack, WallTime now) {
  if (pack.issued > now + kPackEarlyMax) {
    return bad("it is issued for later: " + format_rfc3339(pack.issued));
  }
  if (pack.expires <= now) return bad("it has expired: " + format_rfc3339(pack.expires));
  return ok();
}

void add_pack_steps(const Envelope& envelope, const PackQuestion& question, Report& report) {
  PolicyPack pack;
  report.step("pack", "pack_invalid", [&]() -> Result<std::string> {
    MC_TRY(pack, parse_pack_statement(envelope.payload));
    const std::string base = pack.base.empty() ? "" : ", a delta to " + pack.base;
    return "version " + pack.version + base + ", " + count_of(pack);
  });
  if (question.channel) {
    report.step("channel", "channel_mismatch", [&]() -> Result<std::string> {
      if (pack.channel == *question.channel) return pack.channel;
      return fail(Code::invalid, "it is for the channel '" + pack.channel + "', not '" +
                                     excerpt(*question.channel) + "'");
    });
  } else {
    report.skip("channel", "none was asked for");
  }
  const bool early = pack.issued > question.now + kPackEarlyMax;
  report.step("period", early ? "pack_early" : "pack_expired", [&]() -> Result<std::string> {
    MC_TRY_OK(check_period(pack, question.now));
    return format_rfc3339(pack.issued) + " to " + format_rfc3339(pack.expires);
  });
  if (!question.files) return report.skip("files", "none were given");
  const std::optional<PackDifference> found = compare(pack, *question.files);
  report.step("files", found ? found->reason : "", [&]() -> Result<std::string> {
    if (found) return fail(Code::invalid, found->what);
    return std::to_string(pack.files.size()) + ", each as the pack has it";
  });
}

}  // namespace mc::proof
