// The steps of rewrite_terms(), in the order of OPA's stages. Each works on a rule's branch or a
// query after the one before.
#pragma once

#include "rego/compiler.h"
#include "rego/outputs.h"

namespace mc::rego {

Expr make_equality(Term left, Term right, const Location& at);
// Replaces `term` by a new local, with local = term at the end of `to`.
void lift(Compilation& c, Term& term, Body& to);
// Refs and comprehensions have to be evaluated; constants and patterns of variables are as they
// stand.
bool requires_evaluation(const Term& term);

// Template strings become calls of internal.template_string, whose undefined parts are empty sets.
// `safe` are the variables bound before `body`; afterwards, those bound by it too.
void rewrite_templates(Compilation& c, const Outputs& outputs, Rule& branch);
void rewrite_templates(Compilation& c, const Outputs& outputs, Body& query);
// print(x) to internal.print([{local | local = x}]), or nothing when printing is not allowed.
void rewrite_prints(Compilation& c, const Outputs& outputs, Rule& branch);
void rewrite_prints(Compilation& c, const Outputs& outputs, Body& query);
// rego.metadata.rule() and rego.metadata.chain() to their values.
void rewrite_metadata(Compilation& c);
// Checks the targets of `with`, and lifts values that have to be evaluated.
void rewrite_with(Compilation& c, const Functions& functions, Body& body);

}  // namespace mc::rego
