// A team's own tables as a tenant-bound GraphQL API, described by one YAML file.
//
//   model.h    what the YAML says: sources, datasets, columns, relations; parse, check, print, SDL
//   connections.h  ConnectionSet (readers, one a thread), Writers (one a process)
//   session.h  Catalog (shared, immutable), Session (one a request)
//   access.h   DatasetGate: what a session may do with a dataset, and which columns it sees masked
//   privacy.h  what a model says of differentially private answers
//   private.h  PrivateAnswers: the planner that gives them; RowScan: what it reads through
//   import.h   CSV and JSON lines into a table: streaming, resumable, all or nothing
//
// The first promise: no statement leaves this module without `tenant_id = ?1`, bound to the tenant
// of the session. It holds because every statement is written by TenantQuery (tenant_query.h,
// private), whose only constructor takes a TenantId, and identifiers come only from the model. The
// second: nothing is read that the gate did not grant, and no value leaves but as it was granted
// (guard.h, private).
#pragma once

#include "dataset/import.h"   // IWYU pragma: export
#include "dataset/model.h"    // IWYU pragma: export
#include "dataset/session.h"  // IWYU pragma: export
