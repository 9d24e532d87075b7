#include "crypto/pem.h"

namespace mc::crypto {
namespace {

constexpr std::size_t kLine = 64;

std::string begin_of(std::string_view label) {
  return "-----BEGIN " + std::string(label) + "-----";
}
std::string end_of(std::string_view label) {
  return "-----END " + std::string(label) + "-----";
}

Result<std::string> decode(std::string_view text) {
  std::string base64;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64 += c;
  }
  Result<std::string> der = from_base64(base64);
  if (!der) return fail(Code::invalid, "the PEM block is not base64");
  return der;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Result<std::string> read_pem(std::string_view pem, std::string_view label) {
  const std::string begin = begin_of(label);
  const std::string end = end_of(label);
  const std::string_view text = without_blanks(pem);
  if (text.size() < begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) {
    return fail(Code::invalid, "no PEM block " + std::string(label));
  }
  return decode(text.substr(begin.size(), text.size() - begin.size() - end.size()));
}

std::string write_pem(std::string_view der, std::string_view label) {
  const std::string base64 = to_base64(der);
  std::string out = begin_of(label) + "\n";
  for (std::size_t at = 0; at < base64.size(); at += kLine) {
    out.append(base64, at, kLine).append("\n");
  }
  return out + end_of(label) + "\n";
}

}  // namespace mc::crypto
