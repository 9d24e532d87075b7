#include "ledger/entry.h"

namespace mc::ledger {

Result<Prepared> prepare(Entry&& entry, Salts& salts) {
  if (entry.payload.size() > kPayloadBytesMax) {
    return fail(Code::invalid, "ledger: a payload of " + std::to_string(entry.payload.size()) +
                                   " bytes; the limit is " + std::to_string(kPayloadBytesMax));
  }
  if (entry.log == kRootLog || entry.log.size() > kLogNameBytesMax) {
    return fail(Code::invalid, "ledger: '" + excerpt(entry.log) + "' cannot be written to");
  }
  if (entry.log == kSignLog) {
    MC_TRY_OK(check_plain_leaf(entry.leaf));
    if (!entry.payload.empty()) return fail(Code::invalid, "ledger: a leaf has no payload");
    return Prepared{std::move(entry.log), entry.key, LeafForm(std::move(entry.leaf)), {}, {}};
  }
  const Salt salt = salts.draw();
  Header header;
  header.log = std::move(entry.log);
  header.type = std::move(entry.type);
  header.actor = std::move(entry.actor);
  header.tenant = std::move(entry.tenant);
  header.action = std::move(entry.action);
  header.purpose = std::move(entry.purpose);
  header.warrant = std::move(entry.warrant);
  header.commitment = ledger::commit(salt, entry.payload);
  MC_TRY_OK(check_header(header));
  LeafForm leaf(header);
  return Prepared{std::move(header.log), entry.key, std::move(leaf), salt,
                  std::move(entry.payload)};
}

}  // namespace mc::ledger
