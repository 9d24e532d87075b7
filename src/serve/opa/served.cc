// What is told of the server itself: its health, its policies, its settings.
#include <algorithm>

#include "json/json.h"
#include "opa/core.h"

namespace mc::opa {
namespace {

std::string health_body(std::string_view error) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (!error.empty()) writer.member("error", error);
  writer.end_object();
  return out;
}

void write_policy(json::Writer& writer, const policy::Source& source) {
  writer.begin_object().member("id", source.id).member("raw", source.text).end_object();
}

// Does one begin with the other, name by name?
bool is_owned(std::string_view path, std::string_view root) {
  if (path.size() > root.size()) std::swap(path, root);
  return path.empty() || path == root || (root.starts_with(path) && root[path.size()] == '/');
}

// Why a path cannot be changed, in OPA's words; "" when it lies in no bundle.
std::string owner_of(const policy::Policies& policies, std::string_view path) {
  if (path.empty() && !policies.bundles().empty()) {
    return "can't write to document root with bundle roots configured";
  }
  for (const policy::BundleInfo& bundle : policies.bundles()) {
    for (const std::string& root : bundle.roots) {
      if (root.empty()) return "all paths owned by bundle \"" + bundle.name + "\"";
      if (!is_owned(path, root)) continue;
      return "path " + std::string(path) + " is owned by bundle \"" + bundle.name + "\"";
    }
  }
  return "";
}

std::string joined(policy::Path path) {
  std::string out;
  for (const std::string_view name : path) {
    if (!out.empty()) out += '/';
    out += name;
  }
  return out;
}

const policy::Source* find_source(const policy::Policies& policies, std::string_view id) {
  const auto& all = policies.sources();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const policy::Source& source) { return source.id == id; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

// The engine's first policies are none: until others have been activated, it is not ready.
void DataApi::Core::serve_health(Ask& ask) {
  const bool is_active = world.engine.is_active();
  if (ask.route.rest.empty()) {
    std::string_view error;
    if (!is_active && ask.flags.bundles) {
      error = "one or more bundles are not activated";
    } else if (!is_active && ask.flags.plugins) {
      error = "one or more plugins are not up";
    }
    return reply(ask, error.empty() ? 200 : 500, health_body(error));
  }
  const std::string path = "system/health/" + std::string(ask.route.rest);
  const Read<policy::Path> names = ask.loop.names.read(path);
  if (!names) return refuse(ask, names.error());
  policy::Evaluator& evaluator = ask.loop.evaluator;
  evaluator.reset();
  const auto input = term::parse_json(
      evaluator.arena(), is_active
                             ? R"({"plugins_ready":true,"plugin_state":{"bundle":"OK"}})"
                             : R"({"plugins_ready":false,"plugin_state":{"bundle":"NOT_READY"}})");
  MC_CHECK(input.has_value());
  const auto made = evaluator.evaluate(*names, *input, options_of(ask));
  if (made && made->value.is_true()) return reply(ask, 200, health_body(""));
  const std::string check = "health check (" + ref_text(*names) + ")";
  if (!made) return reply(ask, 500, health_body(check + ": " + made.error().code));
  reply(ask, 500,
        health_body(check + (made->value.is_undefined() ? " was undefined"
                                                        : " returned unexpected value")));
}

void DataApi::Core::serve_policies(Ask& ask) {
  const std::shared_ptr<const policy::Policies> policies = world.engine.current();
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("result");
  if (ask.route.rest.empty()) {
    writer.begin_array();
    for (const policy::Source& source : policies->sources()) write_policy(writer, source);
    writer.end_array();
  } else {
    const Read<policy::Path> names = ask.loop.names.read(ask.route.rest);
    if (!names) return refuse(ask, names.error());
    const policy::Source* const source = find_source(*policies, joined(*names));
    if (source == nullptr) {
      return refuse(ask,
                    {404, "resource_not_found",
                     "storage_not_found_error: policy id \"" + excerpt(joined(*names)) + "\""});
    }
    write_policy(writer, *source);
  }
  writer.end_object();
  reply(ask, 200, std::move(body));
}

void DataApi::Core::serve_status(Ask& ask) {
  const std::shared_ptr<const policy::Policies> policies = world.engine.current();
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("result").begin_object();
  writer.key("labels").begin_object().member("version", world.version).end_object();
  writer.key("bundles").begin_object();
  for (const policy::BundleInfo& bundle : policies->bundles()) {
    writer.key(bundle.name).begin_object().member("name", bundle.name);
    writer.member("active_revision", bundle.revision).member("type", "snapshot");
    writer.member("digest", bundle.digest).member("signed_by", bundle.signed_by).end_object();
  }
  writer.end_object().key("plugins").begin_object().key("bundle").begin_object();
  writer.member("state", world.engine.is_active() ? "OK" : "NOT_READY");
  writer.end_object().end_object().end_object().end_object();
  reply(ask, 200, std::move(body));
}

void DataApi::Core::serve_config(Ask& ask) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("result").begin_object();
  writer.key("labels").begin_object().member("version", world.version).end_object();
  writer.member("default_decision", config.default_decision);
  writer.end_object().end_object();
  reply(ask, 200, std::move(body));
}

// As OPA refuses to change what bundles bring; what no bundle has is not taken either.
void DataApi::Core::refuse_change(Ask& ask) {
  const std::string_view method = ask.request.method;
  const bool is_policy = ask.route.resource == Resource::policies;
  const bool is_change = method == "PUT" || method == "DELETE" || method == "PATCH";
  if (is_change && ask.route.resource != Resource::data_v0) {
    const Read<policy::Path> names = ask.loop.names.read(ask.route.rest);
    if (!names) return refuse(ask, names.error());
    const std::shared_ptr<const policy::Policies> policies = world.engine.current();
    std::string path = joined(*names);
    const policy::Source* const source = is_policy ? find_source(*policies, path) : nullptr;
    if (source != nullptr) path = source->package;
    if (!is_policy || source != nullptr) {
      const std::string owner = owner_of(*policies, path);
      if (!owner.empty()) return refuse(ask, {400, "invalid_parameter", owner});
    }
  }
  refuse(ask, {405, "invalid_operation", "policies and data are read here; they come in bundles"},
         {{"Allow", is_policy ? "GET" : "GET, POST"}});
}

}  // namespace mc::opa
