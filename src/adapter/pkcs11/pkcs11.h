// Keys of PKCS#11 tokens (OASIS PKCS#11 2.40): any HSM or software token with a module for it.
//
// Binding: a URI of RFC 7512, "pkcs11:token=T;object=LABEL", with any of token, serial, model,
// manufacturer and slot-id to name the token, object and id (at least one) to name the key, and
// type (secret-key or private). All else is refused, pin-value and pin-source above all. All token
// objects of the label are versions of one key, each named by its CKA_ID in hexadecimal: AES keys
// before RSA pairs, then those made by rotate(), whose ids begin with "MCK1" and a time, then the
// greater id. A URI with an id is that one object.
//
// Credentials: file "pin", the user's PIN (a line end is cut off), read at each login. Options:
//   module           path of the module, absolute
//   module_from_uri  "yes": the URI's module-path counts when there is no option `module`
//   init             what C_Initialize gets as its reserved argument: NSS wants its folder there
//   sessions         at most so many at a time, 1 to 64; 8 by default
//
// Wrapped: docs/formats/pkcs11-wrapped.md. AES key wrap where token and key have it, else AES-GCM,
// else RSA-OAEP. A secret is an object of the token for as long as it is wrapped or unwrapped.
//
// One kind is one user of the modules: it initialises each once, and again after a fork, whose
// child never uses a session of its parent (fork while no call is under way). A login is one of the
// whole process. A wrong PIN is tried once for each content of the file, and not at all when the
// token says that it was the last try. What a token loses (sessions, a login, handles) is made anew
// once within a call. Modules are never unloaded. Calls of a module cannot be interrupted: one that
// ends after its deadline answers `unavailable`, although it may have been done.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::pkcs11 {

std::unique_ptr<kms::ProviderKind> pkcs11_kind();

}  // namespace mc::pkcs11
