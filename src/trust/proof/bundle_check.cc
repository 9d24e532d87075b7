#include "proof/bundle_check.h"

#include <algorithm>
#include <set>

#include "proof/entry.h"
#include "proof/rekor1.h"

namespace mc::proof {
namespace {

constexpr std::string_view kIssuerOid = "1.3.6.1.4.1.57264.1.8";
constexpr std::string_view kIssuerOidOld = "1.3.6.1.4.1.57264.1.1";
constexpr std::size_t kNoteIdBytes = 4;

using Detail = Result<std::string>;

tl::unexpected<Error> no(std::string why) {
  return fail(Code::invalid, std::move(why));
}

std::string count_of(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// Of a log of Rekor's second version: one shard, so one index; no promise, and no time of its own.
bool is_of_tiles(const LogEntry& entry) {
  return entry.promise.empty() && entry.kind != "intoto" && entry.version == "0.0.2";
}

// "sha256" of the name that bundles have for it.
std::string_view algorithm_of(std::string_view name) {
  if (name == "SHA2_256") return "sha256";
  if (name == "SHA2_384") return "sha384";
  return name == "SHA2_512" ? "sha512" : "";
}

class BundleCheck {
 public:
  explicit BundleCheck(const BundleQuestion& question)
      : question_(question), bundle_(question.bundle), report_("bundle") {}

  Report run() {
    report_.step("signer", "signer_unexpected", [this] { return signer(); });
    const bool by_key = bundle_.certificates.empty();
    const bool stamped = !bundle_.timestamps.empty();
    const bool promised = any([](const LogEntry& entry) { return !entry.promise.empty(); });
    const bool proven = any([](const LogEntry& entry) { return entry.proof.has_value(); });
    const bool enough = logs() >= question_.entries_min;
    step_if(stamped, "timestamp", "timestamp_invalid", "the bundle has none",
            [this] { return timestamps(); });
    step_if(promised, "promise", "promise_invalid", "no entry has one",
            [this] { return promises(); });
    step_if(proven || !enough, "inclusion", "inclusion_invalid", "no entry has a proof",
            [this] { return inclusion(); });
    step_if(proven, "checkpoint", "checkpoint_invalid", "no entry has a proof",
            [this] { return checkpoints(); });
    step_if(stamped || promised || !by_key, "time", "time_missing",
            "the bundle has none; a key needs none", [this] { return trusted_times(); });
    if (by_key) {
      for (const char* name : {"certificate", "transparency", "identity"}) {
        report_.skip(name, "the signer is a key");
      }
    } else {
      report_.step("certificate", "certificate_untrusted", [this] { return certificate(); });
      report_.step("transparency", "transparency_missing", [this] { return transparency(); });
      report_.step("identity", "identity_mismatch", [this] { return identity(); });
    }
    report_.step("signature", "signature_invalid", [this] { return signature(); });
    report_.step("artifact", "artifact_mismatch", [this] { return artifact(); });
    step_if(!bundle_.entries.empty(), "entry", "entry_mismatch", "the bundle has none",
            [this] { return entries(); });
    return std::move(report_);
  }

 private:
  template <class Is>
  bool any(const Is& is) const {
    return std::any_of(bundle_.entries.begin(), bundle_.entries.end(), is);
  }
  // What is not there is not said to hold.
  template <class Check>
  void step_if(bool there, std::string_view name, std::string_view reason, std::string_view why,
               const Check& check) {
    if (there) {
      report_.step(name, reason, check);
    } else {
      report_.skip(name, why);
    }
  }
  std::size_t logs() const {
    std::set<std::string_view> out;
    for (const LogEntry& entry : bundle_.entries) out.insert(entry.log_id);
    return out.size();
  }

  Detail signer() const {
    if (question_.key && question_.identity) return no("a key and an identity are expected");
    if (bundle_.certificates.empty()) {
      if (!question_.key) return no("the signer is a key, and none was given");
      if (bundle_.key_hint != key_hint_of(*question_.key)) {
        return no("the bundle names another key: " + excerpt(bundle_.key_hint));
      }
      return "the key " + bundle_.key_hint;
    }
    if (!question_.identity) return no("the signer has a certificate, and no identity was given");
    return "a certificate";
  }

  const crypto::PublicKey& key() const {
    return bundle_.certificates.empty() ? *question_.key : bundle_.certificates.front().key();
  }

  Detail timestamps() {
    std::vector<pki::TimestampAuthority> authorities;
    for (const Authority& each : question_.root.timestamp_authorities) {
      authorities.push_back({each.chain, each.period});
    }
    std::string out;
    std::set<std::string> seen;
    for (const std::string& token : bundle_.timestamps) {
      if (!seen.insert(token).second) return no("a timestamp is there twice");
      MC_TRY(const pki::Timestamp time,
             pki::check_timestamp(token, bundle_.signature(), authorities));
      MC_TRY_OK(add_time(time.time));
      out += (out.empty() ? "" : ", ") + format_rfc3339(time.time);
    }
    return out;
  }

  Status add_time(WallTime time) {
    if (question_.now.nanos != 0 && time > question_.now) {
      return no("its time is in the future: " + format_rfc3339(time));
    }
    times_.push_back(time);
    return ok();
  }

  Result<const TransparencyLog*> log_of(const LogEntry& entry) const {
    for (const TransparencyLog& log : question_.root.logs) {
      if (log.id == entry.log_id) return &log;
    }
    return no("no trusted log has the id " + to_base64(entry.log_id));
  }

  Detail promises() {
    std::size_t count = 0;
    for (const LogEntry& entry : bundle_.entries) {
      if (entry.promise.empty()) continue;
      MC_TRY(const TransparencyLog* log, log_of(entry));
      if (!log->key.verify_der(promised_text(entry), entry.promise)) {
        return no("the promise is not the log's word for this entry");
      }
      constexpr std::int64_t kSecondsMax = INT64_MAX / 1'000'000'000;
      if (entry.integrated_s <= 0 || entry.integrated_s > kSecondsMax) {
        return no("the promise has no time");
      }
      const WallTime time{entry.integrated_s * 1'000'000'000};
      if (!log->period.contains(time)) return no("the log was not trusted at that time");
      MC_TRY_OK(add_time(time));
      ++count;
    }
    return "signed by " + count_of(count, "log");
  }

  Detail inclusion() const {
    std::set<std::string_view> proven;
    for (const LogEntry& entry : bundle_.entries) {
      if (!entry.proof) continue;
      proven.insert(entry.log_id);
      MC_TRY_OK(tlog::check_inclusion(tlog::leaf_hash(entry.body), entry.proof->index,
                                      entry.proof->head, entry.proof->path));
      if (!is_of_tiles(entry)) continue;
      if (static_cast<std::uint64_t>(entry.index) != entry.proof->index) {
        return no("the entry's index is not that of its proof");
      }
      if (entry.integrated_s != 0) return no("the entry has a time that nobody signed");
    }
    if (logs() < question_.entries_min) {
      return no("the bundle has entries of " + count_of(logs(), "log") + ", wanted are " +
                std::to_string(question_.entries_min));
    }
    return "in the tree of " + count_of(proven.size(), "log");
  }

  Status check_origin(const TransparencyLog& log, const tlog::Checkpoint& checkpoint) const {
    const std::string host = host_of(log.base_url);
    const std::string& origin = checkpoint.origin;
    // Rekor v1 writes the id of its tree behind the host.
    if (origin == host || origin.starts_with(host + " - ")) return ok();
    return no("its origin is " + excerpt(origin) + ", not " + host);
  }

  Status check_checkpoint(const LogEntry& entry) const {
    MC_TRY(const TransparencyLog* log, log_of(entry));
    MC_TRY(const tlog::Note note, tlog::parse_note(entry.proof->checkpoint));
    MC_TRY(const tlog::Checkpoint checkpoint, tlog::parse_checkpoint(note.text));
    MC_TRY_OK(check_origin(*log, checkpoint));
    if (checkpoint.head != entry.proof->head) return no("its head is not that of the proof");
    const std::string host = host_of(log->base_url);
    std::size_t made = 0;
    for (const tlog::NoteSignature& signature : note.signatures) {
      std::string id(kNoteIdBytes, '\0');
      for (std::size_t i = 0; i < id.size(); ++i) {
        id[i] = static_cast<char>(signature.key_id >> (8 * (id.size() - 1 - i)) & 255);
      }
      if (signature.key_name != host || !log->id.starts_with(id)) continue;
      if (!log->key.verify_der(note.text, signature.bytes)) {
        return no("the signature of " + host + " does not hold");
      }
      ++made;
    }
    if (made == 0) return no("it has no signature of " + host);
    return ok();
  }

  Detail checkpoints() const {
    std::size_t count = 0;
    for (const LogEntry& entry : bundle_.entries) {
      if (!entry.proof) continue;
      MC_TRY_OK(check_checkpoint(entry));
      MC_TRY(const TransparencyLog* log, log_of(entry));
      for (const WallTime time : times_) {
        if (entry.promise.empty() && !log->period.contains(time)) {
          return no("the log was not trusted at " + format_rfc3339(time));
        }
      }
      // Whoever has a key that has ended can make what nothing dates.
      if (times_.empty() && log->period.until) {
        return no("the log's key has ended at " + format_rfc3339(*log->period.until) +
                  ", and nothing says that this was signed before");
      }
      ++count;
    }
    return count_of(count, "checkpoint") + " signed by the log";
  }

  Detail trusted_times() const {
    if (times_.empty()) return no("a certificate needs a timestamp, or a log's promise");
    std::string out;
    for (const WallTime time : times_) out += (out.empty() ? "" : ", ") + format_rfc3339(time);
    return out;
  }

  Detail certificate() {
    const pki::Certificate& leaf = bundle_.certificates.front();
    for (const WallTime time : times_) {
      if (!leaf.validity().contains(time)) {
        return no("the certificate was not valid at " + format_rfc3339(time));
      }
      std::string why = "no authority was trusted at " + format_rfc3339(time);
      bool found = false;
      for (const Authority& authority : question_.root.certificate_authorities) {
        if (!authority.period.contains(time)) continue;
        Result<std::vector<pki::Certificate>> chain = pki::build_chain(
            {leaf, authority.chain, authority.chain.back(), time, pki::Usage::code_signing});
        if (chain) {
          chain_ = std::move(*chain);
          found = true;
          break;
        }
        why = chain.error().what;
      }
      if (!found) return no(why);
    }
    return "to " + chain_.back().subject();
  }

  Detail transparency() const {
    std::vector<pki::CertificateLog> logs;
    for (const TransparencyLog& log : question_.root.certificate_logs) {
      logs.push_back({log.key, log.id, log.period});
    }
    if (chain_.size() < 2) return no("the certificate has no issuer");
    MC_TRY(const std::size_t count, pki::check_certificate_timestamps(chain_[0], chain_[1], logs));
    if (count == 0) return no("no trusted log has seen the certificate");
    return count_of(count, "log") + " of certificates";
  }

  Detail identity() const {
    const pki::Certificate& leaf = bundle_.certificates.front();
    const Identity& wanted = *question_.identity;
    const auto& names = leaf.names();
    if (std::find(names.begin(), names.end(), wanted.name) == names.end()) {
      return no("the certificate is of " + (names.empty() ? "nobody" : excerpt(names[0], 200)) +
                ", not of " + excerpt(wanted.name, 200));
    }
    std::string issuer;
    if (const auto value = leaf.extension(kIssuerOid)) {
      MC_TRY(issuer, pki::read_utf8_string(*value));
    } else if (const auto old = leaf.extension(kIssuerOidOld)) {
      issuer = *old;
    }
    if (issuer != wanted.issuer) {
      return no("the issuer is " + excerpt(issuer, 200) + ", not " + excerpt(wanted.issuer, 200));
    }
    return wanted.name + " by " + issuer;
  }

  Detail signature() const {
    if (const auto* envelope = std::get_if<Envelope>(&bundle_.content)) {
      MC_TRY_OK(check_envelope(*envelope, key()));
      return "of the envelope's payload";
    }
    const auto& message = std::get<MessageSignature>(bundle_.content);
    const bool holds = question_.artifact.sha256
                           ? key().verify_digest_der(*question_.artifact.sha256, message.signature)
                           : key().verify_der(question_.artifact.bytes, message.signature);
    if (!holds) return no("it is not the signer's signature of this artifact");
    return "of the artifact";
  }

  Result<std::string> artifact_digest(std::string_view algorithm) const {
    return digest_of(question_.artifact, algorithm);
  }

  Detail artifact() const {
    if (const auto* message = std::get_if<MessageSignature>(&bundle_.content)) {
      const std::string_view algorithm = algorithm_of(message->digest_algorithm);
      MC_TRY(const std::string digest, artifact_digest(algorithm));
      if (message->digest != digest) return no("the bundle's digest is of another artifact");
      return std::string(algorithm) + ":" + to_hex(digest);
    }
    const auto& envelope = std::get<Envelope>(bundle_.content);
    if (envelope.payload_type != kStatementType) {
      return no("the payload is " + excerpt(envelope.payload_type) + ", not a statement");
    }
    MC_TRY(const Statement statement, parse_statement(envelope.payload));
    return find_subject(statement, question_.artifact);
  }

  Result<std::string> digest_for(const Entry& entry) const {
    const auto* envelope = std::get_if<Envelope>(&bundle_.content);
    if (envelope != nullptr) {
      return crypto::digest(entry.digest_algorithm,
                            entry.digest_of == DigestOf::payload
                                ? envelope->payload
                                : signed_bytes(envelope->payload_type, envelope->payload));
    }
    if (entry.digest_of != DigestOf::message) return no("it is of an envelope");
    return artifact_digest(entry.digest_algorithm);
  }

  // The log's entry must say the same as the bundle, or the proof is of something else.
  Status check_entry(const LogEntry& logged) const {
    MC_TRY(const Entry entry, parse_entry(logged.body));
    if (entry.kind != logged.kind || entry.version != logged.version) {
      return no("its kind is " + entry.kind + " " + entry.version + ", not as the bundle has it");
    }
    const std::string verifier = bundle_.certificates.empty() ? question_.key->to_spki()
                                                              : bundle_.certificates.front().der();
    const Entry::Signature wanted{bundle_.signature(), verifier};
    if (entry.signatures.size() != 1 || entry.signatures.front().bytes != wanted.bytes) {
      return no("its signature is not the bundle's");
    }
    if (entry.signatures.front().verifier != wanted.verifier) return no("its signer is another");
    MC_TRY(const std::string digest, digest_for(entry));
    if (entry.digest != digest) return no("its digest is of something else");
    return ok();
  }

  Detail entries() const {
    std::string out;
    for (const LogEntry& entry : bundle_.entries) {
      MC_TRY_OK(check_entry(entry));
      out += (out.empty() ? "" : ", ") + entry.kind + " " + entry.version;
    }
    return out;
  }

  const BundleQuestion& question_;
  const Bundle& bundle_;
  Report report_;
  std::vector<WallTime> times_;
  std::vector<pki::Certificate> chain_;
};

}  // namespace

Report check_bundle(const BundleQuestion& question) {
  return BundleCheck(question).run();
}

}  // namespace mc::proof
