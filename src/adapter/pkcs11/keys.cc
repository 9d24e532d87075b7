#include "pkcs11/keys.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace mc::pkcs11 {
namespace {

constexpr CK_ULONG kObjectsMax = 1'024;
constexpr CK_ULONG kAttributeBytesMax = 4'096;
constexpr CK_MECHANISM_TYPE kKeyWrapPadded = 0x210b;  // CKM_AES_KEY_WRAP_KWP of PKCS#11 3.0
constexpr std::string_view kOwnMark = "MCK1";

// A search or an object to be made. What add() is given must stay where it is.
class Template {
 public:
  Template& number(CK_ATTRIBUTE_TYPE type, const CK_ULONG& value) {
    return add(type, &value, sizeof(value));
  }
  Template& flag(CK_ATTRIBUTE_TYPE type, bool value) {
    return add(type, value ? &kYes : &kNo, sizeof(kYes));
  }
  Template& text(CK_ATTRIBUTE_TYPE type, const std::string& value) {
    return add(type, value.data(), value.size());
  }
  CK_ATTRIBUTE* data() { return attributes_.data(); }
  CK_ULONG size() const { return attributes_.size(); }

 private:
  static constexpr CK_BBOOL kYes = CK_TRUE, kNo = CK_FALSE;
  Template& add(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
    attributes_.push_back({type, const_cast<void*>(value), size});
    return *this;
  }
  std::vector<CK_ATTRIBUTE> attributes_;
};

Result<std::vector<CK_OBJECT_HANDLE>> find(Call& call, Template& wanted) {
  MC_TRY_OK(call.check("look for a key",
                       call.calls->C_FindObjectsInit(call.session, wanted.data(), wanted.size())));
  std::vector<CK_OBJECT_HANDLE> out;
  Status read = ok();
  for (CK_ULONG count = 1; count > 0 && read && out.size() < kObjectsMax;) {
    CK_OBJECT_HANDLE some[64];
    count = 0;
    read = call.check("look for a key",
                      call.calls->C_FindObjects(call.session, some, std::size(some), &count));
    if (read) out.insert(out.end(), some, some + std::min<CK_ULONG>(count, std::size(some)));
  }
  call.calls->C_FindObjectsFinal(call.session);
  MC_TRY_OK(read);
  if (out.size() >= kObjectsMax) return fail(Code::invalid, "pkcs11: too many keys of that name");
  return out;
}

Status find_some(Call& call, const KeyUri& uri, const std::optional<std::string>& id,
                 Algorithm algorithm, std::vector<Found>& out) {
  const bool aes = algorithm == Algorithm::aes;
  const CK_ULONG kind = aes ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
  const CK_ULONG type = aes ? CKK_AES : CKK_RSA;
  Template wanted;
  wanted.number(CKA_CLASS, kind).number(CKA_KEY_TYPE, type).flag(CKA_TOKEN, true);
  if (uri.label) wanted.text(CKA_LABEL, *uri.label);
  if (uri.id) wanted.text(CKA_ID, *uri.id);
  MC_TRY(const std::vector<CK_OBJECT_HANDLE> handles, find(call, wanted));
  for (const CK_OBJECT_HANDLE handle : handles) {
    MC_TRY(std::string own, bytes_of(call, handle, CKA_ID));
    if (id && *id != own) continue;
    out.push_back({.id = std::move(own), .handle = handle, .algorithm = algorithm});
  }
  return ok();
}

// Nothing was found: because there is none, or because the token shows nothing any more?
Status is_still_there(Call& call) {
  CK_SESSION_INFO session{};
  MC_TRY_OK(call.check("look at a session", call.calls->C_GetSessionInfo(call.session, &session)));
  CK_TOKEN_INFO token{};
  MC_TRY_OK(call.check("look at a token", call.calls->C_GetTokenInfo(call.slot, &token)));
  const bool user =
      session.state == CKS_RO_USER_FUNCTIONS || session.state == CKS_RW_USER_FUNCTIONS;
  if (!user && (token.flags & CKF_LOGIN_REQUIRED) != 0) {
    return call.check("look for a key", CKR_USER_NOT_LOGGED_IN);
  }
  if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) {
    return call.check("look for a key", CKR_TOKEN_NOT_PRESENT);
  }
  return ok();
}

auto rank(const Found& found) {
  const bool own = found.id.size() == 16 && found.id.starts_with(kOwnMark);
  return std::tuple(found.algorithm == Algorithm::aes, own, found.id.size(),
                    std::string_view(found.id));
}

// What the token can do with a mechanism, 0 = it has none.
Result<CK_FLAGS> flags_of(Call& call, CK_MECHANISM_TYPE type) {
  CK_MECHANISM_INFO info{};
  const CK_RV got = call.calls->C_GetMechanismInfo(call.slot, type, &info);
  if (got == CKR_MECHANISM_INVALID) return CK_FLAGS{0};
  MC_TRY_OK(call.check("look at a mechanism", got));
  return info.flags;
}

struct Choice {
  CK_MECHANISM_TYPE mechanism;
  Way way;
};
// The best first.
constexpr Choice kChoices[] = {
    {CKM_AES_KEY_WRAP, {.form = Form::key_wrap, .hash = Hash::none, .by_object = true}},
    {kKeyWrapPadded, {.form = Form::key_wrap_padded, .hash = Hash::none, .by_object = true}},
    {CKM_AES_KEY_WRAP_PAD, {.form = Form::key_wrap_pad, .hash = Hash::none, .by_object = true}},
    {CKM_AES_GCM, {.form = Form::gcm, .hash = Hash::none, .by_object = false}},
    {CKM_RSA_PKCS_OAEP, {.form = Form::oaep, .hash = Hash::sha256, .by_object = false}},
    {CKM_RSA_PKCS_OAEP, {.form = Form::oaep, .hash = Hash::sha1, .by_object = false}},
};

void add_ways(Key& key, const Way& way, CK_FLAGS can, const bool (&may)[2]) {
  constexpr CK_FLAGS kByObject = CKF_WRAP | CKF_UNWRAP, kAsData = CKF_ENCRYPT | CKF_DECRYPT;
  const bool by_object = may[0] && (can & kByObject) == kByObject;
  const bool as_data = may[1] && (can & kAsData) == kAsData;
  // The bytes are the same; the preferred one needs the fewer calls, or is the more widespread.
  for (const bool object : {way.by_object, !way.by_object}) {
    if (object ? by_object : as_data) {
      key.ways.push_back({.form = way.form, .hash = way.hash, .by_object = object});
    }
  }
}

// Not the same as flag_of(): a token that was lost in between did not take a permission away.
Result<bool> may(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_BBOOL value = CK_FALSE;
  CK_ATTRIBUTE wanted = {type, &value, sizeof(value)};
  const CK_RV got = call.calls->C_GetAttributeValue(call.session, object, &wanted, 1);
  if (got == CKR_ATTRIBUTE_TYPE_INVALID || got == CKR_ATTRIBUTE_SENSITIVE) return false;
  MC_TRY_OK(call.check("read an attribute", got));
  return value != CK_FALSE;
}

Status read_pair(Call& call, Key& key) {
  const CK_ULONG kind = CKO_PUBLIC_KEY, type = CKK_RSA;
  Template wanted;
  wanted.number(CKA_CLASS, kind).number(CKA_KEY_TYPE, type).text(CKA_ID, key.found.id);
  MC_TRY(const std::vector<CK_OBJECT_HANDLE> halves, find(call, wanted));
  MC_TRY(const std::string modulus, bytes_of(call, key.found.handle, CKA_MODULUS));
  for (const CK_OBJECT_HANDLE half : halves) {
    MC_TRY(const std::string its, bytes_of(call, half, CKA_MODULUS));
    if (its == modulus) key.public_key = half;
  }
  return ok();
}

}  // namespace

std::optional<std::uint64_t> number_of(Call& call, CK_OBJECT_HANDLE object,
                                       CK_ATTRIBUTE_TYPE type) {
  CK_ULONG value = 0;
  CK_ATTRIBUTE wanted = {type, &value, sizeof(value)};
  const CK_RV got = call.calls->C_GetAttributeValue(call.session, object, &wanted, 1);
  if (got != CKR_OK || wanted.ulValueLen != sizeof(value)) return std::nullopt;
  return value;
}

std::optional<bool> flag_of(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_BBOOL value = CK_FALSE;
  CK_ATTRIBUTE wanted = {type, &value, sizeof(value)};
  const CK_RV got = call.calls->C_GetAttributeValue(call.session, object, &wanted, 1);
  if (got != CKR_OK || wanted.ulValueLen != sizeof(value)) return std::nullopt;
  return value != CK_FALSE;
}

Result<std::string> bytes_of(Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE wanted = {type, nullptr, 0};
  const CK_RV sized = call.calls->C_GetAttributeValue(call.session, object, &wanted, 1);
  if (sized == CKR_ATTRIBUTE_TYPE_INVALID) return std::string();
  MC_TRY_OK(call.check("read an attribute", sized));
  if (wanted.ulValueLen > kAttributeBytesMax) {  // also what is unavailable: all bits
    return fail(Code::corrupt, "pkcs11: read an attribute: too long");
  }
  std::string out(wanted.ulValueLen, '\0');
  if (out.empty()) return out;
  wanted.pValue = out.data();
  const Status read = call.check("read an attribute",
                                 call.calls->C_GetAttributeValue(call.session, object, &wanted, 1));
  if (!read || wanted.ulValueLen > out.size()) {
    wipe(out);
    MC_TRY_OK(read);
    return fail(Code::corrupt, "pkcs11: read an attribute: too long");
  }
  out.resize(wanted.ulValueLen);
  return out;
}

Result<std::vector<Found>> find_versions(Call& call, const KeyUri& uri,
                                         const std::optional<std::string>& id) {
  std::vector<Found> out;
  // Twice: a logout hides keys, and another thread may have logged in before that was looked at.
  for (int looked = 0; looked < 2 && out.empty(); ++looked) {
    if (uri.type != KeyType::pair) MC_TRY_OK(find_some(call, uri, id, Algorithm::aes, out));
    if (uri.type != KeyType::secret) MC_TRY_OK(find_some(call, uri, id, Algorithm::rsa, out));
    if (out.empty()) MC_TRY_OK(is_still_there(call));
  }
  if (out.empty()) return fail(Code::denied, "pkcs11: the key is not there");
  std::sort(out.begin(), out.end(),
            [](const Found& a, const Found& b) { return rank(a) > rank(b); });
  const auto twin = std::adjacent_find(
      out.begin(), out.end(), [](const Found& a, const Found& b) { return rank(a) == rank(b); });
  if (twin != out.end()) return fail(Code::invalid, "pkcs11: two keys with one label and one id");
  return out;
}

Result<Key> read_key(Call& call, const Found& found) {
  Key key;
  key.found = found;
  const CK_OBJECT_HANDLE handle = found.handle;
  MC_TRY(const bool unwraps, may(call, handle, CKA_UNWRAP));
  MC_TRY(const bool decrypts, may(call, handle, CKA_DECRYPT));
  key.may_open = unwraps || decrypts;
  if (found.algorithm == Algorithm::rsa) MC_TRY_OK(read_pair(call, key));
  const CK_OBJECT_HANDLE other = found.algorithm == Algorithm::rsa ? key.public_key : found.handle;
  if (other == CK_INVALID_HANDLE) return key;
  MC_TRY(const bool wraps, may(call, other, CKA_WRAP));
  MC_TRY(const bool encrypts, may(call, other, CKA_ENCRYPT));
  const bool does_all[] = {unwraps && wraps, decrypts && encrypts};
  const bool is_aes = found.algorithm == Algorithm::aes;
  for (const Choice& choice : kChoices) {
    if ((choice.mechanism != CKM_RSA_PKCS_OAEP) != is_aes) continue;
    MC_TRY(const CK_FLAGS can, flags_of(call, choice.mechanism));
    add_ways(key, choice.way, can, does_all);
  }
  return key;
}

Result<std::vector<CK_OBJECT_HANDLE>> objects_of(Call& call, const Found& found) {
  std::vector<CK_OBJECT_HANDLE> out = {found.handle};
  if (found.algorithm == Algorithm::aes) return out;
  Key key;
  key.found = found;
  MC_TRY_OK(read_pair(call, key));
  if (key.public_key != CK_INVALID_HANDLE) out.push_back(key.public_key);
  return out;
}

std::string next_id(const std::vector<Found>& versions, WallTime now, sys::Random& random) {
  // 48 bits of milliseconds, after all others even when the clock went back, and 48 of chance.
  const auto number = [](std::string_view bytes) {
    std::uint64_t out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<std::uint8_t>(c);
    return out;
  };
  auto time = static_cast<std::uint64_t>(to_unix_ms(now));
  for (const Found& found : versions) {
    if (!std::get<1>(rank(found))) continue;
    time = std::max(time, number(std::string_view(found.id).substr(4, 6)) + 1);
  }
  std::string out(kOwnMark);
  for (int shift = 40; shift >= 0; shift -= 8) out += static_cast<char>(time >> shift & 0xff);
  const std::uint64_t chance = random.next_u64();
  for (int shift = 40; shift >= 0; shift -= 8) out += static_cast<char>(chance >> shift & 0xff);
  return out;
}

Status generate_key(Call& call, const KeyUri& uri, const std::string& id,
                    const std::optional<Found>& like) {
  const CK_ULONG kind = CKO_SECRET_KEY, type = CKK_AES;
  CK_ULONG size = 32;
  MC_TRY(const CK_FLAGS can_wrap, flags_of(call, CKM_AES_KEY_WRAP));
  bool wraps = true, encrypts = can_wrap == 0;
  if (like && like->algorithm == Algorithm::aes) {
    size = number_of(call, like->handle, CKA_VALUE_LEN).value_or(size);
    MC_TRY(wraps, may(call, like->handle, CKA_UNWRAP));
    MC_TRY(encrypts, may(call, like->handle, CKA_DECRYPT));
  }
  Template made;
  made.number(CKA_CLASS, kind).number(CKA_KEY_TYPE, type).number(CKA_VALUE_LEN, size);
  made.flag(CKA_TOKEN, true).flag(CKA_PRIVATE, true);
  made.flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false);
  made.flag(CKA_WRAP, wraps).flag(CKA_UNWRAP, wraps);
  made.flag(CKA_ENCRYPT, encrypts).flag(CKA_DECRYPT, encrypts);
  made.text(CKA_LABEL, *uri.label).text(CKA_ID, id);
  CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  return call.check("make a key", call.calls->C_GenerateKey(call.session, &mechanism, made.data(),
                                                            made.size(), &handle));
}

std::string algorithm_of(Call& call, const Found& found) {
  if (found.algorithm == Algorithm::aes) {
    const auto size = number_of(call, found.handle, CKA_VALUE_LEN);
    return size ? "AES-" + std::to_string(*size * 8) : "AES";
  }
  const auto modulus = bytes_of(call, found.handle, CKA_MODULUS);
  if (!modulus || modulus->empty()) return "RSA";
  const auto first = static_cast<std::uint8_t>(modulus->front());
  return "RSA-" + std::to_string((modulus->size() - 1) * 8 +
                                 static_cast<std::size_t>(std::bit_width(first)));
}

}  // namespace mc::pkcs11
