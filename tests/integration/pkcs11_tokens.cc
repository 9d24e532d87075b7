#include "pkcs11_tokens.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace mc::pkcs11::test {
namespace {

constexpr char kPin[] = "1234";
constexpr char kOfficerPin[] = "87654321";

CK_UTF8CHAR* text(const char* value) {
  return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(value));
}

void must(CK_RV value, const char* what) {
  if (value == CKR_OK) return;
  std::fprintf(stderr, "%s: 0x%lx\n", what, value);
  MC_CHECK(value == CKR_OK);
}

void write(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::trunc);
  out << content;
  MC_CHECK(out.good());
}

struct NoTransport final : kms::Transport {
  Result<kms::HttpReply> send(const kms::HttpRequest&) override {
    return fail(Code::unavailable, "none");
  }
};

struct Arguments {
  CK_C_INITIALIZE_ARGS standard{};
  void* of_nss = nullptr;
};

}  // namespace

std::string module_of(Peer peer) {
  const char* const softhsm[] = {"/usr/lib/softhsm/libsofthsm2.so"};
  const char* const nss[] = {"/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
                             "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
                             "/usr/lib/aarch64-linux-gnu/libsoftokn3.so"};
  if (peer == Peer::softhsm) return std::filesystem::exists(softhsm[0]) ? softhsm[0] : "";
  for (const char* path : nss) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

TestToken::TestToken(Peer peer)
    : peer_(peer),
      clock_(sys::real_clock()),
      random_(sys::real_random()),
      files_(sys::real_files()),
      transport_(std::make_unique<NoTransport>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mc_pkcs11_XXXXXX").string();
  MC_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  std::filesystem::create_directory(folder_ + "/tokens");
  world_ = std::make_unique<kms::ProviderWorld>(kms::ProviderWorld{
      .clock = *clock_, .random = *random_, .files = *files_, .transport = *transport_});
  set_pin_file(std::string(kPin) + "\n");
  if (peer == Peer::softhsm) {
    write(folder_ + "/softhsm2.conf",
          "directories.tokendir = " + folder_ +
              "/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
    setenv("SOFTHSM2_CONF", (folder_ + "/softhsm2.conf").c_str(), 1);
  } else {
    init_ = "configdir='sql:" + folder_ +
            "/tokens' certPrefix='' keyPrefix='' secmod='secmod.db' flags= "
            "dbTokenDescription='mc-test'";
  }
  void* library = dlopen(module_of(peer).c_str(), RTLD_NOW | RTLD_LOCAL);
  MC_CHECK(library != nullptr);
  auto* entry = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  must(entry(&calls_), "C_GetFunctionList");
  begin();
  CK_SESSION_HANDLE session = 0;
  const CK_SLOT_ID at = slot();
  if (peer == Peer::softhsm) {
    char label[32];
    std::memset(label, ' ', sizeof(label));
    std::memcpy(label, "mc-test", 7);
    must(calls_->C_InitToken(at, text(kOfficerPin), 8, text(label)), "C_InitToken");
  }
  must(calls_->C_OpenSession(at, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
       "C_OpenSession");
  const char* officer = peer == Peer::softhsm ? kOfficerPin : "";
  must(calls_->C_Login(session, CKU_SO, text(officer), std::strlen(officer)), "C_Login");
  must(calls_->C_InitPIN(session, text(kPin), 4), "C_InitPIN");
  must(calls_->C_Finalize(nullptr), "C_Finalize");
}

TestToken::~TestToken() {
  std::filesystem::remove_all(folder_);
}

void TestToken::begin() {
  Arguments arguments;
  arguments.standard.flags = CKF_OS_LOCKING_OK;
  if (!init_.empty()) arguments.standard.pReserved = init_.data();
  must(calls_->C_Initialize(&arguments), "C_Initialize");
}

// Of the token; the first one before it has its name.
CK_SLOT_ID TestToken::slot() {
  CK_SLOT_ID slots[16];
  CK_ULONG count = 16;
  must(calls_->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
  for (CK_ULONG i = 0; i < count; ++i) {
    CK_TOKEN_INFO info{};
    if (calls_->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
    if (std::memcmp(info.label, "mc-test ", 8) == 0) return slots[i];
  }
  return slots[0];
}

void TestToken::use(const std::function<void(CK_SESSION_HANDLE)>& work) {
  begin();
  CK_SESSION_HANDLE session = 0;
  must(calls_->C_OpenSession(slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                             &session),
       "C_OpenSession");
  must(calls_->C_Login(session, CKU_USER, text(kPin), 4), "C_Login");
  work(session);
  must(calls_->C_Finalize(nullptr), "C_Finalize");
}

void TestToken::make_aes(const std::string& label, const std::string& id, Purpose purpose) {
  use([&](CK_SESSION_HANDLE session) {
    CK_ULONG size = 32;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_BBOOL wraps = purpose.wraps ? CK_TRUE : CK_FALSE;
    CK_BBOOL encrypts = purpose.encrypts ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE made[] = {
        {CKA_VALUE_LEN, &size, sizeof(size)},
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1},
        {CKA_EXTRACTABLE, &no, 1},
        {CKA_WRAP, &wraps, 1},
        {CKA_UNWRAP, &wraps, 1},
        {CKA_ENCRYPT, &encrypts, 1},
        {CKA_DECRYPT, &encrypts, 1},
        {CKA_LABEL, const_cast<char*>(label.data()), label.size()},
        {CKA_ID, const_cast<char*>(id.data()), id.size()},
    };
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    must(calls_->C_GenerateKey(session, &mechanism, made, std::size(made), &key), "C_GenerateKey");
  });
}

void TestToken::make_rsa(const std::string& label, const std::string& id) {
  use([&](CK_SESSION_HANDLE session) {
    CK_ULONG bits = 2'048;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_BYTE exponent[] = {1, 0, 1};
    CK_ATTRIBUTE open[] = {
        {CKA_MODULUS_BITS, &bits, sizeof(bits)},
        {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
        {CKA_TOKEN, &yes, 1},
        {CKA_ENCRYPT, &yes, 1},
        {CKA_WRAP, &yes, 1},
        {CKA_LABEL, const_cast<char*>(label.data()), label.size()},
        {CKA_ID, const_cast<char*>(id.data()), id.size()},
    };
    CK_ATTRIBUTE shut[] = {
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1},
        {CKA_EXTRACTABLE, &no, 1},
        {CKA_DECRYPT, &yes, 1},
        {CKA_UNWRAP, &yes, 1},
        {CKA_LABEL, const_cast<char*>(label.data()), label.size()},
        {CKA_ID, const_cast<char*>(id.data()), id.size()},
    };
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
    CK_OBJECT_HANDLE half = 0, other = 0;
    must(calls_->C_GenerateKeyPair(session, &mechanism, open, std::size(open), shut,
                                   std::size(shut), &half, &other),
         "C_GenerateKeyPair");
  });
}

void TestToken::set_pin_file(const std::string& pin) {
  write(folder_ + "/pin", pin);
}

void TestToken::remove_from_disk() {
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/tokens")) {
    std::filesystem::remove_all(entry.path());
  }
}

void TestToken::log_out() {
  CK_SESSION_HANDLE session = 0;
  must(calls_->C_OpenSession(slot(), CKF_SERIAL_SESSION, nullptr, nullptr, &session),
       "C_OpenSession");
  must(calls_->C_Logout(session), "C_Logout");
  must(calls_->C_CloseSession(session), "C_CloseSession");
}

void TestToken::finalize() {
  must(calls_->C_Finalize(nullptr), "C_Finalize");
}

CK_FLAGS TestToken::token_flags() {
  CK_TOKEN_INFO info{};
  must(calls_->C_GetTokenInfo(slot(), &info), "C_GetTokenInfo");
  return info.flags;
}

std::unique_ptr<kms::Provider> TestToken::bind(kms::ProviderKind& kind, const std::string& key,
                                               int sessions) {
  kms::Credentials credentials;
  credentials.files["pin"] = folder_ + "/pin";
  credentials.options["module"] = module_of(peer_);
  credentials.options["sessions"] = std::to_string(sessions);
  if (!init_.empty()) credentials.options["init"] = init_;
  auto bound = kind.bind("pkcs11:token=mc-test;" + key, credentials, *world_);
  if (!bound) std::fprintf(stderr, "%s\n", bound.error().what.c_str());
  MC_CHECK(bound.has_value());
  return std::move(*bound);
}

}  // namespace mc::pkcs11::test
