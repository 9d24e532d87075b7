// Keys of the transit engine of Vault and OpenBao: "vault-transit:https://HOST[:PORT]/MOUNT/NAME",
// a key of an authenticated cipher (aes256-gcm96 and the like; never RSA).
//
// What is wrapped is bound to the context as associated data; keys that are derived get it as their
// derivation's context as well. Wrapped are the bytes of the service, "vault:vN:...", and N is the
// version: it is held against what the service says and against what is stored.
//
// Files:   token; or role_id and secret_id (AppRole); or jwt (Kubernetes and other JWT logins).
// Options: role (with jwt), auth_mount ("approle" or "kubernetes"), namespace, ca (a PEM file in
//          place of the system's authorities).
//
// Policy that a key needs: update on MOUNT/encrypt/NAME and MOUNT/decrypt/NAME, read on
// MOUNT/keys/NAME; update on MOUNT/keys/NAME/rotate, /config and /trim, and delete on
// MOUNT/keys/NAME only where these are not left to its owner (`invalid` then). Never `create` on
// encrypt: that would make a key where there is none. wrap() reads the key first, so that it never
// does.
//
// A token of a login is kept, and got anew when two thirds of its time are over; a refused one is
// got anew once (a token file is read again). What is refused then is `denied`: the service says
// the same of a token that it does not know and of a policy that was taken away. A sealed service
// is `unavailable`.
//
// destroy(N) destroys the oldest live version by raising min_decryption_version and trimming;
// destroy("") deletes the key, if its deletion_allowed is set. Both are at once, and for good.
#pragma once

#include <memory>

#include "kms/kms.h"

namespace mc::transit {

std::unique_ptr<kms::ProviderKind> provider_kind();

}  // namespace mc::transit
