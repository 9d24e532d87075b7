#include "transparency/pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/crypto.h"
#include "proof/proof.h"

namespace mc::transparency {
namespace {

struct Named {
  std::string_view member;
  std::string_view name;
};
// Members of payloads in their order; others stand behind them under their own names. The page's
// program makes the same rows of the receipt (portal/src/receipt/rows.ts) and compares.
constexpr std::array<Named, 15> kNames = {{{"reason", "Reason"},
                                           {"object", "Path"},
                                           {"status", "Answered"},
                                           {"rows", "Rows"},
                                           {"fields", "Fields"},
                                           {"of", "Outcome of record"},
                                           {"record", "Erased record"},
                                           {"roles", "Roles"},
                                           {"scopes", "Scopes"},
                                           {"warrant", "Warrant's id"},
                                           {"region", "Region"},
                                           {"peer", "Address"},
                                           {"token", "Token"},
                                           {"session", "Session"},
                                           {"request_id", "Request"}}};

constexpr std::string_view kNotTheFile =
    "A file cannot vouch for itself: who changes it can change its program and its key too. So "
    "compare the key with the one that you know, from the day you began or from somebody else "
    "than who gave you this file; or paste the one that you know, and it decides. The steps are "
    "done by a program in this file; a program that you have yourself does the same, below.";

// As text and in quotes of either kind. No control character is in it: it is one line.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((c >= 0 && c < ' ') || c == '\x7f') {
          out += "\xEF\xBF\xBD";  // U+FFFD
        } else {
          out += c;
        }
    }
  }
  return out;
}

// Of several lines.
std::string escaped_lines(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) out += escaped(line) + "\n";
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

void add_row(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out += "<tr><th scope=\"row\"><bdi>" + escaped(name) + "</bdi></th><td><bdi>" + escaped(value) +
         "</bdi></td></tr>\n";
}

bool is_named(std::string_view member) {
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](const Named& one) { return one.member == member; });
}

std::string rows_of(const ReadableRecord& record) {
  const ledger::Header& header = record.header;
  std::string out;
  add_row(out, "Tenant", header.tenant);
  add_row(out, "Who", header.actor);
  add_row(out, "What", header.action);
  add_row(out, "When", format_rfc3339(header.time));
  add_row(out, "Kind", header.type);
  add_row(out, "Purpose", header.purpose);
  add_row(out, "Warrant", header.warrant);
  if (record.payload.is_null()) {
    add_row(out, "Payload", "erased; the proof stays");
    return out;
  }
  for (const auto& [member, name] : kNames)
    add_row(out, name, payload_text(record.payload, member));
  const json::Object* payload = record.payload.as_object();
  if (payload == nullptr) return out;
  for (const json::Member& one : payload->members()) {
    if (!is_named(one.name)) add_row(out, one.name, payload_text(record.payload, one.name));
  }
  return out;
}

Result<std::string> source_of(std::string_view text) {
  MC_TRY(const std::string hash, crypto::digest("sha256", text));
  return "'sha256-" + to_base64(hash) + "'";
}

// Nothing is loaded, nothing is sent, and no string becomes markup.
Result<std::string> policy_of(const PageParts& parts) {
  MC_TRY(const std::string program, source_of(parts.program));
  MC_TRY(const std::string looks, source_of(parts.looks));
  return "default-src 'none'; script-src " + program + "; style-src " + looks +
         "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";
}

std::string head_of(const std::string& policy, const std::string& title, std::string_view looks) {
  std::string out(proof::kPageStart);
  out +=
      "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
      policy +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
      title + "</title>\n<style>";
  out += looks;
  return out += "</style>\n</head>\n";
}

std::string steps_of() {
  return "<div id=\"verdict\" class=\"notice\" role=\"status\">\n<h2>Not checked yet</h2>\n"
         "<p>The steps need JavaScript. The command at the end does the same without it.</p>\n"
         "</div>\n";
}

std::string trust_of(const ProofNote& proof) {
  return "<h2>Whose signature it is</h2>\n<p class=\"warn\">\xE2\x96\xB2 " +
         std::string(kNotTheFile) +
         "</p>\n<p>Verifier key of the ledger, as this file has it:</p>\n<pre id=\"key\">" +
         escaped_lines(proof.key) +
         "</pre>\n<form id=\"trust\">\n<label for=\"trusted\">The ledger's key, as you know it"
         "</label>\n<textarea id=\"trusted\" rows=\"2\" spellcheck=\"false\" "
         "autocomplete=\"off\"></textarea>\n<button type=\"submit\">Check with this key</button>\n"
         "</form>\n<h2>The same on the command line</h2>\n<pre id=\"command\">" +
         escaped_lines(proof.command) +
         "</pre>\n<h2>Signed head of the ledger</h2>\n<pre dir=\"auto\">" +
         escaped_lines(proof.checkpoint) + "</pre>\n";
}

}  // namespace

Result<std::string> receipt_page(const ReadableRecord& record, const ProofNote& proof,
                                 const Viewer& viewer, const PageParts& parts) {
  const ledger::Header& header = record.header;
  MC_TRY(const std::string policy, policy_of(parts));
  const std::string title =
      escaped("Receipt of record " + std::to_string(header.seq) + " of tenant " + header.tenant);
  std::string out = head_of(policy, title, parts.looks);
  out += "<body>\n<main>\n<h1>" + title + "</h1>\n<p class=\"mark-line\">Copy for: <bdi>" +
         escaped(watermark_of(header.tenant, viewer)) + "</bdi></p>\n";
  out += steps_of();
  out +=
      "<h2>What was recorded</h2>\n<table id=\"record\">\n<caption>These words are those of the "
      "receipt; the line above them says whose copy this is, and is no part of the proof."
      "</caption>\n<tbody>\n" +
      rows_of(record) + "</tbody>\n</table>\n";
  out +=
      "<h2>The check, step by step</h2>\n"
      "<ol id=\"steps\" class=\"steps\" aria-label=\"Steps of the check\"></ol>\n";
  out += trust_of(proof) + "</main>\n";
  out += proof::print_page_block(parts.receipt);
  out += "\n<script>";
  out += parts.program;
  return out += "</script>\n</body>\n</html>\n";
}

}  // namespace mc::transparency
