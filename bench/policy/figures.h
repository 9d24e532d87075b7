// The figures of bench/policy. Each prints one JSON line or several.
#pragma once

#include <string>

namespace mc::bench {

void measure_decisions();  // of the pack in bench/policy/abac, in process
void measure_beside();     // the verdict of that pack, for peer.mjs: the mean of all inputs
// Of policies/default, and through the gate of requests; `folder` is for what it writes.
void measure_gate(const std::string& folder);
void measure_rules();    // 1 to 1,000 of them, with an index and without
void measure_threads();  // one and two on the same policies
// `data` is a JSON file of 15 MB, made by generate.py.
void measure_data(const std::string& data);
// `module` is a file of Rego, made by generate.py.
void measure_compile(const std::string& module);
// Decisions kept in a log in `folder`, beside none kept.
void measure_log(const std::string& folder);

}  // namespace mc::bench
