#include "proof/envelope.h"

#include <algorithm>

#include "proof/proto_json.h"

namespace mc::proof {

std::string signed_bytes(std::string_view payload_type, std::string_view payload) {
  std::string out = "DSSEv1 ";
  out.append(std::to_string(payload_type.size())).append(" ").append(payload_type).append(" ");
  return out.append(std::to_string(payload.size())).append(" ").append(payload);
}

Result<Envelope> sign_envelope(std::string payload_type, std::string payload,
                               const crypto::SigningKey& key) {
  MC_TRY(std::string signature, key.sign_der(signed_bytes(payload_type, payload)));
  return Envelope{std::move(payload_type), std::move(payload), {{std::move(signature)}}};
}

Result<Envelope> parse_envelope(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kEnvelopeBytesMax}));
  return read_envelope(value, "");
}

Result<Envelope> read_envelope(const json::Value& value, std::string path) {
  std::optional<Error> fault;
  Fields fields(&value, std::move(path), fault);
  Envelope out;
  out.payload_type = fields.required_text("payloadType");
  out.payload = fields.required_bytes("payload");
  std::size_t index = 0;
  for (const json::Value* entry : fields.list("signatures")) {
    Fields signature(entry, fields.path("signatures[" + std::to_string(index++) + "]"), fault);
    out.signatures.push_back({signature.required_bytes("sig"), signature.text("keyid")});
    signature.done();
  }
  if (out.signatures.empty()) fields.refuse("signatures", "there is none");
  fields.done();
  if (fault) return tl::unexpected<Error>(*fault);
  return out;
}

json::Value to_json(const Envelope& envelope) {
  json::Array signatures;
  for (const EnvelopeSignature& each : envelope.signatures) {
    json::Object signature;
    signature.set("sig", to_base64(each.bytes));
    if (!each.key_id.empty()) signature.set("keyid", each.key_id);
    signatures.emplace_back(std::move(signature));
  }
  json::Object out;
  out.set("payload", to_base64(envelope.payload));
  out.set("payloadType", envelope.payload_type);
  out.set("signatures", std::move(signatures));
  return out;
}

Status check_envelope(const Envelope& envelope, const crypto::PublicKey& key) {
  const std::string message = signed_bytes(envelope.payload_type, envelope.payload);
  const auto holds = [&](const EnvelopeSignature& each) {
    return key.verify_der(message, each.bytes);
  };
  if (std::any_of(envelope.signatures.begin(), envelope.signatures.end(), holds)) return ok();
  return fail(Code::invalid, "the envelope has no signature of this key");
}

}  // namespace mc::proof
