// Envelope encryption: from a tenant's branch key to data keys, and from those to fields, objects
// and blind indexes. Bytes in docs/formats/envelope.md.
//
//   branch key (32 bytes, of a tenant; wrapped by the customer's key, kms/branch.h)
//     `-> data key (32 bytes, of a dataset, its indexes, a subject or a class)   data_key.h
//           `-> field MCF1 (field.h), object MCO1 (object.h), blind index MCB1 (blind_index.h)
//
// Invariants: one key has one use, by labels of HKDF. Everything that is sealed is bound to whose
// and what it is: each part of the associated data is prefixed with its length, so that no two
// places have the same. A data key is committed to: what opens under one key opens under no other.
// An unknown version, suite or flag is refused. Whatever fails to open is `corrupt` with one text,
// which does not say whether the key, the place or the bytes were wrong.
//
// Pure: no clock, no storage, no cache; what is random comes in. Thread-safe.
#pragma once

#include "envelope/blind_index.h"  // IWYU pragma: export
#include "envelope/data_key.h"     // IWYU pragma: export
#include "envelope/field.h"        // IWYU pragma: export
#include "envelope/object.h"       // IWYU pragma: export
