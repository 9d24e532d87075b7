#include "proof/verify.h"

#include "json/json.h"
#include "proof/envelope.h"
#include "proof/key_list.h"
#include "proof/page.h"
#include "proof/policy_pack.h"
#include "proof/range_receipt.h"
#include "proof/receipt.h"
#include "proof/statement.h"
#include "proof/trusted_root.h"
#include "tlog/tlog.h"

namespace mc::proof {
namespace {

tl::unexpected<Error> missing(std::string_view what) {
  return fail(Code::invalid, std::string(what));
}

// What of a question has a meaning for a kind of file.
struct Takes {
  bool trust = false;
  bool log_keys = false;
  bool key = false;
  bool identity = false;
  bool artifact = false;
  bool pack = false;
};
constexpr std::string_view kKeys = "keys";  // subject of a report
constexpr Takes kSignedHead{.trust = true, .log_keys = true};

// What was asked for and is not looked at must not pass for checked.
Status refuse_others(const VerifyQuestion& question, std::string_view kind, const Takes& takes) {
  struct Row {
    bool odd;
    const char* what;
  };
  const bool digest = question.artifact && question.artifact->sha256;
  for (const auto& [odd, what] :
       {Row{question.trust && !takes.trust, "trusted root (--trust)"},
        Row{!question.log_keys.empty() && !takes.log_keys, "log's key (--log-key)"},
        Row{question.public_key && !takes.key, "signer's key (--key)"},
        Row{question.identity && !takes.identity, "signer's identity (--identity, --issuer)"},
        Row{question.artifact && !takes.artifact,
            digest ? "artifact (--digest)" : "artifact (--artifact)"},
        Row{question.channel && !takes.pack, "channel (--channel)"},
        Row{question.pack_files && !takes.pack, "files (--artifact)"}}) {
    if (odd) return fail(Code::invalid, std::string(kind) + " has no " + what);
  }
  return ok();
}

Result<std::optional<crypto::PublicKey>> key_of(const VerifyQuestion& question) {
  if (!question.public_key) return std::optional<crypto::PublicKey>();
  Result<crypto::PublicKey> key = crypto::PublicKey::from_pem(*question.public_key);
  if (!key) return fail(Code::invalid, "key: " + key.error().what);
  return std::optional<crypto::PublicKey>(std::move(*key));
}

PackQuestion pack_question(const VerifyQuestion& question) {
  return {question.channel, question.pack_files, question.now};
}

// What stands in the envelope of a pack, which is what its bundle is about; "" when it is no pack
// after all.
std::string document_in(const Envelope& pack) {
  const Result<PolicyPack> read = parse_pack_statement(pack.payload);
  return read ? print_pack(*read) : "";
}

Result<Report> verify_bundle(const VerifyQuestion& question) {
  const std::optional<Envelope> pack = find_pack(question.file);
  MC_TRY_OK(refuse_others(
      question, "a bundle",
      {.trust = true, .key = true, .identity = true, .artifact = true, .pack = pack.has_value()}));
  if (!question.trust) return missing("a bundle needs a trusted root (--trust)");
  std::string document;
  Artifact artifact{document};
  if (question.artifact) {
    artifact = *question.artifact;
  } else if (pack) {
    document = document_in(*pack);
    artifact.bytes = document;
  } else {
    return missing("a bundle needs its artifact (--artifact or --digest)");
  }
  MC_TRY(const TrustedRoot root, parse_trusted_root(*question.trust));
  MC_TRY(std::optional<crypto::PublicKey> key, key_of(question));
  if (key.has_value() == question.identity.has_value()) {
    return missing("a bundle needs either a key (--key) or an identity (--identity, --issuer)");
  }
  const Result<Bundle> bundle = parse_bundle(question.file);
  if (!bundle) {
    Report report("bundle");
    report.step("format", "format_invalid",
                [&]() -> Result<std::string> { return tl::unexpected<Error>(bundle.error()); });
    return report;
  }
  BundleQuestion asked{*bundle, root, artifact, std::move(key), question.identity};
  asked.now = question.now;
  Report report = check_bundle(asked);
  if (pack) add_pack_steps(*pack, pack_question(question), report);
  return report;
}

Result<Report> verify_envelope(const VerifyQuestion& question) {
  const std::optional<Envelope> pack = find_pack(question.file);
  MC_TRY_OK(refuse_others(question, "an envelope",
                          {.key = true, .artifact = true, .pack = pack.has_value()}));
  MC_TRY(const std::optional<crypto::PublicKey> key, key_of(question));
  if (!key) return missing("an envelope needs the signer's key (--key)");
  Report report("envelope");
  Envelope envelope;
  report.step("format", "format_invalid", [&]() -> Result<std::string> {
    MC_TRY(envelope, parse_envelope(question.file));
    return envelope.payload_type;
  });
  report.step("signature", "signature_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(check_envelope(envelope, *key));
    return "of the payload, by " + key_hint_of(*key);
  });
  if (question.artifact) {
    report.step("artifact", "artifact_mismatch", [&]() -> Result<std::string> {
      MC_TRY(const Statement statement, parse_statement(envelope.payload));
      return find_subject(statement, *question.artifact);
    });
  } else {
    report.skip("artifact", "none was given");
  }
  if (pack) add_pack_steps(*pack, pack_question(question), report);
  return report;
}

// A list of keys is no more to be believed than the key that its reader knows.
Result<tlog::Policy> policy_of(const VerifyQuestion& question) {
  const bool list = question.trust && question.trust->starts_with('{');
  if (question.trust && !list && !question.log_keys.empty()) {
    return missing("whom to trust is said twice (--trust and --log-key)");
  }
  if (question.trust && !list) return tlog::Policy::parse(*question.trust);
  if (question.log_keys.empty()) {
    return missing(list ? "a list of keys needs one that you know (--log-key)"
                        : "a checkpoint needs a policy (--trust) or the log's verifier key "
                          "(--log-key)");
  }
  std::vector<tlog::NoteKey> keys;
  for (const std::string& text : question.log_keys) {
    MC_TRY(tlog::NoteKey key, tlog::NoteKey::parse(text));
    keys.push_back(std::move(key));
  }
  if (!list) return tlog::Policy::of_logs(std::move(keys));
  MC_TRY(const KeyList followed, parse_key_list(*question.trust));
  return follow_keys(followed, keys);
}

// The step of a signed head, which both a checkpoint and a log proof have.
Result<std::string> check_head(const tlog::Policy& policy, std::string_view text,
                               tlog::Policy::Checked& checked) {
  MC_TRY(const tlog::Note note, tlog::parse_note(text));
  MC_TRY(checked, policy.check(note));
  return policy.describe(checked);
}

Result<Report> verify_checkpoint(const VerifyQuestion& question) {
  MC_TRY_OK(refuse_others(question, "a checkpoint", kSignedHead));
  MC_TRY(const tlog::Policy policy, policy_of(question));
  Report report("checkpoint");
  tlog::Policy::Checked checked;
  report.step("checkpoint", "checkpoint_invalid",
              [&] { return check_head(policy, question.file, checked); });
  return report;
}

Result<Report> verify_log_proof(const VerifyQuestion& question) {
  MC_TRY_OK(
      refuse_others(question, "a log proof", {.trust = true, .log_keys = true, .artifact = true}));
  if (!question.artifact || question.artifact->sha256) {
    return missing("a log proof needs its leaf (--artifact), all of it");
  }
  MC_TRY(const tlog::Policy policy, policy_of(question));
  Report report("log proof");
  tlog::ProofFile proof;
  tlog::Policy::Checked checked;
  report.step("format", "format_invalid", [&]() -> Result<std::string> {
    MC_TRY(proof, tlog::parse_proof_file(question.file));
    if (proof.extra) return fail(Code::invalid, "it has an extra, which nobody has signed");
    return "leaf " + std::to_string(proof.index);
  });
  report.step("checkpoint", "checkpoint_invalid",
              [&] { return check_head(policy, proof.checkpoint, checked); });
  report.step("inclusion", "inclusion_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(tlog::check_inclusion(tlog::leaf_hash(question.artifact->bytes), proof.index,
                                    checked.checkpoint.head, proof.path));
    return "leaf " + std::to_string(proof.index) + " of " +
           std::to_string(checked.checkpoint.head.size);
  });
  return report;
}

// `Check` gives the report of a receipt that `Parse` reads.
template <class Parse, class Check>
Result<Report> verify_parsed(const VerifyQuestion& question, std::string_view subject,
                             const Parse& parse, const Check& check) {
  const std::string_view kind = subject == kKeys ? "a list of keys" : "a receipt";
  MC_TRY_OK(refuse_others(question, kind, kSignedHead));
  MC_TRY(const tlog::Policy policy, policy_of(question));
  const auto parsed = parse(question.file);
  if (parsed) return check(*parsed, policy);
  Report report{std::string(subject)};
  report.step("format", "format_invalid",
              [&]() -> Result<std::string> { return tl::unexpected<Error>(parsed.error()); });
  return report;
}

Result<Report> verify_receipt(const VerifyQuestion& question, const json::Value& kind) {
  const std::string* name = kind.as_string();
  if (name != nullptr && name->starts_with("mc.keys/")) {
    const auto check = [](const KeyList& list, const tlog::Policy& policy) {
      return check_key_list(list, policy.logs());
    };
    return verify_parsed(question, kKeys, parse_key_list, check);
  }
  if (name != nullptr && name->starts_with("mc.range/")) {
    return verify_parsed(question, "range receipt", parse_range_receipt, check_range_receipt);
  }
  return verify_parsed(question, "receipt", parse_receipt, check_receipt);
}

Result<Report> verify_page(const VerifyQuestion& question) {
  MC_TRY(const std::string receipt, receipt_in_page(question.file));
  VerifyQuestion asked = question;
  asked.file = receipt;
  return verify_parsed(asked, "receipt", parse_receipt, check_receipt);
}

// What JSON it is, by its members; all else is found by the first bytes.
Result<Report> verify_json(const VerifyQuestion& question) {
  const Result<json::Value> value = json::parse(question.file, {.bytes_max = kRangeBytesMax});
  if (!value) return fail(Code::invalid, "the file is not sound JSON: " + value.error().what);
  if (value->find("payloadType") != nullptr) return verify_envelope(question);
  if (value->find("mediaType") != nullptr) return verify_bundle(question);
  if (const json::Value* kind = value->find("kind")) return verify_receipt(question, *kind);
  return fail(Code::invalid, "the file is JSON, but no receipt, bundle or envelope");
}

// By its size, a line of digits, and its signatures: programs and pages hold such dashes too.
bool is_checkpoint(std::string_view file) {
  if (file.find("\n\n\xE2\x80\x94 ") == std::string_view::npos) return false;
  file.remove_prefix(file.find('\n') + 1);
  const std::string_view size = file.substr(0, file.find('\n'));
  return !size.empty() && size.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<Report> verify(const VerifyQuestion& question) {
  if (question.file.starts_with('{')) return verify_json(question);
  if (question.file.starts_with(kPageStart)) return verify_page(question);
  if (question.file.starts_with("c2sp.org/tlog-proof@")) return verify_log_proof(question);
  if (is_checkpoint(question.file)) return verify_checkpoint(question);
  return fail(Code::invalid,
              "the file is not a receipt, a bundle, an envelope, a log proof or a checkpoint");
}

Result<Report> verify_tile(const VerifyQuestion& question, const TileFile& file,
                           const FetchTile& fetch) {
  MC_TRY_OK(refuse_others(question, "a tile", kSignedHead));
  MC_TRY(const tlog::Policy policy, policy_of(question));
  return check_tile(file, policy, fetch);
}

}  // namespace mc::proof
