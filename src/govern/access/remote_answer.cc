#include "access/remote_answer.h"

#include <algorithm>

#include "access/remote.h"

namespace mc::access {
namespace {

using term::Value;

constexpr std::size_t kCodeBytesMax = 64;
constexpr std::string_view kEvaluation = "eval_";

tl::unexpected<Error> not_an_answer(std::string_view why) {
  return fail(Code::invalid, "the OPA server's answer: " + std::string(why));
}

Result<Value> read_object(term::Arena& arena, std::string_view body) {
  term::JsonLimits limits;
  limits.depth_max = kRemoteAnswerDepthMax;
  limits.bytes_max = kRemoteAnswerBytesMax;
  const auto value = term::parse_json(arena, body, limits);
  if (!value) {
    return not_an_answer("it is no JSON, or deeper than " + std::to_string(kRemoteAnswerDepthMax));
  }
  if (!value->is_object()) return not_an_answer("it is no object");
  return *value;
}

bool is_code(std::string_view text) {
  return text.starts_with(kEvaluation) && text.size() <= kCodeBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// {"code": "internal_error", "errors": [{"code": "eval_conflict_error", ...}], ...}
Result<RemoteAnswer> read_error(term::Arena& arena, int status, std::string_view body) {
  const auto value = read_object(arena, body);
  const Value errors = value ? value->find("errors") : Value();
  const Value code = errors.find(Value::integer(0)).find("code");
  if (!is_code(code.text())) {
    return not_an_answer("status " + std::to_string(status));
  }
  RemoteAnswer out;
  out.error = code.text();
  out.revision = kRemoteRevision;
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kRemoteNameBytesMax && is_one_line(text);
}

// {"bundles": {"main": {"revision": "r1"}}, ...}; in the order of the names.
std::string revision_of(Value provenance) {
  std::string out;
  for (const term::Entry& bundle : provenance.find("bundles").members()) {
    const std::string_view name = bundle.key.text();
    const std::string_view revision = bundle.value.find("revision").text();
    if (!is_name(name) || !is_name(revision)) continue;
    out.append(out.empty() ? "" : ",").append(name).append("@").append(revision);
  }
  const bool is_good = !out.empty() && out.size() <= kRemoteNameBytesMax;
  return is_good ? out : std::string(kRemoteRevision);
}

}  // namespace

Result<RemoteAnswer> read_remote_answer(term::Arena& arena, int status, std::string_view body) {
  if (status == 500) return read_error(arena, status, body);
  if (status != 200) return not_an_answer("status " + std::to_string(status));
  MC_TRY(const Value value, read_object(arena, body));
  RemoteAnswer out;
  out.result = value.find("result");
  out.revision = revision_of(value.find("provenance"));
  const std::string_view id = value.find("decision_id").text();
  if (is_name(id)) out.decision_id = id;
  return out;
}

}  // namespace mc::access
