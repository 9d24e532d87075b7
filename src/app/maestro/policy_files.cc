#include "maestro/policy_files.h"

#include "graphrego/graphrego.h"
#include "rego/rego.h"

namespace mc::app {

Status tell_findings(const Context& context, const std::vector<rego::Diagnostic>& findings) {
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("errors").begin_array();
    for (const rego::Diagnostic& finding : findings) {
      writer.begin_object().member("code", finding.code).member("message", finding.message);
      writer.member("file", finding.file).member("row", static_cast<std::int64_t>(finding.at.row));
      writer.member("column", static_cast<std::int64_t>(finding.at.column)).end_object();
    }
    writer.end_array().end_object();
    print_out(out + "\n");
  } else {
    for (const rego::Diagnostic& finding : findings) {
      std::fprintf(stderr, "%s\n", rego::to_line(finding).c_str());
    }
  }
  const std::string count = std::to_string(findings.size());
  return fail(Code::unavailable, count + (findings.size() == 1 ? " error" : " errors"));
}

Result<policy::Loaded> load_policies(const Context& context, const std::vector<std::string>& paths,
                                     const policy::LoadOptions& options) {
  auto loaded = policy::load_paths(*context.machine.files, paths, options);
  if (loaded) return std::move(*loaded);
  // What cannot be read is the caller's mistake; what is wrong in a file is a finding.
  if (loaded.error().front().code == "rego_load_error") {
    return fail(Code::invalid, loaded.error().front().message);
  }
  return tl::unexpected<Error>(tell_findings(context, loaded.error()).error());
}

vm::Capabilities policy_capabilities(sys::Files& files) {
  vm::Capabilities out;
  out.more = graphrego::graphql_builtins();
  out.more.push_back(rego::parse_module_builtin());
  out.zones = builtin::make_zone_source(files);
  return out;
}

}  // namespace mc::app
