// What an OPA server answers on POST /v1/data/{path}?provenance=true. Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "term/term.h"

namespace mc::access {

struct RemoteAnswer {
  term::Value result;       // undefined = the policies say nothing, or the evaluation failed
  std::string error;        // OPA's code of a failed evaluation: eval_conflict_error; "" = none
  std::string revision;     // "name@revision", comma separated; kRemoteRevision when none is named
  std::string decision_id;  // OPA's; "" = none
};

// `invalid` when it is no answer of policies: another status, no JSON, another shape, deeper than
// kRemoteAnswerDepthMax. The text names the status or the member and repeats nothing of the body.
Result<RemoteAnswer> read_remote_answer(term::Arena& arena, int status, std::string_view body);

}  // namespace mc::access
