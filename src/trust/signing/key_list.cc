#include "signing/key_list.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "tlog/tlog.h"

namespace mc::signing {
namespace {

constexpr std::string_view kKind = "mc.signing-keys/v1";
constexpr std::string_view kOrganization = "Maestro Conductor";
constexpr std::size_t kListBytesMax = 4 << 20;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::array<std::string_view, kKeyUses> kNames = {"log", "promises", "signer", "time"};

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "signing keys: " + why);
}

bool is_of_log(KeyUse use) {
  return use == KeyUse::log || use == KeyUse::promises;
}

Status check_key(const ListedKey& key) {
  const std::string name(use_name(key.use));
  const auto wanted = key.use == KeyUse::log ? crypto::Algorithm::eddsa : crypto::Algorithm::es256;
  if (key.key.algorithm() != wanted) {
    return bad(name + ": the key is not of the kind " +
               std::string(crypto::algorithm_name(wanted)));
  }
  if (is_of_log(key.use) == key.origin.empty()) {
    return bad(name + ": the keys of the log have an origin, the others have none");
  }
  if (is_of_log(key.use) != key.chain.empty()) {
    return bad(name + ": the keys of the log have no certificates, the others have some");
  }
  if (key.chain.size() > pki::kChainMax) return bad(name + ": more than 8 certificates");
  if (!key.chain.empty() && key.chain.front().key().to_spki() != key.key.to_spki()) {
    return bad(name + ": the first certificate is of another key");
  }
  if (key.use == KeyUse::log) {
    MC_TRY([[maybe_unused]] const tlog::NoteKey note,
           tlog::NoteKey::make(key.origin, tlog::NoteKeyType::ed25519, key.key));
  }
  if (key.period.until && *key.period.until < key.period.from) {
    return bad(name + ": a key ends before it begins");
  }
  return ok();
}

json::Object print_key(const ListedKey& key) {
  json::Object out;
  out.set("use", use_name(key.use));
  out.set("id", to_hex(key.id()));
  out.set("begin", format_rfc3339(key.period.from));
  out.set("end", key.period.until ? json::Value(format_rfc3339(*key.period.until)) : json::Value());
  if (!key.origin.empty()) out.set("origin", key.origin);
  out.set("public_key", key.key.to_pem());
  if (!key.chain.empty()) {
    json::Array certificates;
    for (const pki::Certificate& each : key.chain) {
      certificates.emplace_back(pki::print_pem({&each, 1}));
    }
    out.set("certificates", std::move(certificates));
  }
  return out;
}

Result<std::string> text_in(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  if (value != nullptr && value->as_string() != nullptr) return *value->as_string();
  return bad(std::string(name) + ": it must be a text");
}

Result<WallTime> time_in(const json::Value& object, std::string_view name) {
  MC_TRY(const std::string text, text_in(object, name));
  MC_TRY(const WallTime time, parse_rfc3339(text));
  if (time.nanos % kNanosPerSecond == 0) return time;
  return bad(std::string(name) + ": it must be a whole second");
}

Result<std::vector<pki::Certificate>> chain_in(const json::Value& object) {
  std::vector<pki::Certificate> out;
  const json::Value* list = object.find("certificates");
  if (list == nullptr) return out;
  if (list->as_array() == nullptr) return bad("certificates: it must be a list");
  for (const json::Value& each : *list->as_array()) {
    if (each.as_string() == nullptr) return bad("certificates: each must be a text");
    MC_TRY(pki::Certificate certificate, pki::Certificate::from_pem(*each.as_string()));
    out.push_back(std::move(certificate));
  }
  return out;
}

// Of just what print_key() writes.
Result<ListedKey> read_key(const json::Value& object) {
  MC_TRY(const std::string name, text_in(object, "use"));
  MC_TRY(const KeyUse use, parse_use(name));
  MC_TRY(const std::string pem, text_in(object, "public_key"));
  MC_TRY(crypto::PublicKey key, crypto::PublicKey::from_pem(pem));
  ListedKey out{use, std::move(key), "", {}, {}};
  if (object.find("origin") != nullptr) {
    MC_TRY(out.origin, text_in(object, "origin"));
  }
  MC_TRY(out.chain, chain_in(object));
  MC_TRY(out.period.from, time_in(object, "begin"));
  const json::Value* end = object.find("end");
  if (end != nullptr && !end->is_null()) {
    MC_TRY(out.period.until, time_in(object, "end"));
  }
  MC_TRY_OK(check_key(out));
  if (json::Value(print_key(out)) == object) return out;
  return bad(name + ": its members are not those of a key, or its id is another");
}

}  // namespace

std::string_view use_name(KeyUse use) {
  return kNames[static_cast<std::size_t>(use)];
}

Result<KeyUse> parse_use(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<KeyUse>(found - kNames.begin());
  return bad("use: it is log, promises, signer or time");
}

std::string ListedKey::id() const {
  if (use == KeyUse::log) {
    const auto note = tlog::NoteKey::make(origin, tlog::NoteKeyType::ed25519, key);
    return note ? note->long_id() : "";
  }
  const crypto::Digest digest = crypto::Sha256().add(key.to_spki()).finish();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool ListedKey::operator==(const ListedKey& other) const {
  return use == other.use && key.to_spki() == other.key.to_spki() && origin == other.origin &&
         chain == other.chain && period == other.period;
}

Result<KeyList> KeyList::make(std::vector<ListedKey> first) {
  KeyList out;
  out.keys_ = std::move(first);
  if (out.keys_.size() != kKeyUses) return bad("at first there is one key of each use");
  MC_TRY_OK(out.check());
  return out;
}

Status KeyList::check() const {
  std::array<const ListedKey*, kKeyUses> last = {};
  for (const ListedKey& key : keys_) {
    MC_TRY_OK(check_key(key));
    const std::string name(use_name(key.use));
    const ListedKey*& before = last[static_cast<std::size_t>(key.use)];
    const bool among_first = &key < keys_.data() + kKeyUses;
    if ((before == nullptr) != among_first) return bad("the first keys are one of each use");
    if (before != nullptr && before->period.until != key.period.from) {
      return bad(name + ": a key does not end where the next begins");
    }
    before = &key;
  }
  for (const ListedKey* key : last) {
    if (key == nullptr || key->period.until) return bad("there is no current key of some use");
  }
  return ok();
}

Result<KeyList> KeyList::parse(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kListBytesMax}));
  MC_TRY(const std::string kind, text_in(value, "kind"));
  const json::Value* keys = value.find("keys");
  if (kind != kKind || keys == nullptr || keys->as_array() == nullptr ||
      value.as_object()->size() != 2) {
    return bad("it is not of the kind " + std::string(kKind));
  }
  KeyList out;
  for (const json::Value& each : *keys->as_array()) {
    MC_TRY(ListedKey key, read_key(each));
    out.keys_.push_back(std::move(key));
  }
  MC_TRY_OK(out.check());
  return out;
}

std::string KeyList::print() const {
  json::Array keys;
  for (const ListedKey& key : keys_) keys.emplace_back(print_key(key));
  json::Object out;
  out.set("kind", kKind);
  out.set("keys", std::move(keys));
  return json::print_pretty(out) + "\n";
}

const ListedKey& KeyList::current(KeyUse use) const {
  const auto found = std::find_if(keys_.rbegin(), keys_.rend(),
                                  [&](const ListedKey& each) { return each.use == use; });
  MC_CHECK(found != keys_.rend());
  return *found;
}

std::vector<ListedKey> KeyList::retired(KeyUse use) const {
  std::vector<ListedKey> out;
  for (const ListedKey& each : keys_) {
    if (each.use == use && each.period.until) out.push_back(each);
  }
  return out;
}

Status KeyList::rotate(ListedKey next) {
  const std::string name(use_name(next.use));
  MC_TRY_OK(check_key(next));
  const auto current = std::find_if(keys_.rbegin(), keys_.rend(),
                                    [&](const ListedKey& each) { return each.use == next.use; });
  if (next.period.from < current->period.from) {
    return fail(Code::conflict, "signing keys: " + name + ": the current key began at " +
                                    format_rfc3339(current->period.from) +
                                    ", which is later than the clock's " +
                                    format_rfc3339(next.period.from));
  }
  for (const ListedKey& each : keys_) {
    if (each.key.to_spki() == next.key.to_spki()) {
      return fail(Code::conflict, "signing keys: " + name + ": the key is listed already");
    }
  }
  current->period.until = next.period.from;
  keys_.push_back(std::move(next));
  return ok();
}

bool KeyList::undo() {
  if (keys_.size() <= kKeyUses) return false;
  const KeyUse use = keys_.back().use;
  keys_.pop_back();
  const auto before = std::find_if(keys_.rbegin(), keys_.rend(),
                                   [&](const ListedKey& each) { return each.use == use; });
  before->period.until = std::nullopt;
  return true;
}

std::string KeyList::digest() const {
  crypto::Sha256 all;
  for (const ListedKey& each : keys_) {
    const std::string spki = each.key.to_spki();
    const crypto::Digest key = crypto::Sha256().add(spki).finish();
    all.add(static_cast<std::uint8_t>(each.use)).add(key);
    all.add(format_rfc3339(each.period.from));  // always as long
  }
  const crypto::Digest out = all.finish();
  return to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

void KeyList::rename_log(const std::string& origin) {
  for (ListedKey& each : keys_) {
    if (is_of_log(each.use) && !each.period.until) each.origin = origin;
  }
}

proof::TrustedRoot KeyList::trust() const {
  proof::TrustedRoot out;
  for (const bool retired : {false, true}) {
    for (const ListedKey& each : keys_) {
      if (each.period.until.has_value() != retired) continue;
      if (is_of_log(each.use)) {
        out.logs.push_back({"https://" + each.origin, each.key, each.id(), each.period});
      } else if (each.use == KeyUse::time) {
        out.timestamp_authorities.push_back(
            {std::string(kOrganization), each.chain.front().subject(),
             "https://" + current(KeyUse::log).origin, each.chain, each.period});
      }
    }
  }
  return out;
}

}  // namespace mc::signing
