#include "pkcs11/fake_token.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/base.h"

namespace mc::pkcs11::test {
namespace {

FakeToken* fake = nullptr;

#define MC_STEP(...)                                \
  do {                                              \
    const CK_RV mc_value = fake->step(__VA_ARGS__); \
    if (mc_value != CKR_OK) return mc_value;        \
  } while (false)

std::string mixed(std::string_view bytes, CK_OBJECT_HANDLE key) {
  std::string out(bytes);
  for (char& c : out) c = static_cast<char>(c ^ static_cast<char>(0x55 + key));
  return out;
}

std::string check_of(std::string_view bytes, CK_OBJECT_HANDLE key, std::size_t size) {
  std::uint8_t sum = static_cast<std::uint8_t>(key);
  for (const char c : bytes)
    sum = static_cast<std::uint8_t>(sum * 31 + static_cast<std::uint8_t>(c));
  return std::string(size, static_cast<char>(sum));
}

CK_RV put(std::string_view bytes, CK_BYTE* out, CK_ULONG* size) {
  if (*size < bytes.size()) return CKR_BUFFER_TOO_SMALL;
  std::memcpy(out, bytes.data(), bytes.size());
  *size = bytes.size();
  return CKR_OK;
}

std::string_view view(CK_BYTE* bytes, CK_ULONG size) {
  return {reinterpret_cast<char*>(bytes), size};
}

CK_RV initialize(void*) {
  MC_STEP("Initialize");
  return CKR_OK;
}
CK_RV finalize(void*) {
  MC_STEP("Finalize");
  fake->sessions.clear();
  fake->logged_in = false;
  return CKR_OK;
}
CK_RV slot_list(unsigned char, CK_SLOT_ID* slots, CK_ULONG* count) {
  MC_STEP("GetSlotList");
  if (slots != nullptr) slots[0] = 7;
  *count = 1;
  return CKR_OK;
}
CK_RV slot_info(CK_SLOT_ID, CK_SLOT_INFO* info) {
  MC_STEP("GetSlotInfo");
  info->flags = CKF_HW_SLOT;
  return CKR_OK;
}
CK_RV token_info(CK_SLOT_ID, CK_TOKEN_INFO* info) {
  MC_STEP("GetTokenInfo");
  std::memset(info, 0, sizeof(*info));
  std::memset(info->label, ' ', sizeof(info->label));
  std::memcpy(info->label, "fake", 4);
  info->flags = fake->flags;
  return CKR_OK;
}
CK_RV mechanism_info(CK_SLOT_ID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  MC_STEP("GetMechanismInfo");
  if (fake->mechanisms.count(type) == 0) return CKR_MECHANISM_INVALID;
  const bool as_data = type == CKM_AES_GCM;
  info->flags = 1 | (as_data ? CKF_ENCRYPT | CKF_DECRYPT : CKF_WRAP | CKF_UNWRAP);
  return CKR_OK;
}
CK_RV open_session(CK_SLOT_ID, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* session) {
  MC_STEP("OpenSession");
  *session = ++fake->next;
  fake->sessions.insert(*session);
  return CKR_OK;
}
CK_RV close_session(CK_SESSION_HANDLE session) {
  MC_STEP("CloseSession", session);
  fake->sessions.erase(session);
  if (fake->sessions.empty()) fake->logged_in = false;
  return CKR_OK;
}
CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  MC_STEP("GetSessionInfo", session);
  info->state = fake->logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
  return CKR_OK;
}
CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE, CK_BYTE* pin, CK_ULONG size) {
  MC_STEP("Login", session);
  if (view(pin, size) != fake->pin) return CKR_PIN_INCORRECT;
  if (fake->logged_in) return CKR_USER_ALREADY_LOGGED_IN;
  fake->logged_in = true;
  return CKR_OK;
}
CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE*, CK_ULONG) {
  MC_STEP("FindObjectsInit", session);
  fake->found = false;
  return CKR_OK;
}
CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* out, CK_ULONG, CK_ULONG* count) {
  MC_STEP("FindObjects", session);
  *count = 0;
  if (fake->found || !fake->logged_in) return CKR_OK;
  for (const CK_OBJECT_HANDLE key : fake->keys) out[(*count)++] = key;
  fake->found = true;
  return CKR_OK;
}
CK_RV find_final(CK_SESSION_HANDLE session) {
  MC_STEP("FindObjectsFinal", session);
  return CKR_OK;
}
CK_RV value_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted, CK_ULONG) {
  MC_STEP("GetAttributeValue", session);
  std::string value;
  if (const auto secret = fake->secrets.find(object); secret != fake->secrets.end()) {
    value = secret->second;
  } else if (wanted->type == CKA_ID) {
    value.assign(1, static_cast<char>(object));
  } else if (wanted->type == CKA_VALUE_LEN) {
    const CK_ULONG size = 32;
    value.assign(reinterpret_cast<const char*>(&size), sizeof(size));
  } else {
    value.assign(1, static_cast<char>(fake->permissions.count(wanted->type)));
  }
  if (wanted->pValue != nullptr) std::memcpy(wanted->pValue, value.data(), value.size());
  wanted->ulValueLen = value.size();
  return CKR_OK;
}
CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE* made, CK_ULONG count, CK_OBJECT_HANDLE* out) {
  MC_STEP("CreateObject", session);
  *out = ++fake->next;
  const CK_ATTRIBUTE& last = made[count - 1];
  fake->secrets[*out] = std::string(static_cast<char*>(last.pValue), last.ulValueLen);
  return CKR_OK;
}
CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  MC_STEP("DestroyObject", session);
  return fake->secrets.erase(object) + fake->keys.erase(object) > 0 ? CKR_OK
                                                                    : CKR_OBJECT_HANDLE_INVALID;
}
// The standard's functions of more parameters than ours may have.
using ToWrap = std::tuple<CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE,
                          CK_BYTE*, CK_ULONG*>;
CK_RV wrap(const ToWrap& call) {
  const auto& [session, mechanism, key, object, out, size] = call;
  MC_STEP("WrapKey", session);
  const std::string& secret = fake->secrets.at(object);
  return put(mixed(secret, key) + check_of(secret, key, 8), out, size);
}
using ToUnwrap = std::tuple<CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE, CK_BYTE*, CK_ULONG,
                            CK_ATTRIBUTE*, CK_ULONG, CK_OBJECT_HANDLE*>;
CK_RV unwrap(const ToUnwrap& call) {
  const auto& [session, mechanism, key, bytes, size, made, count, out] = call;
  MC_STEP("UnwrapKey", session);
  const std::string secret = mixed(view(bytes, size - 8), key);
  // As tokens do: the same value as for a broken device.
  if (check_of(secret, key, 8) != view(bytes + size - 8, 8)) return CKR_GENERAL_ERROR;
  *out = ++fake->next;
  fake->secrets[*out] = secret;
  return CKR_OK;
}
CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  MC_STEP("EncryptInit", session);
  fake->gcm = static_cast<CK_GCM_PARAMS*>(mechanism->pParameter);
  fake->key_in_use = key;
  const std::string_view iv = view(fake->gcm->pIv, fake->gcm->ulIvLen);
  const bool zeros = iv.find_first_not_of('\0') == std::string_view::npos;
  return fake->wants_zeros && !zeros ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}
CK_RV encrypt(CK_SESSION_HANDLE session, CK_BYTE* bytes, CK_ULONG in, CK_BYTE* out,
              CK_ULONG* size) {
  MC_STEP("Encrypt", session);
  if (fake->makes_iv) std::memset(fake->gcm->pIv, 'T', fake->gcm->ulIvLen);
  const CK_OBJECT_HANDLE key = fake->key_in_use + fake->gcm->pIv[0];
  return put(mixed(view(bytes, in), key) + check_of(view(bytes, in), key, 16), out, size);
}
CK_RV decrypt(CK_SESSION_HANDLE session, CK_BYTE* bytes, CK_ULONG in, CK_BYTE* out,
              CK_ULONG* size) {
  MC_STEP("Decrypt", session);
  const CK_OBJECT_HANDLE key = fake->key_in_use + fake->gcm->pIv[0];
  const std::string secret = mixed(view(bytes, in - 16), key);
  if (check_of(secret, key, 16) != view(bytes + in - 16, 16)) return CKR_GENERAL_ERROR;
  return put(secret, out, size);
}

}  // namespace

FakeToken::FakeToken() {
  MC_CHECK(fake == nullptr);
  fake = this;
  list_.version.major = 2;
  list_.C_Initialize = initialize;
  list_.C_Finalize = finalize;
  list_.C_GetSlotList = slot_list;
  list_.C_GetSlotInfo = slot_info;
  list_.C_GetTokenInfo = token_info;
  list_.C_GetMechanismInfo = mechanism_info;
  list_.C_OpenSession = open_session;
  list_.C_CloseSession = close_session;
  list_.C_GetSessionInfo = session_info;
  list_.C_Login = login;
  list_.C_FindObjectsInit = find_init;
  list_.C_FindObjects = find_objects;
  list_.C_FindObjectsFinal = find_final;
  list_.C_GetAttributeValue = value_of;
  list_.C_CreateObject = create;
  list_.C_DestroyObject = destroy;
  list_.C_WrapKey = [](auto... call) -> CK_RV { return wrap({call...}); };
  list_.C_UnwrapKey = [](auto... call) -> CK_RV { return unwrap({call...}); };
  list_.C_EncryptInit = encrypt_init;
  list_.C_Encrypt = encrypt;
  list_.C_DecryptInit = encrypt_init;
  list_.C_Decrypt = decrypt;
}

FakeToken::~FakeToken() {
  fake = nullptr;
}

CK_RV FakeToken::step(const std::string& function, CK_SESSION_HANDLE session) {
  ++counts[function];
  if (session != CK_INVALID_HANDLE && sessions.count(session) == 0) {
    return CKR_SESSION_HANDLE_INVALID;
  }
  const auto fault = faults.find(function);
  if (fault == faults.end() || fault->second.times == 0) return CKR_OK;
  if (fault->second.after-- > 0) return CKR_OK;
  if (fault->second.times > 0) --fault->second.times;
  return fault->second.value;
}

}  // namespace mc::pkcs11::test
