// Decisions: one, or a batch of them.
#include "opa/core.h"

namespace mc::opa {

policy::EvaluateOptions DataApi::Core::options_of(const Ask& ask) const {
  policy::EvaluateOptions options;
  options.strict_errors = ask.flags.strict_errors;
  options.limits.instructions_max = config.evaluation_instructions_max;
  options.limits.memory_bytes_max = static_cast<std::size_t>(config.evaluation_bytes_max);
  options.limits.time_max = config.evaluation_time_max;
  return options;
}

tl::expected<policy::Evaluation, vm::EvalError> DataApi::Core::decide(
    const Ask& ask, const Asked& asked, const policy::EvaluateOptions& options,
    Measured* measured) {
  const bool is_timed = told || measured != nullptr;
  const MonoTime began = is_timed ? world.clock.mono() : MonoTime();
  auto made = ask.loop.evaluator.evaluate(asked.names, asked.input, options);
  const Nanos took = is_timed ? world.clock.mono() - began : Nanos();
  if (measured != nullptr) {
    measured->evaluation = took;
    if (made) measured->instructions = made->instructions;
  }
  (!made                        ? meters.failed
   : made->value.is_undefined() ? meters.undefined
                                : meters.with_result)
      .add();
  if (told) {
    told({.id = asked.id,
          .batch_id = asked.batch_id,
          .path = asked.path,
          .input = asked.input,
          .result = made ? made->value : term::Value(),
          .fixed_answers = made ? made->fixed_answers : term::Value(),
          .error = made ? nullptr : &made.error(),
          .policies = ask.loop.evaluator.policies(),
          .caller = ask.caller.get(),
          .peer = ask.request.peer,
          .at = world.clock.wall(),
          .took = took,
          .instructions = made ? made->instructions : 0});
  }
  return made;
}

// What a builtin complains of may quote the input, so the log has the code and the place alone.
void DataApi::Core::refuse_evaluation(const Ask& ask, std::string_view id,
                                      const vm::EvalError& error) {
  world.log.warn("opa.failed", {{"decision_id", id},
                                {"path", ask.request.path},
                                {"code", error.code},
                                {"file", error.file},
                                {"row", error.at.row}});
  reply(ask, 500, error_body("internal_error", kEvaluationFailed, &error));
}

void DataApi::Core::serve_data(Ask& ask) {
  if (const auto good = check_form(ask.request); !good) return refuse(ask, good.error());
  const Read<policy::Path> names = ask.loop.names.read(ask.route.rest);
  if (!names) return refuse(ask, names.error());
  policy::Evaluator& evaluator = ask.loop.evaluator;
  evaluator.reset();
  Measured measured;
  const MonoTime began = ask.flags.metrics ? world.clock.mono() : MonoTime();
  const bool is_post = ask.request.method == "POST";
  const auto depth_max = static_cast<int>(config.json_depth_max);
  const Read<term::Value> input =
      is_post ? read_input(evaluator.arena(), ask.request.body, depth_max)
              : read_json(evaluator.arena(), ask.flags.input.value_or(""), depth_max);
  if (!input) return refuse(ask, input.error());
  if (ask.flags.metrics) measured.input_parse = world.clock.mono() - began;
  const policy::DecisionIds::Text id = ask.loop.ids.next();
  const auto made = decide(ask, {policy::view(id), {}, ask.route.rest, *names, *input},
                           options_of(ask), ask.flags.metrics ? &measured : nullptr);
  if (!made) return refuse_evaluation(ask, policy::view(id), made.error());
  std::string body;
  body.reserve(128);
  body += '{';
  append_result(body, policy::view(id), made->value);
  if (ask.flags.provenance) append_provenance(body, world.version, *made->policies);
  if (ask.flags.metrics) {
    measured.handler = world.clock.mono() - ask.request.received;
    append_metrics(body, measured);
  }
  append_warning(
      body, warning_of(is_post && input->is_undefined() ? kInputMissing : "", ask.flags.explain));
  body += '}';
  reply(ask, 200, std::move(body));
}

void DataApi::Core::serve_value(Ask& ask, std::string_view path) {
  if (const auto good = check_form(ask.request); !good) return refuse(ask, good.error());
  const Read<policy::Path> names = ask.loop.names.read(path);
  if (!names) return refuse(ask, names.error());
  policy::Evaluator& evaluator = ask.loop.evaluator;
  evaluator.reset();
  const bool is_post = ask.request.method == "POST";
  const std::string given = ask.flags.input.value_or("");
  const Read<term::Value> input =
      read_json(evaluator.arena(), is_post ? ask.request.body : std::string_view(given),
                static_cast<int>(config.json_depth_max));
  if (!input) {
    return refuse(ask, {400, "invalid_parameter",
                        "unexpected parse error for input: " + input.error().message});
  }
  // An empty body is null here, and not the absence of an input.
  const term::Value value = is_post && input->is_undefined() ? term::Value::null() : *input;
  const policy::DecisionIds::Text id = ask.loop.ids.next();
  const auto made =
      decide(ask, {policy::view(id), {}, path, *names, value}, options_of(ask), nullptr);
  if (!made) return refuse_evaluation(ask, policy::view(id), made.error());
  if (made->value.is_undefined()) {
    const policy::Policies::Found found = made->policies->find(*names);
    const bool has_rules = found.is_rule && found.used == names->size();
    const std::string_view message = has_rules ? "document undefined: " : "document missing: ";
    return reply(ask, 404,
                 error_body("undefined_document", std::string(message) + ref_text(*names)));
  }
  reply(ask, 200, term::to_json(made->value));
}

}  // namespace mc::opa
