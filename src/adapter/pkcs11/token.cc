#include "pkcs11/token.h"

#include <chrono>
#include <utility>

namespace mc::pkcs11 {
namespace {

constexpr std::size_t kPinBytesMax = 256;
constexpr CK_ULONG kSlotsMax = 1'024;

tl::unexpected<Error> unreachable(const char* why) {
  return fail(Code::unavailable, std::string("pkcs11: ") + why);
}

bool is(const std::optional<std::string>& wanted, const std::string& found) {
  return !wanted || *wanted == found;
}

bool matches(const KeyUri& uri, CK_SLOT_ID slot, const CK_TOKEN_INFO& token) {
  return is(uri.token, text_of(token.label, sizeof(token.label))) &&
         is(uri.serial, text_of(token.serialNumber, sizeof(token.serialNumber))) &&
         is(uri.model, text_of(token.model, sizeof(token.model))) &&
         is(uri.manufacturer, text_of(token.manufacturerID, sizeof(token.manufacturerID))) &&
         (!uri.slot_id || *uri.slot_id == slot);
}

Result<std::vector<CK_SLOT_ID>> slots_of(Call& call) {
  CK_ULONG count = 0;
  MC_TRY_OK(call.check("list slots", call.calls->C_GetSlotList(CK_TRUE, nullptr, &count)));
  if (count > kSlotsMax) return fail(Code::corrupt, "pkcs11: list slots: too many");
  std::vector<CK_SLOT_ID> slots(count + 4);  // some may come in between
  count = slots.size();
  MC_TRY_OK(call.check("list slots", call.calls->C_GetSlotList(CK_TRUE, slots.data(), &count)));
  slots.resize(std::min<std::size_t>(count, slots.size()));
  return slots;
}

}  // namespace

std::string text_of(const CK_UTF8CHAR* field, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(field), size);
  // Some end it with a zero, which the standard does not have.
  if (const std::size_t zero = text.find('\0'); zero != std::string::npos) text.resize(zero);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

Token::Token(std::shared_ptr<Module> module, KeyUri uri, TokenOptions options,
             const kms::ProviderWorld& world)
    : module_(std::move(module)),
      uri_(std::move(uri)),
      options_(std::move(options)),
      world_(world) {}

Token::~Token() {
  MC_CHECK(pool_.in_use == 0);
  const auto entry =
      pool_.idle.empty() ? Module::Entry{} : module_->enter().value_or(Module::Entry{});
  if (entry.calls == nullptr || entry.epoch != pool_.epoch) return;
  for (const CK_SESSION_HANDLE session : pool_.idle) entry.calls->C_CloseSession(session);
}

bool Token::is_late(MonoTime deadline) {
  return world_.clock.mono() >= deadline;
}

Status Token::take(Lease& lease, MonoTime deadline) {
  MC_TRY_OK(wait_for_turn(lease, deadline));
  if (lease.call.session != CK_INVALID_HANDLE) return ok();
  Status opened = open(lease);
  if (!opened) give_back(lease, false);
  return opened;
}

Status Token::wait_for_turn(Lease& lease, MonoTime deadline) {
  if (is_late(deadline)) return unreachable("past the deadline");
  MC_TRY(const Module::Entry entry, module_->enter());
  std::unique_lock lock(mutex_);
  if (pool_.epoch != entry.epoch) {
    // Another process', or from before the library was initialised again: not even to be closed.
    const std::uint64_t generation = pool_.generation + 1;
    pool_ = Pool();
    pool_.epoch = entry.epoch;
    pool_.generation = generation;
  }
  while (pool_.in_use >= options_.sessions) {
    const Nanos left = deadline - world_.clock.mono();
    if (left <= Nanos{}) return unreachable("all sessions are in use");
    freed_.wait_for(lock, std::chrono::nanoseconds(left.count));
  }
  ++pool_.in_use;
  lease.call.calls = entry.calls;
  lease.epoch = entry.epoch;
  lease.generation = pool_.generation;
  if (pool_.slot) lease.call.slot = *pool_.slot;
  if (lease.access == Access::read && !pool_.idle.empty()) {
    lease.call.session = pool_.idle.back();
    pool_.idle.pop_back();
  }
  return ok();
}

Status Token::find_slot(Lease& lease) {
  Call& call = lease.call;
  MC_TRY(const std::vector<CK_SLOT_ID> slots, slots_of(call));
  std::optional<CK_SLOT_ID> found;
  CK_TOKEN_INFO its{};
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO token{};
    // One that cannot be asked is not there.
    if (call.calls->C_GetTokenInfo(slot, &token) != CKR_OK || !matches(uri_, slot, token)) continue;
    if (found) return fail(Code::invalid, "pkcs11: the URI names more than one token");
    found = slot;
    its = token;
  }
  if (!found) {
    if (module_->revive(lease.epoch)) call.last = CKR_CRYPTOKI_NOT_INITIALIZED;
    return unreachable("the token is not there");
  }
  call.slot = *found;
  const std::lock_guard lock(mutex_);
  if (pool_.epoch != lease.epoch || pool_.generation != lease.generation) return ok();
  pool_.slot = found;
  pool_.serial = text_of(its.serialNumber, sizeof(its.serialNumber)) + '/' +
                 text_of(its.label, sizeof(its.label));
  pool_.needs_login = (its.flags & CKF_LOGIN_REQUIRED) != 0;
  return ok();
}

Status Token::open(Lease& lease) {
  Call& call = lease.call;
  const bool known = [&] {
    const std::lock_guard lock(mutex_);
    return pool_.slot.has_value() && pool_.generation == lease.generation;
  }();
  if (!known) MC_TRY_OK(find_slot(lease));
  const CK_FLAGS flags =
      CKF_SERIAL_SESSION | (lease.access == Access::write ? CKF_RW_SESSION : CK_FLAGS{0});
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  MC_TRY_OK(call.check("open a session",
                       call.calls->C_OpenSession(call.slot, flags, nullptr, nullptr, &session)));
  call.session = session;
  return log_in(lease);
}

Status Token::log_in(Lease& lease) {
  std::string serial;
  {
    const std::lock_guard lock(mutex_);
    if (!pool_.needs_login) return ok();
    serial = pool_.serial;
  }
  if (options_.pin_file.empty()) {
    return fail(Code::invalid, "pkcs11: the token wants a login: give the credential file 'pin'");
  }
  MC_TRY(const Secret pin, read_pin());
  return module_->log_in(lease.call, serial, pin);
}

Result<Secret> Token::read_pin() {
  auto read = world_.files.read_all(options_.pin_file, kPinBytesMax);
  if (!read) return unreachable("the credential file 'pin' cannot be read");
  std::string& pin = *read;
  while (!pin.empty() && (pin.back() == '\n' || pin.back() == '\r')) pin.pop_back();
  if (pin.empty()) return unreachable("the credential file 'pin' is empty");
  return Secret(std::move(pin));
}

void Token::give_back(Lease& lease, bool keep) {
  const CK_SESSION_HANDLE session = std::exchange(lease.call.session, CK_INVALID_HANDLE);
  bool close = session != CK_INVALID_HANDLE;
  {
    const std::lock_guard lock(mutex_);
    if (pool_.epoch != lease.epoch) return;
    --pool_.in_use;
    if (close && keep && lease.access == Access::read && pool_.generation == lease.generation) {
      pool_.idle.push_back(session);
      close = false;
    }
  }
  if (close) lease.call.calls->C_CloseSession(session);
  freed_.notify_one();
}

bool Token::begin_anew(const Lease& lease, int tries, MonoTime deadline) {
  const Fault fault = fault_of(lease.call.last);
  if (fault != Fault::lost && fault != Fault::vague) return false;
  if (lease.call.last == CKR_CRYPTOKI_NOT_INITIALIZED) module_->revive(lease.epoch);
  std::vector<CK_SESSION_HANDLE> stale;
  {
    const std::lock_guard lock(mutex_);
    if (pool_.epoch == lease.epoch && pool_.generation == lease.generation) {
      ++pool_.generation;
      pool_.slot.reset();
      stale.swap(pool_.idle);
    }
  }
  for (const CK_SESSION_HANDLE session : stale) lease.call.calls->C_CloseSession(session);
  // That a library was ended may show only when the token is looked for again.
  const bool again = tries == 1 || (tries == 2 && lease.call.last == CKR_CRYPTOKI_NOT_INITIALIZED);
  return fault == Fault::lost && again && !is_late(deadline);
}

}  // namespace mc::pkcs11
