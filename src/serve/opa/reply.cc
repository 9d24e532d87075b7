#include "opa/reply.h"

#include <algorithm>

#include "json/json.h"

namespace mc::opa {
namespace {

bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void append_member(std::string& out, std::string_view name, std::int64_t value) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += std::to_string(value);
}

}  // namespace

void append_error_members(std::string& out, std::string_view message, const vm::EvalError& error) {
  json::Writer writer(out);
  out += "\"code\":\"internal_error\",\"message\":";
  json::append_quoted(out, message);
  out += ",\"errors\":[";
  writer.begin_object().member("code", error.code).member("message", error.message);
  if (error.at.row > 0) {
    writer.key("location").begin_object().member("file", error.file);
    writer.member("row", static_cast<std::int64_t>(error.at.row));
    writer.member("col", static_cast<std::int64_t>(error.at.column)).end_object();
  }
  writer.end_object();
  out += ']';
}

std::string error_body(std::string_view code, std::string_view message,
                       const vm::EvalError* error) {
  std::string out = "{";
  if (error != nullptr) {
    append_error_members(out, message, *error);
  } else {
    out += "\"code\":";
    json::append_quoted(out, code);
    out += ",\"message\":";
    json::append_quoted(out, message);
  }
  out += "}";
  return out;
}

void append_result(std::string& out, std::string_view id, term::Value value) {
  out += "\"decision_id\":\"";
  out += id;
  out += '"';
  if (value.is_undefined()) return;
  out += ",\"result\":";
  term::append_json(out, value);
}

std::string warning_of(std::string_view missing, bool explain) {
  std::string out(missing);
  if (!explain) return out;
  if (!out.empty()) out += "; ";
  return out.append(kNoExplanation);
}

void append_warning(std::string& out, std::string_view message) {
  if (message.empty()) return;
  out += ",\"warning\":{\"code\":\"api_usage_warning\",\"message\":";
  json::append_quoted(out, message);
  out += '}';
}

void append_provenance(std::string& out, std::string_view version,
                       const policy::Policies& policies) {
  out += ",\"provenance\":";
  json::Writer writer(out);
  writer.begin_object().member("version", version).member("build_commit", "");
  writer.member("build_timestamp", "").member("build_hostname", "");
  if (!policies.bundles().empty()) {
    writer.key("bundles").begin_object();
    for (const policy::BundleInfo& bundle : policies.bundles()) {
      writer.key(bundle.name).begin_object().member("revision", bundle.revision).end_object();
    }
    writer.end_object();
  }
  writer.end_object();
}

void append_metrics(std::string& out, const Measured& measured) {
  out += ",\"metrics\":{";
  if (measured.instructions) {
    append_member(out, "counter_regovm_eval_instructions", *measured.instructions);
  }
  if (measured.input_parse) {
    append_member(out, "timer_rego_input_parse_ns", measured.input_parse->count);
  }
  if (measured.evaluation) {
    append_member(out, "timer_rego_query_eval_ns", measured.evaluation->count);
  }
  if (measured.handler) append_member(out, "timer_server_handler_ns", measured.handler->count);
  out += '}';
}

std::string indented(std::string_view json) {
  std::string out;
  out.reserve(json.size() * 2);
  std::size_t depth = 0;
  bool in_string = false;
  const auto line = [&] {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      in_string = c != '"';
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (closes) {
      --depth;
      if (json[i - 1] != '{' && json[i - 1] != '[') line();
    }
    out += c;
    in_string = c == '"';
    if (c == ':') out += ' ';
    if (c == '{' || c == '[') {
      ++depth;
      if (i + 1 < json.size() && json[i + 1] != '}' && json[i + 1] != ']') line();
    }
    if (c == ',') line();
  }
  return out;
}

std::string ref_text(policy::Path path) {
  std::string out = "data";
  for (const std::string_view name : path) {
    if (is_identifier(name)) {
      out += '.';
      out += name;
    } else if (parse_int(name)) {
      out += '[';
      out += name;
      out += ']';
    } else {
      out += '[';
      json::append_quoted(out, name);
      out += ']';
    }
  }
  return out;
}

}  // namespace mc::opa
