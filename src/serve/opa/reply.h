// The bodies of answers, in OPA's forms. Private to the module.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "net/net.h"
#include "opa/request.h"
#include "policy/policy.h"
#include "sys/sys.h"

namespace mc::opa {

inline constexpr std::string_view kEvaluationFailed = "error(s) occurred while evaluating query";
inline constexpr std::string_view kInputMissing = "'input' key missing from the request";
inline constexpr std::string_view kInputsMissing = "'inputs' key missing from the request";
inline constexpr std::string_view kNoExplanation =
    "decisions are not explained: the parameter 'explain' is ignored";

// {"code": ..., "message": ...}; with the error of an evaluation: "errors": [...] too.
std::string error_body(std::string_view code, std::string_view message,
                       const vm::EvalError* error = nullptr);
// "code": ..., "message": ..., "errors": [...] of an evaluation's error.
void append_error_members(std::string& out, std::string_view message, const vm::EvalError& error);
// "decision_id": ..., and "result": ... unless it is undefined.
void append_result(std::string& out, std::string_view id, term::Value value);
// Of what is missing, "" = nothing, and of an explanation that was asked for.
std::string warning_of(std::string_view missing, bool explain);
// "warning": {...} of what there is to say; nothing for nothing.
void append_warning(std::string& out, std::string_view message);
void append_provenance(std::string& out, std::string_view version,
                       const policy::Policies& policies);

// What was measured of one decision; what was not is left out.
struct Measured {
  std::optional<Nanos> handler, input_parse, evaluation;
  std::optional<std::int64_t> instructions;
};
void append_metrics(std::string& out, const Measured& measured);

// Compact JSON with line feeds and two spaces a level. The text must be JSON.
std::string indented(std::string_view json);

// A path as OPA names it: data.a["b-c"][1].
std::string ref_text(policy::Path path);

}  // namespace mc::opa
