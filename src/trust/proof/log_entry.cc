#include "proof/log_entry.h"

#include <algorithm>

namespace mc::proof {
namespace {

tlog::Hash hash_of(Fields& fields, std::string_view name, std::string_view bytes) {
  tlog::Hash out{};
  if (bytes.size() != out.size()) {
    fields.refuse(name, "it is not 32 bytes");
  } else {
    std::copy(bytes.begin(), bytes.end(), out.begin());
  }
  return out;
}

std::string as_text(const tlog::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

LogProof read_proof(const json::Value* value, std::string path, std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  LogProof out;
  out.index = static_cast<std::uint64_t>(fields.number("logIndex"));
  out.head.size = static_cast<std::uint64_t>(fields.number("treeSize"));
  out.head.root = hash_of(fields, "rootHash", fields.required_bytes("rootHash"));
  for (const json::Value* entry : fields.list("hashes")) {
    const Result<std::string> bytes =
        entry->as_string() == nullptr ? "" : from_any_base64(*entry->as_string());
    out.path.push_back(hash_of(fields, "hashes", bytes.value_or("")));
  }
  Fields checkpoint(fields.child("checkpoint"), fields.path("checkpoint"), fault);
  out.checkpoint = checkpoint.text("envelope");
  checkpoint.done();
  fields.done();
  return out;
}

json::Object print_proof(const LogProof& proof) {
  json::Array hashes;
  for (const tlog::Hash& hash : proof.path) hashes.emplace_back(to_base64(as_text(hash)));
  json::Object checkpoint;
  checkpoint.set("envelope", proof.checkpoint);
  json::Object out;
  out.set("logIndex", std::to_string(proof.index));
  out.set("rootHash", to_base64(as_text(proof.head.root)));
  out.set("treeSize", std::to_string(proof.head.size));
  out.set("hashes", std::move(hashes));
  out.set("checkpoint", std::move(checkpoint));
  return out;
}

json::Object one(std::string name, json::Value value) {
  json::Object out;
  out.set(std::move(name), std::move(value));
  return out;
}

}  // namespace

LogEntry read_log_entry(const json::Value* value, const std::string& path,
                        std::optional<Error>& fault) {
  Fields fields(value, path, fault);
  LogEntry out;
  out.index = fields.number("logIndex");
  Fields id(fields.child("logId"), fields.path("logId"), fault);
  out.log_id = id.required_bytes("keyId");
  id.done();
  Fields kind(fields.child("kindVersion"), fields.path("kindVersion"), fault);
  out.kind = kind.required_text("kind");
  out.version = kind.required_text("version");
  kind.done();
  out.integrated_s = fields.number("integratedTime");
  Fields promise(fields.child("inclusionPromise"), fields.path("inclusionPromise"), fault);
  out.promise = promise.bytes("signedEntryTimestamp");
  promise.done();
  if (fields.has("inclusionProof")) {
    out.proof = read_proof(fields.child("inclusionProof"), fields.path("inclusionProof"), fault);
  }
  out.body = fields.required_bytes("canonicalizedBody");
  fields.done();
  return out;
}

json::Object to_json(const LogEntry& entry) {
  json::Object kind;
  kind.set("kind", entry.kind);
  kind.set("version", entry.version);
  json::Object out;
  out.set("logIndex", std::to_string(entry.index));
  out.set("logId", one("keyId", to_base64(entry.log_id)));
  out.set("kindVersion", std::move(kind));
  if (entry.integrated_s != 0) out.set("integratedTime", std::to_string(entry.integrated_s));
  if (!entry.promise.empty()) {
    out.set("inclusionPromise", one("signedEntryTimestamp", to_base64(entry.promise)));
  }
  if (entry.proof) out.set("inclusionProof", print_proof(*entry.proof));
  out.set("canonicalizedBody", to_base64(entry.body));
  return out;
}

}  // namespace mc::proof
