#include "pkcs11/module.h"

#include <dlfcn.h>
#include <unistd.h>

namespace mc::pkcs11 {
namespace {

// NSS reads one pointer more than the standard's structure has.
class InitializeArguments {
 public:
  explicit InitializeArguments(std::string& init) {
    standard_.flags = CKF_OS_LOCKING_OK;
    if (!init.empty()) standard_.pReserved = init.data();
  }
  void* get() { return &standard_; }

 private:
  CK_C_INITIALIZE_ARGS standard_{};
  [[maybe_unused]] void* of_nss_ = nullptr;
};

bool is_user(CK_STATE state) {
  return state == CKS_RO_USER_FUNCTIONS || state == CKS_RW_USER_FUNCTIONS;
}

tl::unexpected<Error> refused(const char* why) {
  return fail(Code::denied, std::string("pkcs11: log in: ") + why);
}

}  // namespace

Result<CK_FUNCTION_LIST*> load_module(const std::string& path) {
  // For ever: modules keep threads and handlers of their own.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail(Code::invalid, "pkcs11: the module cannot be loaded");
  auto* entry = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* calls = nullptr;
  if (entry == nullptr || entry(&calls) != CKR_OK || calls == nullptr ||
      calls->version.major != 2) {
    return fail(Code::invalid, "pkcs11: the module is no PKCS#11 library of version 2");
  }
  return calls;
}

Module::Module(Loader loader, std::string path, std::string init)
    : loader_(std::move(loader)), path_(std::move(path)), init_(std::move(init)) {}

Module::~Module() {
  state_.with([](State& state) {
    if (state.ours && state.process == getpid()) state.calls->C_Finalize(nullptr);
  });
}

Status Module::initialize(State& state) {
  InitializeArguments arguments(init_);
  CK_RV done = state.calls->C_Initialize(arguments.get());
  state.ours = true;
  if (done == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
    if (state.process != 0 && state.process != getpid()) {
      // A child whose library does not see that it is one: what it holds is the parent's.
      state.calls->C_Finalize(nullptr);
      done = state.calls->C_Initialize(arguments.get());
    } else {
      state.ours = false;
      done = CKR_OK;
    }
  }
  if (done != CKR_OK) return tl::unexpected(failure_of("initialise", done));
  state.process = getpid();
  ++state.epoch;
  return ok();
}

Result<Module::Entry> Module::enter() {
  return state_.with([&](State& state) -> Result<Entry> {
    if (state.process != getpid()) {
      if (state.calls == nullptr) {
        MC_TRY(state.calls, loader_(path_));
      }
      MC_TRY_OK(initialize(state));
    }
    return Entry{.calls = state.calls, .epoch = state.epoch};
  });
}

bool Module::revive(std::uint64_t epoch) {
  return state_.with([&](State& state) {
    if (state.epoch != epoch || state.process != getpid()) return true;  // another thread did
    // Asked by trying: libraries that were ended may show themselves as ones without tokens.
    InitializeArguments arguments(init_);
    if (state.calls->C_Initialize(arguments.get()) != CKR_OK) return false;
    state.ours = true;
    ++state.epoch;
    return true;
  });
}

Status Module::log_in(Call& call, const std::string& serial, const Secret& pin) {
  return refused_.with([&](std::map<std::string, Secret>& refused_pins) -> Status {
    CK_SESSION_INFO session{};
    MC_TRY_OK(
        call.check("look at a session", call.calls->C_GetSessionInfo(call.session, &session)));
    if (is_user(session.state)) return ok();
    const std::string_view bytes = pin.reveal(RevealToken{});
    const auto known = refused_pins.find(serial);
    if (known != refused_pins.end() &&
        equal_constant_time(known->second.reveal(RevealToken{}), bytes)) {
      return refused("the token refused this PIN, it is not tried again");
    }
    CK_TOKEN_INFO token{};
    MC_TRY_OK(call.check("look at a token", call.calls->C_GetTokenInfo(call.slot, &token)));
    if ((token.flags & CKF_USER_PIN_LOCKED) != 0) return refused("the PIN is locked");
    if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
      return refused("one more wrong PIN would lock the token; log in to it by hand first");
    }
    auto* text = reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(bytes.data()));
    const CK_RV done = call.calls->C_Login(call.session, CKU_USER, text, bytes.size());
    if (done == CKR_USER_ALREADY_LOGGED_IN) return ok();
    if (done == CKR_PIN_INCORRECT || done == CKR_PIN_INVALID || done == CKR_PIN_LEN_RANGE) {
      refused_pins.insert_or_assign(serial, Secret(std::string(bytes)));
    }
    MC_TRY_OK(call.check("log in", done));
    refused_pins.erase(serial);
    return ok();
  });
}

}  // namespace mc::pkcs11
