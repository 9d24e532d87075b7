// What a token's return value means for a key service. Values of modules are foreign: any number
// may come.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::pkcs11 {

enum class Fault : std::uint8_t {
  none,
  lost,         // sessions, login or handles are gone; all is to be made anew, once
  denied,       // the token or its owner said no
  corrupt,      // the wrapped secret is at fault
  vague,        // the device, or the wrapped secret: tokens give these for both
  unsupported,  // not in this way; perhaps in another
  unavailable,  // all else
};

Fault fault_of(CK_RV value);
// "CKR_PIN_LOCKED", or "CKR 0x80000001".
std::string name_of(CK_RV value);
// Of a call that will not be tried again. The text is the step and the value's name.
Error failure_of(std::string_view step, CK_RV value);

}  // namespace mc::pkcs11
