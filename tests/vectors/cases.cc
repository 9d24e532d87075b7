#include "cases.h"

#include <algorithm>
#include <iterator>

#include "contract/signing_world.h"
#include "json/json.h"

namespace mc::vectors {
namespace {

const std::string kLog = "audit/alpha";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  MC_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// The JSON of a receipt with `edit` done to it, in the form that receipts have.
template <class Edit>
std::string edited(const std::string& text, const Edit& edit) {
  json::Value value = *json::parse(text);
  edit(value);
  return json::canonical(value);
}

json::Value& at(json::Value& value, std::initializer_list<const char*> path) {
  json::Value* here = &value;
  for (const char* name : path) here = here->as_object()->find(name);
  return *here;
}

class Maker {
 public:
  std::vector<Case> make() {
    record();
    receipts();
    json_of_receipts();
    notes();
    witnesses();
    ranges();
    log_proofs();
    signatures();
    pages();
    backslashes();
    return std::move(cases_);
  }

 private:
  void record() {
    for (int i = 0; i < 9; ++i) {
      world_.clock.advance(seconds(60));
      const std::string tenant = i % 3 == 2 ? "bravo" : "alpha";
      const auto done = world_.ledger->append({"audit/" + tenant,
                                               "access",
                                               "otto@system",
                                               tenant,
                                               "GET /v1/tenants/{tenant}/tokens",
                                               "support",
                                               i == 4 ? "TKT-1" : "",
                                               R"({"rows":)" + std::to_string(i) + "}",
                                               {}});
      MC_CHECK(done);
      if (tenant == "alpha") times_.push_back(done->time);
    }
    checkpoint_ = *world_.ledger->publish();
    key_ = world_.ledger->key().print();
    receipt_ =
        proof::print_receipt(*proof::make_receipt(world_.ledger->store(), kLog, 3, checkpoint_));
  }
  void add(Case one) {
    one.now = world_.clock.wall();
    cases_.push_back(std::move(one));
  }
  void add_receipt(const std::string& name, const std::string& file) {
    add({.name = name, .file = file, .log_keys = {key_}});
  }
  void receipts() {
    add_receipt("receipt", receipt_);
    add_receipt("receipt_actor_changed", edited(receipt_, [](json::Value& value) {
                  std::string& leaf = *at(value, {"record", "leaf"}).as_string();
                  leaf = replaced(leaf, "otto@system", "nobody@else");
                }));
    add_receipt("receipt_payload_changed", edited(receipt_, [](json::Value& value) {
                  at(value, {"opened", "payload"}) = to_base64(R"({"rows":99})");
                }));
    add_receipt("receipt_without_payload",
                edited(receipt_, [](json::Value& value) { value.as_object()->erase("opened"); }));
    add_receipt("receipt_leaf_not_canonical", edited(receipt_, [](json::Value& value) {
                  std::string& leaf = *at(value, {"record", "leaf"}).as_string();
                  leaf = replaced(leaf, "\"v\":1", "\"v\": 1");
                }));
    add_receipt("receipt_hash_missing", edited(receipt_, [](json::Value& value) {
                  at(value, {"record", "path"}).as_array()->pop_back();
                }));
    add_receipt("receipt_hash_too_many", edited(receipt_, [](json::Value& value) {
                  json::Array& path = *at(value, {"record", "path"}).as_array();
                  path.push_back(path.back());
                }));
    add_receipt("receipt_head_hash_missing", edited(receipt_, [](json::Value& value) {
                  at(value, {"head", "path"}).as_array()->pop_back();
                }));
    add_receipt("receipt_head_of_another_log", edited(receipt_, [](json::Value& value) {
                  std::string& leaf = *at(value, {"head", "leaf"}).as_string();
                  leaf = replaced(leaf, "audit/alpha", "audit/bravo");
                }));
  }
  void json_of_receipts() {
    add_receipt("receipt_trailing_newline", receipt_ + "\n");
    add_receipt("receipt_with_a_blank", replaced(receipt_, ":", ": "));
    add_receipt("receipt_member_twice",
                replaced(receipt_, "{\"checkpoint\"", "{\"checkpoint\":\"\",\"checkpoint\""));
    add_receipt("receipt_unknown_member", edited(receipt_, [](json::Value& value) {
                  value.as_object()->set("zusatz", json::Value(1));
                }));
    add_receipt("receipt_lone_surrogate",
                replaced(receipt_, "mc.receipt/v1", "mc.receipt/v1\\ud800"));
    add_receipt("receipt_other_version", replaced(receipt_, "mc.receipt/v1", "mc.receipt/v2"));
    add_receipt("nothing", "");
    add_receipt("not_json", "hello");
  }
  // Of a receipt's page as much as verifiers look at.
  void pages() {
    const std::string start = std::string(proof::kPageStart) + "<title>Receipt</title>\n";
    const std::string program = "\n<script>start()</script>\n";
    const std::string block = proof::print_page_block(receipt_);
    add_receipt("receipt_page", start + block + program);
    add_receipt("receipt_page_actor_changed",
                start + replaced(block, "otto@system", "nobody@else") + program);
    add_receipt("receipt_page_not_json", start + replaced(block, "{", "[") + program);
    add_receipt("receipt_page_raw_escape",
                start + replaced(block, "mc.receipt", "mc.rec\\u0065ipt") + program);
    add_receipt("receipt_page_bundle_in_it",
                start + proof::print_page_block(R"({"mediaType":"x"})") + program);
    add_receipt("receipt_page_nothing_in_it", start + program);
    add_receipt("receipt_page_two_receipts", start + block + block + program);
    add_receipt("receipt_page_three_scripts", start + block + program + program);
    add_receipt("receipt_page_in_a_comment", start + "<!-- " + block + " -->" + program);
    add_receipt("receipt_page_without_an_end",
                start + replaced(block, "</script>", "</div>") + program);
  }
  void notes() {
    add({.name = "checkpoint", .file = checkpoint_, .log_keys = {key_}});
    add({.name = "checkpoint_size_changed",
         .file = replaced(checkpoint_, "\n9\n", "\n8\n"),
         .log_keys = {key_}});
    add({.name = "checkpoint_without_signature",
         .file = checkpoint_.substr(0, checkpoint_.find("\n\n") + 2),
         .log_keys = {key_}});
    const std::string other =
        tlog::NoteSigner::make("other.example", tlog::NoteKeyType::ed25519,
                               *crypto::SigningKey::ed25519(Secret(std::string(32, 'o'))))
            ->key()
            .print();
    add({.name = "checkpoint_unknown_key", .file = checkpoint_, .log_keys = {other}});
    add({.name = "receipt_unknown_key", .file = receipt_, .log_keys = {other}});
    add({.name = "receipt_one_of_two_keys", .file = receipt_, .log_keys = {other, key_}});
    // A second line of the same key that does not hold.
    const std::size_t line = checkpoint_.find("\n\n") + 2;
    std::string spoilt = checkpoint_.substr(line);
    const std::size_t last =
        spoilt.rfind('=') == std::string::npos ? spoilt.size() - 6 : spoilt.rfind('=') - 6;
    spoilt[last] = spoilt[last] == 'A' ? 'B' : 'A';
    add({.name = "checkpoint_known_key_bad_signature",
         .file = checkpoint_ + spoilt,
         .log_keys = {key_}});
  }
  void witnesses() {
    const auto signer =
        tlog::NoteSigner::make("witness.example", tlog::NoteKeyType::cosignature_v1,
                               *crypto::SigningKey::ed25519(Secret(std::string(32, 'w'))));
    tlog::Note note = *tlog::parse_note(checkpoint_);
    note.signatures.push_back(*signer->sign(note.text, world_.clock.wall().nanos / 1'000'000'000));
    const std::string policy =
        "log " + key_ + "\nwitness far " + signer->key().print() + "\nquorum far\n";
    add({.name = "checkpoint_cosigned", .file = tlog::print_note(note), .policy = policy});
    add({.name = "checkpoint_not_cosigned", .file = checkpoint_, .policy = policy});
    add({.name = "receipt_not_cosigned", .file = receipt_, .policy = policy});
    add({.name = "receipt_without_quorum",
         .file = receipt_,
         .policy = "log " + key_ + "\nquorum none\n"});
  }
  void ranges() {
    const std::string whole = proof::print_range_receipt(*proof::make_range_receipt(
        world_.ledger->store(), kLog, {times_[1], times_[5]}, checkpoint_));
    add_receipt("range", whole);
    const auto without = [&](std::size_t index) {
      return edited(whole, [&](json::Value& value) {
        json::Array& records = *at(value, {"records"}).as_array();
        records.erase(records.begin() + static_cast<std::ptrdiff_t>(index));
      });
    };
    const std::size_t count = json::parse(whole)->find("records")->as_array()->size();
    add_receipt("range_first_removed", without(0));
    add_receipt("range_middle_removed", without(2));
    add_receipt("range_last_removed", without(count - 1));
    add_receipt("range_swapped", edited(whole, [](json::Value& value) {
                  json::Array& records = *at(value, {"records"}).as_array();
                  std::swap(records[1], records[2]);
                }));
    add_receipt("range_payload_changed", edited(whole, [](json::Value& value) {
                  json::Value& record = (*at(value, {"records"}).as_array())[1];
                  at(record, {"opened", "payload"}) = to_base64("{}");
                }));
    add_receipt("range_without_payloads", edited(whole, [](json::Value& value) {
                  for (json::Value& record : *at(value, {"records"}).as_array()) {
                    record.as_object()->erase("opened");
                  }
                }));
    add_receipt("range_wider", edited(whole, [&](json::Value& value) {
                  at(value, {"to"}) = format_rfc3339(times_[5] + seconds(1));
                }));
  }
  void log_proofs() {
    const auto signer = world_.ledger->signers_of(kLog);
    const ledger::LogCheckpoint signed_log = *world_.ledger->publish_log(kLog, *signer);
    tlog::ProofFile file;
    file.index = 2;
    file.path = *world_.ledger->store().prove_inclusion(kLog, 2, signed_log.head.size);
    file.checkpoint = signed_log.note;
    const std::string leaf = world_.ledger->store().read(kLog, 2)->leaf;
    const std::vector<std::string> keys = {signer->front().key().print()};
    add({.name = "tlog_proof",
         .file = tlog::print_proof_file(file),
         .artifact = leaf,
         .log_keys = keys});
    add({.name = "tlog_proof_other_leaf",
         .file = tlog::print_proof_file(file),
         .artifact = leaf + " ",
         .log_keys = keys});
    file.index = 3;
    add({.name = "tlog_proof_other_index",
         .file = tlog::print_proof_file(file),
         .artifact = leaf,
         .log_keys = keys});
    file.index = 2;
    file.path.pop_back();
    add({.name = "tlog_proof_hash_missing",
         .file = tlog::print_proof_file(file),
         .artifact = leaf,
         .log_keys = keys});
  }
  void signatures() {
    proof::Statement statement;
    statement.subjects.push_back(
        {"file", {{"sha256", to_hex(*crypto::digest("sha256", "content"))}}});
    statement.predicate_type = "https://example.org/said/v1";
    statement.predicate = json::Object();
    const proof::Bundle bundle = *world_.signing->sign(statement);
    const std::string text = proof::print_bundle(bundle);
    const std::string pem = world_.signing->signer().to_pem();
    const auto add_bundle = [&](const std::string& name, const std::string& file,
                                const std::string& artifact) {
      add({.name = name,
           .file = file,
           .trusted_root = proof::print_trusted_root(world_.signing->trust()),
           .key = pem,
           .artifact = artifact});
    };
    add_bundle("bundle", text, "content");
    add_bundle("bundle_other_artifact", text, "another content");
    add_bundle("bundle_unknown_member",
               replaced(text, "{\"mediaType\"", "{\"more\":1,\"mediaType\""), "content");
    add_bundle("bundle_payload_changed",
               edited(text,
                      [](json::Value& value) {
                        at(value, {"dsseEnvelope", "payload"}) = to_base64("{}");
                      }),
               "content");
    add_bundle(
        "bundle_without_time",
        edited(
            text,
            [](json::Value& value) {
              at(value, {"verificationMaterial"}).as_object()->erase("timestampVerificationData");
            }),
        "content");
    add_bundle("bundle_with_a_promise", promised(bundle, pem), "content");
    const std::string envelope = json::print(to_json(std::get<proof::Envelope>(bundle.content)));
    add({.name = "envelope", .file = envelope, .key = pem, .artifact = "content"});
    add({.name = "envelope_without_artifact", .file = envelope, .key = pem});
    add({.name = "envelope_other_artifact", .file = envelope, .key = pem, .artifact = "other"});
    add({.name = "envelope_type_changed",
         .file = replaced(envelope, "in-toto+json", "in-toto-json"),
         .key = pem});
  }

  // As the first bundles were: the log's promise, without a proof.
  std::string promised(proof::Bundle bundle, const std::string& pem) {
    const auto& envelope = std::get<proof::Envelope>(bundle.content);
    const std::string body = *proof::read_proposal(proof::print_proposal(envelope, pem));
    bundle.entries = {world_.signing->promised_log().add(body)->entry};
    bundle.entries.front().proof.reset();
    bundle.timestamps.clear();
    return edited(proof::print_bundle(bundle), [](json::Value& value) {
      at(value, {"mediaType"}) = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    });
  }
  // In the JSON of a receipt a backslash is two, and here a "u" stands behind them.
  void backslashes() {
    WallTime last{};
    for (int i = 0; i < 3; ++i) {
      world_.clock.advance(seconds(60));
      const auto done = world_.ledger->append({"audit/charlie",
                                               "access",
                                               "otto@system",
                                               "charlie",
                                               "GET /v1/tenants/{tenant}/tokens",
                                               "support",
                                               R"(CORP\user-42)",
                                               "{}",
                                               {}});
      MC_CHECK(done);
      last = done->time;
    }
    const ledger::Store& store = world_.ledger->store();
    const std::string log = "audit/charlie";
    const std::string checkpoint = *world_.ledger->publish();
    add_receipt("receipt_backslash",
                proof::print_receipt(*proof::make_receipt(store, log, 1, checkpoint)));
    add_receipt("range_backslash", proof::print_range_receipt(*proof::make_range_receipt(
                                       store, log, {last - seconds(60), last}, checkpoint)));
  }

  signing::SigningWorld world_;
  std::vector<WallTime> times_;  // of alpha's records
  std::string checkpoint_;
  std::string key_;
  std::string receipt_;
  std::vector<Case> cases_;
};

}  // namespace

proof::VerifyQuestion Case::question() const {
  proof::VerifyQuestion out{.file = file, .now = now};
  out.trust = policy ? policy : trusted_root;
  out.log_keys = log_keys;
  out.public_key = key;
  if (artifact) out.artifact = proof::Artifact{*artifact};
  return out;
}

std::vector<Case> make_cases() {
  std::vector<Case> out = Maker().make();
  for (std::vector<Case> more : {make_key_cases(), make_pack_cases()}) {
    std::move(more.begin(), more.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace mc::vectors
