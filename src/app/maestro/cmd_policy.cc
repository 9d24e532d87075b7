// maestro policy: check, format, build, sign and look at policies; see cmd_policy_run.cc for what
// runs them, and cmd_decisions.cc for those of a server.
#include <algorithm>

#include "maestro/command.h"
#include "maestro/policy_files.h"
#include "policy/bundle.h"
#include "policy/load.h"
#include "policy/pack.h"

namespace mc::app {
namespace {

struct Flags {
  std::vector<std::string> paths;
  std::string path;
  std::string output;
  std::string revision;
  std::vector<std::string> roots;
  std::vector<std::string> entrypoints;
  bool plan = false;
  bool strict = false;
  bool write = false;
  bool list = false;
  std::string key_file, key_id, algorithm, scope;
};

Status check(Context& context, const Flags& flags) {
  MC_TRY(policy::Loaded loaded, load_policies(context, flags.paths, {.with_tests = true}));
  const std::size_t modules = loaded.modules.size();
  rego::CompileOptions options;
  options.strict = flags.strict;
  options.capabilities = policy_capabilities(*context.machine.files);
  options.data = loaded.data.root();
  const auto compiled = rego::compile(std::move(loaded.modules), options);
  if (!compiled) return tell_findings(context, compiled.error());
  if (context.json) {
    print_out("{\"errors\":[]}\n");
  } else {
    print_talk(context, std::to_string(modules) + " modules, " +
                            std::to_string(compiled->rule_paths.size()) + " rules: no error\n");
  }
  return ok();
}

Status format_one(Context& context, const std::string& path, const Flags& flags, bool& differs) {
  MC_TRY(const std::string text, context.machine.files->read_all(path));
  const auto module = rego::parse_module(text, path);
  if (!module) return tell_findings(context, module.error());
  const std::string formatted = rego::format(*module);
  if (formatted == text) {
    if (!flags.list && !flags.write && !context.json) print_out(formatted);
    return ok();
  }
  differs = true;
  if (flags.write && !context.dry_run) {
    MC_TRY_OK(context.machine.files->write_atomic(path, formatted));
  }
  if (context.json) return ok();  // format() tells
  print_out(flags.list || flags.write ? path + "\n" : formatted);
  return ok();
}

Status format(Context& context, const Flags& flags) {
  bool differs = false;
  std::vector<std::string> changed;
  for (const std::string& path : flags.paths) {
    std::vector<std::string> files = {path};
    if (const auto found = policy::read_folder(*context.machine.files, path)) {
      files.clear();
      for (const archive::Entry& entry : *found) {
        if (entry.path.ends_with(".rego")) files.push_back(path + "/" + entry.path);
      }
    }
    for (const std::string& file : files) {
      bool one = false;
      MC_TRY_OK(format_one(context, file, flags, one));
      if (one) changed.push_back(file);
      differs = differs || one;
    }
  }
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("changed").begin_array();
    for (const std::string& file : changed) writer.value(file);
    writer.end_array().end_object();
    print_out(out + "\n");
  }
  if (flags.list && differs) return fail(Code::unavailable, "files are not formatted");
  return ok();
}

Status write_bundle(Context& context, const std::string& path, const std::string& bytes) {
  if (!context.dry_run) MC_TRY_OK(context.machine.files->write_atomic(path, bytes));
  const std::string digest = "sha256:" + to_hex(sys::sha256(bytes));
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().member("path", path).member("digest", digest);
    writer.member("bytes", static_cast<std::int64_t>(bytes.size())).end_object();
    print_out(out + "\n");
  } else {
    print_out(digest + "  " + path + "\n");
  }
  return ok();
}

Result<std::string> sign_bundle(Context& context, const std::string& tar_gz, const Flags& flags) {
  MC_TRY(std::vector<archive::Entry> files, archive::read_tar_gz(tar_gz));
  policy::SigningOptions options;
  MC_TRY(options.key, context.machine.files->read_all(flags.key_file, 64 << 10));
  options.key_id = flags.key_id;
  options.algorithm = flags.algorithm;
  options.scope = flags.scope;
  std::erase_if(files, [](const archive::Entry& file) { return file.path == ".signatures.json"; });
  MC_TRY(std::string signatures, policy::sign_files(files, options));
  files.push_back({".signatures.json", std::move(signatures)});
  return archive::write_tar_gz(std::move(files));
}

Status build(Context& context, const Flags& flags) {
  MC_TRY(std::vector<archive::Entry> files,
         policy::read_folder(*context.machine.files, flags.path));
  MC_TRY(std::string bundle,
         policy::build_bundle(std::move(files), {.revision = flags.revision,
                                                 .roots = flags.roots,
                                                 .plan = flags.plan,
                                                 .entrypoints = flags.entrypoints}));
  if (!flags.key_file.empty()) {
    MC_TRY(bundle, sign_bundle(context, bundle, flags));
  }
  return write_bundle(context, flags.output, bundle);
}

Status sign(Context& context, const Flags& flags) {
  MC_TRY(const std::string tar_gz, context.machine.files->read_all(flags.path));
  MC_TRY(const std::string bundle, sign_bundle(context, tar_gz, flags));
  return write_bundle(context, flags.output.empty() ? flags.path : flags.output, bundle);
}

// What the pack of a bundle says; null without one. With a key it has been verified by now.
json::Value pack_in(const policy::Bundle& bundle, bool checked) {
  for (const archive::Entry& file : bundle.files) {
    if (file.path != proof::kPackPath) continue;
    const std::optional<proof::Envelope> envelope = proof::find_pack(file.bytes);
    if (!envelope) return {};
    const auto pack = proof::parse_pack_statement(envelope->payload);
    if (!pack) return {};
    json::Object out;
    out.set("channel", pack->channel);
    out.set("issued", format_rfc3339(pack->issued));
    out.set("expires", format_rfc3339(pack->expires));
    out.set("base", pack->base.empty() ? json::Value() : json::Value(pack->base));
    out.set("checked", checked);
    return json::Value(std::move(out));
  }
  return {};
}

Status inspect(Context& context, const Flags& flags) {
  MC_TRY(const std::string tar_gz, context.machine.files->read_all(flags.path));
  policy::BundleOptions options;
  options.now = context.machine.clock->wall();
  options.ignore_signature = flags.key_file.empty();
  if (!flags.key_file.empty()) {
    MC_TRY(std::string key, context.machine.files->read_all(flags.key_file, 64 << 10));
    options.keys.push_back({flags.key_id, flags.algorithm, std::move(key), flags.scope});
  }
  const auto bundle = policy::read_bundle(tar_gz, options);
  if (!bundle) return fail(Code::corrupt, bundle.error().what);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("revision", bundle->manifest.revision);
  writer.member("digest", bundle->digest).member("signed_by", bundle->signed_by);
  writer.key("roots").begin_array();
  for (const std::string& root : bundle->manifest.roots) writer.value(root);
  writer.end_array().key("files").begin_array();
  for (const archive::Entry& file : bundle->files) {
    writer.begin_object().member("path", file.path);
    writer.member("bytes", static_cast<std::int64_t>(file.bytes.size())).end_object();
  }
  const json::Value pack = pack_in(*bundle, !options.ignore_signature);
  writer.end_array().member("plan", bundle->plan.has_value());
  writer.key("pack").raw(json::print(pack)).end_object();
  if (context.json) {
    print_out(out + "\n");
    return ok();
  }
  print_out("revision   " + bundle->manifest.revision + "\ndigest     " + bundle->digest +
            "\nsigned by  " + (bundle->signed_by.empty() ? "not checked" : bundle->signed_by) +
            "\n");
  if (const json::Value* const channel = pack.find("channel")) {
    print_out("pack       for " + *channel->as_string() + ", until " +
              *pack.find("expires")->as_string() +
              (options.ignore_signature ? ", not checked" : ", checked") + "\n");
  }
  for (const std::string& root : bundle->manifest.roots)
    print_out("root       data/" + root + "\n");
  for (const archive::Entry& file : bundle->files) {
    print_out("file       " + file.path + " (" + std::to_string(file.bytes.size()) + " bytes)\n");
  }
  return ok();
}

void add_key_flags(cli::Command& command, Flags& flags) {
  command.option("--key", flags.key_file, "File with the key: PEM, or the secret of HS256");
  command.option("--key-id", flags.key_id, "Id of the key");
  command.option("--algorithm", flags.algorithm, "RS256 (default), ES256, EdDSA or HS256");
  command.option("--scope", flags.scope, "Scope of the signature");
}

}  // namespace

void add_policy(cli::Command& app, Context& context) {
  cli::Command& noun =
      app.add("policy", "Policies in Rego: check, test, run, bundle; those of a server");
  const auto flags = std::make_shared<Flags>();
  flags->algorithm = "RS256";

  cli::Command& checked = noun.add("check", "Parse and compile; findings with file:row:column");
  checked.option("PATH", flags->paths, "Files, folders or bundles").required();
  checked.flag("--strict", flags->strict, "Unused variables and imports are errors");
  checked.runs([&context, flags] { return check(context, *flags); });

  cli::Command& formatted = noun.add("fmt", "Print policies in the canonical layout");
  formatted.option("PATH", flags->paths, "Files or folders").required();
  formatted.flag("-w,--write", flags->write, "Rewrite the files in place");
  formatted.flag("-l,--list", flags->list,
                 "Name files that would change; exit 1 when there are any");
  formatted.runs([&context, flags] { return format(context, *flags); });

  cli::Command& built = noun.add("build", "Make a bundle of a folder");
  built.option("FOLDER", flags->path, "Folder with .rego and data files").required();
  built.option("-o,--output", flags->output, "File to write").required();
  built.option("--revision", flags->revision, "Revision of the bundle");
  built.option("--root", flags->roots, "Path of data that the bundle owns; several may be given");
  built.flag("--plan", flags->plan, "Add a query plan for the entry points");
  built.option("--entrypoint", flags->entrypoints, "Rule with a plan of its own: example/allow");
  add_key_flags(built, *flags);
  built.runs([&context, flags] { return build(context, *flags); });

  cli::Command& signed_ = noun.add("sign", "Sign a bundle");
  signed_.option("BUNDLE", flags->path, "Bundle (.tar.gz)").required();
  signed_.option("-o,--output", flags->output, "File to write; the same one without");
  add_key_flags(signed_, *flags);
  signed_.runs([&context, flags] {
    if (flags->key_file.empty()) return Status(fail(Code::invalid, "--key FILE is required"));
    return sign(context, *flags);
  });

  cli::Command& inspected = noun.add("inspect", "What a bundle says; with --key, verified");
  inspected.option("BUNDLE", flags->path, "Bundle (.tar.gz)").required();
  add_key_flags(inspected, *flags);
  inspected.runs([&context, flags] { return inspect(context, *flags); });

  add_policy_pack(noun, context);
  add_policy_run(noun, context);
  add_policy_server(noun, context);
}

}  // namespace mc::app
