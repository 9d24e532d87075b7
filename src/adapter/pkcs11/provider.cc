#include "pkcs11/provider.h"

#include <map>
#include <utility>

#include "pkcs11/keys.h"
#include "pkcs11/pkcs11.h"
#include "pkcs11/seal.h"
#include "pkcs11/token.h"

namespace mc::pkcs11 {
namespace {

using kms::Context;
using kms::Credentials;
using kms::Description;
using kms::ProviderWorld;
using kms::Wrapped;

constexpr CK_FLAGS kHardwareMechanism = 1;  // CKF_HW of a mechanism

class TokenKey final : public kms::Provider {
 public:
  TokenKey(std::string text, KeyUri uri, std::shared_ptr<Token> token, const ProviderWorld& world)
      : text_(std::move(text)), uri_(std::move(uri)), token_(std::move(token)), world_(world) {}

  std::string_view kind() const override { return "pkcs11"; }
  const std::string& uri() const override { return text_; }
  Result<Wrapped> wrap(const Secret& secret, const Context& context, MonoTime deadline) override;
  Result<Secret> unwrap(const Wrapped& wrapped, const Context& context, MonoTime deadline) override;
  Result<Description> describe(MonoTime deadline) override;
  Result<std::string> rotate(MonoTime deadline) override;
  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override;

 private:
  using Name = std::pair<Algorithm, std::string>;  // of a version
  struct Known {
    std::uint64_t generation = 0;
    std::map<Name, Key> keys;
  };
  std::optional<Key> recall(const Lease& lease, const Name& name);
  void remember(const Lease& lease, const Key& key);
  Result<Key> key_of(Lease& lease, const Found& found);
  Result<Key> key_named(Lease& lease, const Name& name);
  Result<Blob> seal_somehow(Lease& lease, const Key& key, const Secret& framed);
  Result<Secret> open_again(Lease& lease, const Key& key, const Blob& blob, Error error);
  bool goes_round(Lease& lease, const Key& key);

  const std::string text_;
  const KeyUri uri_;
  const std::shared_ptr<Token> token_;
  ProviderWorld world_;
  Guarded<Known> known_;
};

std::optional<Key> TokenKey::recall(const Lease& lease, const Name& name) {
  return known_.with([&](Known& known) -> std::optional<Key> {
    if (known.generation != lease.generation) return std::nullopt;
    const auto found = known.keys.find(name);
    return found == known.keys.end() ? std::nullopt : std::optional(found->second);
  });
}

void TokenKey::remember(const Lease& lease, const Key& key) {
  known_.with([&](Known& known) {
    if (known.generation > lease.generation) return;
    if (known.generation < lease.generation) known = {.generation = lease.generation, .keys = {}};
    known.keys.insert_or_assign({key.found.algorithm, key.found.id}, key);
  });
}

Result<Key> TokenKey::key_of(Lease& lease, const Found& found) {
  auto known = recall(lease, {found.algorithm, found.id});
  if (known && known->found.handle == found.handle) return *std::move(known);
  MC_TRY(Key key, read_key(lease.call, found));
  remember(lease, key);
  return key;
}

// A version with a handle that was good when it was found: the token says so when it is no more.
Result<Key> TokenKey::key_named(Lease& lease, const Name& name) {
  if (auto known = recall(lease, name)) return *std::move(known);
  MC_TRY(const std::vector<Found> versions, find_versions(lease.call, uri_, name.second));
  for (const Found& found : versions) {
    if (found.algorithm == name.first) return key_of(lease, found);
  }
  return fail(Code::corrupt, "pkcs11: no wrapped secret of this key");
}

Result<Blob> TokenKey::seal_somehow(Lease& lease, const Key& key, const Secret& framed) {
  if (key.ways.empty()) return fail(Code::denied, "pkcs11: the key may not wrap and unwrap");
  for (std::size_t i = 0;; ++i) {
    auto sealed = seal(lease.call, key, key.ways[i], framed, world_.random);
    if (sealed && i > 0) {
      Key better = key;
      better.ways.erase(better.ways.begin(), better.ways.begin() + static_cast<std::ptrdiff_t>(i));
      remember(lease, better);
    }
    const bool another = fault_of(lease.call.last) == Fault::unsupported && i + 1 < key.ways.size();
    if (sealed || !another) return sealed;
  }
}

Result<Wrapped> TokenKey::wrap(const Secret& secret, const Context& /*context*/,
                               MonoTime deadline) {
  const std::string_view bytes = secret.reveal(RevealToken{});
  if (bytes.size() > kms::kSecretBytesMax) {
    return fail(Code::invalid, "pkcs11: wrap: a secret has at most 64 bytes");
  }
  const Secret framed = frame(bytes);
  return token_->run(Access::read, deadline, [&](Lease& lease) -> Result<Wrapped> {
    // Looked up each time: another process may have made a new version.
    MC_TRY(const std::vector<Found> versions, find_versions(lease.call, uri_, std::nullopt));
    MC_TRY(const Key key, key_of(lease, versions.front()));
    MC_TRY(const Blob blob, seal_somehow(lease, key, framed));
    Wrapped out{.bytes = format_blob(blob), .version = to_hex(key.found.id)};
    // Bytes that could not be read again must not be stored.
    MC_TRY_OK(parse_blob(out.bytes).map([](const Blob&) { return std::monostate{}; }));
    return out;
  });
}

// Whether the key opens what it wraps just now.
bool TokenKey::goes_round(Lease& lease, const Key& key) {
  std::string fresh(32, '\0');
  world_.random.fill({reinterpret_cast<std::uint8_t*>(fresh.data()), fresh.size()});
  const Secret framed = frame(fresh);
  const auto sealed = seal_somehow(lease, key, framed);
  if (!sealed) return false;
  const auto opened = open(lease.call, key, *sealed);
  return opened && opened->reveal(RevealToken{}) == framed.reveal(RevealToken{});
}

// Tokens have one value for a broken device and for bytes that do not open. When the key works
// with others, and still not with these, it is the bytes.
Result<Secret> TokenKey::open_again(Lease& lease, const Key& key, const Blob& blob, Error error) {
  const CK_RV value = lease.call.last;
  const Fault fault = fault_of(value);
  const bool doubtful = fault == Fault::vague || fault == Fault::unsupported;
  if (!doubtful || value == CKR_KEY_FUNCTION_NOT_PERMITTED) {
    return tl::unexpected(std::move(error));
  }
  if (!goes_round(lease, key)) {
    if (fault_of(lease.call.last) != Fault::lost) lease.call.last = value;
    return tl::unexpected(std::move(error));
  }
  auto opened = open(lease.call, key, blob);
  if (opened || fault_of(lease.call.last) == Fault::lost) return opened;
  lease.call.last = CKR_ENCRYPTED_DATA_INVALID;
  return fail(Code::corrupt, "pkcs11: unwrap: the wrapped secret does not open");
}

Result<Secret> TokenKey::unwrap(const Wrapped& wrapped, const Context& /*context*/,
                                MonoTime deadline) {
  MC_TRY(const Blob blob, parse_blob(wrapped.bytes));
  const auto id = from_hex(wrapped.version);
  if (!id) return fail(Code::corrupt, "pkcs11: unwrap: no version of a key of this provider");
  const Name name = {blob.form == Form::oaep ? Algorithm::rsa : Algorithm::aes, *id};
  return token_->run(Access::read, deadline, [&](Lease& lease) -> Result<Secret> {
    MC_TRY(const Key key, key_named(lease, name));
    auto opened = open(lease.call, key, blob);
    if (!opened) opened = open_again(lease, key, blob, opened.error());
    if (!opened) return tl::unexpected(std::move(opened).error());
    return unframe(*opened);
  });
}

// What is written down when a key is bound.
void add_attributes(Call& call, const Found& found, Description& out) {
  const std::pair<const char*, CK_ATTRIBUTE_TYPE> flags[] = {
      {"CKA_LOCAL", CKA_LOCAL},
      {"CKA_ALWAYS_SENSITIVE", CKA_ALWAYS_SENSITIVE},
      {"CKA_NEVER_EXTRACTABLE", CKA_NEVER_EXTRACTABLE},
      {"CKA_EXTRACTABLE", CKA_EXTRACTABLE},
      {"CKA_SENSITIVE", CKA_SENSITIVE},
  };
  for (const auto& [name, type] : flags) {
    const auto value = flag_of(call, found.handle, type);
    if (!value) continue;
    out.attributes[name] = *value ? "true" : "false";
    if (type == CKA_LOCAL) out.origin = *value ? "generated in the token" : "imported";
    if (type == CKA_EXTRACTABLE) out.extractable = value;
  }
}

std::string shown(const CK_UTF8CHAR* field, std::size_t size) {
  std::string text = text_of(field, size);
  return is_one_line(text) ? text : to_hex(text);
}

Status add_token(Call& call, const Found& found, Description& out) {
  CK_TOKEN_INFO token{};
  CK_SLOT_INFO slot{};
  MC_TRY_OK(call.check("look at a token", call.calls->C_GetTokenInfo(call.slot, &token)));
  MC_TRY_OK(call.check("look at a slot", call.calls->C_GetSlotInfo(call.slot, &slot)));
  out.attributes["token.label"] = shown(token.label, sizeof(token.label));
  out.attributes["token.model"] = shown(token.model, sizeof(token.model));
  out.attributes["token.manufacturer"] = shown(token.manufacturerID, sizeof(token.manufacturerID));
  out.attributes["token.serial"] = shown(token.serialNumber, sizeof(token.serialNumber));
  out.attributes["token.firmware"] = std::to_string(token.firmwareVersion.major) + '.' +
                                     std::to_string(token.firmwareVersion.minor);
  CK_MECHANISM_INFO mechanism{};
  const CK_MECHANISM_TYPE makes =
      found.algorithm == Algorithm::aes ? CKM_AES_KEY_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN;
  const bool known = call.calls->C_GetMechanismInfo(call.slot, makes, &mechanism) == CKR_OK;
  const bool is_slot = (slot.flags & CKF_HW_SLOT) != 0;
  const bool does = known && (mechanism.flags & kHardwareMechanism) != 0;
  // Only when the token claims both; when it claims one, nobody knows.
  if (is_slot == does) out.protection = does ? "hsm" : "software";
  return ok();
}

Result<Description> TokenKey::describe(MonoTime deadline) {
  return token_->run(Access::read, deadline, [&](Lease& lease) -> Result<Description> {
    MC_TRY(const std::vector<Found> versions, find_versions(lease.call, uri_, std::nullopt));
    const Found& present = versions.front();
    // Read anew: this is how an owner who takes a permission away is found out.
    MC_TRY(const Key key, read_key(lease.call, present));
    Description out;
    out.state = key.may_open ? kms::KeyState::enabled : kms::KeyState::disabled;
    out.key = text_;
    out.version = to_hex(present.id);
    out.algorithm = algorithm_of(lease.call, present);
    for (const Found& found : versions) out.versions.push_back(to_hex(found.id));
    add_attributes(lease.call, present, out);
    MC_TRY_OK(add_token(lease.call, present, out));
    return out;
  });
}

Result<std::string> TokenKey::rotate(MonoTime deadline) {
  if (!uri_.label || uri_.id || uri_.type == KeyType::pair) {
    return fail(Code::invalid,
                "pkcs11: rotate: the URI names one object; make a key with the token's own tools "
                "and bind that");
  }
  return token_->run(Access::write, deadline, [&](Lease& lease) -> Result<std::string> {
    MC_TRY(const std::vector<Found> versions, find_versions(lease.call, uri_, std::nullopt));
    const std::string id = next_id(versions, world_.clock.wall(), world_.random);
    MC_TRY_OK(generate_key(lease.call, uri_, id, versions.front()));
    return to_hex(id);
  });
}

Result<WallTime> TokenKey::destroy(const std::string& version, MonoTime deadline) {
  std::optional<std::string> id;
  if (!version.empty()) {
    MC_TRY(id, from_hex(version));
  }
  bool begun = false;
  return token_->run(Access::write, deadline, [&](Lease& lease) -> Result<WallTime> {
    const auto versions = find_versions(lease.call, uri_, id);
    // A second try, after the first one lost the token behind the last object.
    if (!versions && begun && versions.error().code == Code::denied) return world_.clock.wall();
    if (!versions) return tl::unexpected(versions.error());
    for (const Found& found : *versions) {
      MC_TRY(const auto objects, objects_of(lease.call, found));
      for (const CK_OBJECT_HANDLE object : objects) {
        MC_TRY_OK(lease.call.check("destroy a key",
                                   lease.call.calls->C_DestroyObject(lease.call.session, object)));
        begun = true;
      }
    }
    known_.with([](Known& known) { known.keys.clear(); });
    return world_.clock.wall();
  });
}

struct Options {
  std::string module, init;
  int sessions = 8;
};

Result<Options> read_options(const std::map<std::string, std::string>& given, const KeyUri& uri) {
  Options out;
  bool from_uri = false;
  for (const auto& [name, value] : given) {
    if (name == "module") {
      out.module = value;
    } else if (name == "module_from_uri") {
      if (value != "yes" && value != "no") {
        return fail(Code::invalid, "pkcs11: option module_from_uri must be yes or no");
      }
      from_uri = value == "yes";
    } else if (name == "init") {
      out.init = value;
    } else if (name == "sessions") {
      const auto count = parse_int(value);
      if (!count || *count < 1 || *count > 64) {
        return fail(Code::invalid, "pkcs11: option sessions must be 1 to 64");
      }
      out.sessions = static_cast<int>(*count);
    } else {
      return fail(Code::invalid, "pkcs11: unknown option " + excerpt(name, 30));
    }
  }
  if (uri.module_path && !from_uri) {
    return fail(Code::invalid, "pkcs11 URI: module-path may not stand in it");
  }
  if (out.module.empty() && uri.module_path) out.module = *uri.module_path;
  if (out.module.empty() || out.module[0] != '/') {
    return fail(Code::invalid, "pkcs11: option module must be an absolute path");
  }
  return out;
}

class Kind final : public kms::ProviderKind {
 public:
  explicit Kind(Loader loader) : loader_(std::move(loader)) {}
  std::string_view scheme() const override { return "pkcs11"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& text, Credentials credentials,
                                              const ProviderWorld& world) override;

 private:
  struct Shared {
    // Kept, for they know which PINs were refused.
    std::map<std::string, std::pair<std::string, std::shared_ptr<Module>>> modules;
    std::map<std::string, std::weak_ptr<Token>> tokens;
  };
  Loader loader_;
  Guarded<Shared> shared_;
};

Result<std::unique_ptr<kms::Provider>> Kind::bind(const std::string& text, Credentials credentials,
                                                  const ProviderWorld& world) {
  MC_TRY(KeyUri uri, parse_uri(text));
  MC_TRY(Options options, read_options(credentials.options, uri));
  std::string pin_file;
  for (const auto& [name, path] : credentials.files) {
    if (name != "pin") {
      return fail(Code::invalid, "pkcs11: unknown credential " + excerpt(name, 30));
    }
    pin_file = path;
  }
  using Bound = Result<std::unique_ptr<kms::Provider>>;
  return shared_.with([&](Shared& shared) -> Bound {
    auto& [init, module] = shared.modules[options.module];
    if (module == nullptr) {
      init = options.init;
      module = std::make_shared<Module>(loader_, options.module, options.init);
    }
    if (init != options.init) {
      return fail(Code::invalid, "pkcs11: option init differs from another key's of this module");
    }
    std::string name = options.module + '\n' + uri.token_name() + '\n' + pin_file + '\n';
    name += std::to_string(options.sessions);
    std::weak_ptr<Token>& kept = shared.tokens[name];
    std::shared_ptr<Token> token = kept.lock();
    if (token == nullptr) {
      token = std::make_shared<Token>(
          module, uri, TokenOptions{.pin_file = pin_file, .sessions = options.sessions}, world);
      kept = token;
    }
    return std::make_unique<TokenKey>(text, std::move(uri), std::move(token), world);
  });
}

}  // namespace

std::unique_ptr<kms::ProviderKind> kind_with(Loader loader) {
  return std::make_unique<Kind>(std::move(loader));
}

std::unique_ptr<kms::ProviderKind> pkcs11_kind() {
  return kind_with(load_module);
}

}  // namespace mc::pkcs11
