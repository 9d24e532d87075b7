// POST /v1/batch/data/{path}, as Enterprise OPA has it: many inputs for one path.
#include <algorithm>

#include "json/json.h"
#include "opa/core.h"

namespace mc::opa {
namespace {

using term::Value;

// The answers one after the other, each without its braces.
struct Answers {
  struct Part {
    Value key;
    std::size_t end = 0;  // in `text`
    bool failed = false;
  };
  std::string text;
  std::vector<Part> parts;
  std::size_t failed = 0;

  void finish(Value key, bool is_error) {
    parts.push_back({key, text.size(), is_error});
    failed += is_error ? 1 : 0;
  }
  int status() const {
    if (failed == 0) return 200;
    return failed == parts.size() ? 500 : 207;
  }
  // Each has its own status only where they differ.
  void write(std::string& out) const {
    std::size_t from = 0;
    out += ",\"responses\":{";
    for (const Part& part : parts) {
      if (from > 0) out += ',';
      json::append_quoted(out, part.key.text());
      out += ":{";
      out.append(text, from, part.end - from);
      if (status() == 207) {
        out += part.failed ? ",\"http_status_code\":\"500\"" : ",\"http_status_code\":\"200\"";
      }
      out += '}';
      from = part.end;
    }
    out += '}';
  }
};

// What is common to all, with what the item says instead.
Value whole_input(term::Arena& arena, Value common, Value item) {
  if (!common.is_object() || !item.is_object()) return item;
  Value merged = term::merge(arena, common, item);
  term::freeze(merged);
  return merged;
}

void append_failure(std::string& out, std::string_view id, const vm::EvalError& error) {
  append_error_members(out, error.code + ": " + error.message, error);
  out += ",\"decision_id\":\"";
  out += id;
  out += '"';
}

}  // namespace

bool DataApi::Core::answer_item(const Ask& ask, const Asked& asked, Nanos left, std::string& out) {
  if (left.count <= 0) {
    append_failure(out, asked.id,
                   {"eval_cancel_error",
                    "the batch takes longer than " + format_duration(config.batch_time_max),
                    {},
                    {}});
    return false;
  }
  policy::EvaluateOptions options = options_of(ask);
  options.limits.time_max = std::min(options.limits.time_max, left);
  Measured measured;
  const auto made = decide(ask, asked, options, ask.flags.metrics ? &measured : nullptr);
  if (!made) {
    append_failure(out, asked.id, made.error());
    return false;
  }
  append_result(out, asked.id, made->value);
  if (ask.flags.provenance) append_provenance(out, world.version, *made->policies);
  if (ask.flags.metrics) append_metrics(out, measured);
  return true;
}

void DataApi::Core::serve_batch(Ask& ask) {
  if (const auto good = check_form(ask.request); !good) return refuse(ask, good.error());
  const Read<policy::Path> names = ask.loop.names.read(ask.route.rest);
  if (!names) return refuse(ask, names.error());
  const MonoTime began = world.clock.mono();
  ask.loop.batch.reset();
  const Read<Batch> batch =
      read_batch(ask.loop.batch, ask.request.body, static_cast<int>(config.json_depth_max));
  if (!batch) return refuse(ask, batch.error());
  if (batch->inputs.size() > static_cast<std::size_t>(config.batch_max)) {
    return refuse(ask, {400, "invalid_parameter",
                        "a batch of " + std::to_string(batch->inputs.size()) +
                            " inputs; the limit is " + std::to_string(config.batch_max)});
  }
  Measured measured;
  measured.input_parse = world.clock.mono() - began;
  const policy::DecisionIds::Text batch_id = ask.loop.ids.next();
  Answers answers;
  for (const term::Entry& item : batch->inputs.members()) {
    const policy::DecisionIds::Text id = ask.loop.ids.next();
    policy::Evaluator& evaluator = ask.loop.evaluator;
    evaluator.reset();
    const Value input = whole_input(evaluator.arena(), batch->common, item.value);
    const Nanos left = config.batch_time_max - (world.clock.mono() - began);
    const bool good =
        answer_item(ask, {policy::view(id), policy::view(batch_id), ask.route.rest, *names, input},
                    left, answers.text);
    answers.finish(item.key, !good);
  }
  std::string body = "{\"batch_decision_id\":\"";
  body.append(policy::view(batch_id)).append("\"");
  if (ask.flags.metrics) {
    measured.handler = world.clock.mono() - ask.request.received;
    append_metrics(body, measured);
  }
  answers.write(body);
  append_warning(body,
                 warning_of(batch->inputs.is_undefined() ? kInputsMissing : "", ask.flags.explain));
  body += '}';
  reply(ask, answers.status(), std::move(body));
}

}  // namespace mc::opa
