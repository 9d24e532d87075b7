#include "pkcs11/seal.h"

#include <algorithm>

namespace mc::pkcs11 {
namespace {

constexpr std::size_t kOutBytesMax = 1'024;  // an RSA key of 8,192 bits
constexpr CK_MECHANISM_TYPE kKeyWrapPadded = 0x210b;

CK_BYTE* bytes_in(const std::string& text) {
  return reinterpret_cast<CK_BYTE*>(const_cast<char*>(text.data()));
}

// With its parameters, which point at each other.
class Mechanism {
 public:
  Mechanism(const Way& way, std::string iv) : iv_(std::move(iv)) {
    switch (way.form) {
      case Form::key_wrap:
        mechanism_.mechanism = CKM_AES_KEY_WRAP;
        break;
      case Form::key_wrap_pad:
        mechanism_.mechanism = CKM_AES_KEY_WRAP_PAD;
        break;
      case Form::key_wrap_padded:
        mechanism_.mechanism = kKeyWrapPadded;
        break;
      case Form::gcm:
        gcm_.pIv = bytes_in(iv_);
        gcm_.ulIvLen = iv_.size();
        gcm_.ulIvBits = iv_.size() * 8;
        gcm_.ulTagBits = 128;
        mechanism_ = {CKM_AES_GCM, &gcm_, sizeof(gcm_)};
        break;
      case Form::oaep:
        oaep_.hashAlg = way.hash == Hash::sha1 ? CKM_SHA_1 : CKM_SHA256;
        oaep_.mgf = way.hash == Hash::sha1 ? CKG_MGF1_SHA1 : CKG_MGF1_SHA256;
        oaep_.source = CKZ_DATA_SPECIFIED;
        mechanism_ = {CKM_RSA_PKCS_OAEP, &oaep_, sizeof(oaep_)};
        break;
    }
  }
  Mechanism(const Mechanism&) = delete;
  Mechanism& operator=(const Mechanism&) = delete;

  CK_MECHANISM* get() { return &mechanism_; }
  const std::string& iv() const { return iv_; }

 private:
  std::string iv_;
  CK_GCM_PARAMS gcm_{};
  CK_RSA_PKCS_OAEP_PARAMS oaep_{};
  CK_MECHANISM mechanism_{};
};

// An object of a session, gone at the end of the scope.
class SecretObject {
 public:
  explicit SecretObject(Call& call) : call_(call) {}
  ~SecretObject() {
    if (handle != CK_INVALID_HANDLE) call_.calls->C_DestroyObject(call_.session, handle);
  }
  SecretObject(const SecretObject&) = delete;
  SecretObject& operator=(const SecretObject&) = delete;
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;

 private:
  Call& call_;
};

// What a secret is while the token holds it: its user's, and to be read.
struct SecretTemplate {
  CK_ULONG kind = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET;
  CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  CK_ATTRIBUTE attributes[7] = {
      {CKA_CLASS, &kind, sizeof(kind)}, {CKA_KEY_TYPE, &type, sizeof(type)},
      {CKA_TOKEN, &no, sizeof(no)},     {CKA_PRIVATE, &yes, sizeof(yes)},
      {CKA_SENSITIVE, &no, sizeof(no)}, {CKA_EXTRACTABLE, &yes, sizeof(yes)},
      {CKA_VALUE, nullptr, 0},
  };
  CK_ULONG without_value() const { return std::size(attributes) - 1; }
};

CK_OBJECT_HANDLE sealing_key(const Key& key) {
  return key.found.algorithm == Algorithm::rsa ? key.public_key : key.found.handle;
}

Result<std::string> wrap_object(Call& call, const Key& key, Mechanism& mechanism,
                                const Secret& framed) {
  SecretTemplate made;
  const std::string_view bytes = framed.reveal(RevealToken{});
  made.attributes[6].pValue = const_cast<char*>(bytes.data());
  made.attributes[6].ulValueLen = bytes.size();
  SecretObject object(call);
  MC_TRY_OK(call.check("give the secret in",
                       call.calls->C_CreateObject(call.session, made.attributes,
                                                  std::size(made.attributes), &object.handle)));
  std::string out(kOutBytesMax, '\0');
  CK_ULONG size = out.size();
  MC_TRY_OK(
      call.check("wrap", call.calls->C_WrapKey(call.session, mechanism.get(), sealing_key(key),
                                               object.handle, bytes_in(out), &size)));
  out.resize(std::min<std::size_t>(size, out.size()));
  return out;
}

Result<std::string> encrypt(Call& call, const Key& key, Mechanism& mechanism,
                            const Secret& framed) {
  MC_TRY_OK(call.check("wrap",
                       call.calls->C_EncryptInit(call.session, mechanism.get(), sealing_key(key))));
  const std::string_view bytes = framed.reveal(RevealToken{});
  std::string out(kOutBytesMax, '\0');
  CK_ULONG size = out.size();
  auto* in = reinterpret_cast<CK_BYTE*>(const_cast<char*>(bytes.data()));
  MC_TRY_OK(call.check(
      "wrap", call.calls->C_Encrypt(call.session, in, bytes.size(), bytes_in(out), &size)));
  out.resize(std::min<std::size_t>(size, out.size()));
  return out;
}

// Where it is a number of bytes that a frame may have; `corrupt` otherwise is unframe()'s to say.
Result<Secret> unwrap_object(Call& call, const Key& key, Mechanism& mechanism, const Blob& blob) {
  SecretTemplate made;
  SecretObject object(call);
  MC_TRY_OK(call.check(
      "unwrap", call.calls->C_UnwrapKey(call.session, mechanism.get(), key.found.handle,
                                        bytes_in(blob.bytes), blob.bytes.size(), made.attributes,
                                        made.without_value(), &object.handle)));
  MC_TRY(std::string value, bytes_of(call, object.handle, CKA_VALUE));
  return Secret(std::move(value));
}

Result<Secret> decrypt(Call& call, const Key& key, Mechanism& mechanism, const Blob& blob) {
  MC_TRY_OK(call.check("unwrap",
                       call.calls->C_DecryptInit(call.session, mechanism.get(), key.found.handle)));
  std::string out(kOutBytesMax, '\0');
  CK_ULONG size = out.size();
  const Status done =
      call.check("unwrap", call.calls->C_Decrypt(call.session, bytes_in(blob.bytes),
                                                 blob.bytes.size(), bytes_in(out), &size));
  if (!done) wipe(out);
  MC_TRY_OK(done);
  out.resize(std::min<std::size_t>(size, out.size()));
  return Secret(std::move(out));
}

std::string random_iv(sys::Random& random) {
  std::string iv(kIvBytes, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(iv.data()), iv.size()});
  return iv;
}

Result<std::string> seal_with(Call& call, const Key& key, const Way& way, Mechanism& mechanism,
                              const Secret& framed) {
  return way.by_object ? wrap_object(call, key, mechanism, framed)
                       : encrypt(call, key, mechanism, framed);
}

}  // namespace

Result<Blob> seal(Call& call, const Key& key, const Way& way, const Secret& framed,
                  sys::Random& random) {
  Blob blob{.form = way.form, .hash = way.hash, .iv = "", .bytes = ""};
  if (way.form != Form::gcm) {
    Mechanism mechanism(way, "");
    MC_TRY(blob.bytes, seal_with(call, key, way, mechanism, framed));
    return blob;
  }
  // Some tokens make the vector themselves: of these some write it over ours, others want zeros.
  Mechanism ours(way, random_iv(random));
  auto sealed = seal_with(call, key, way, ours, framed);
  blob.iv = ours.iv();
  if (!sealed && call.last == CKR_MECHANISM_PARAM_INVALID) {
    Mechanism theirs(way, std::string(kIvBytes, '\0'));
    sealed = seal_with(call, key, way, theirs, framed);
    blob.iv = theirs.iv();
    if (sealed && blob.iv == std::string(kIvBytes, '\0')) {
      return fail(Code::unavailable, "pkcs11: wrap: the token made no initialisation vector");
    }
  }
  MC_TRY(blob.bytes, std::move(sealed));
  return blob;
}

Result<Secret> open(Call& call, const Key& key, const Blob& blob) {
  const bool is_rsa = key.found.algorithm == Algorithm::rsa;
  if (is_rsa != (blob.form == Form::oaep)) {
    return fail(Code::corrupt, "pkcs11: no wrapped secret of this key");
  }
  bool by_object = blob.form != Form::gcm && blob.form != Form::oaep;
  for (const Way& way : key.ways) {
    if (way.form != blob.form || way.hash != blob.hash) continue;
    by_object = way.by_object;
    break;
  }
  const Way way{.form = blob.form, .hash = blob.hash, .by_object = by_object};
  Mechanism mechanism(way, blob.iv);
  return by_object ? unwrap_object(call, key, mechanism, blob)
                   : decrypt(call, key, mechanism, blob);
}

}  // namespace mc::pkcs11
