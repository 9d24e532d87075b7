#include <algorithm>
#include <optional>

#include "aws/signing.h"
#include "suite.h"

namespace mc::conformance {
namespace {

// Of all cases of the suite.
constexpr std::string_view kAccessKey = "AKIDEXAMPLE";
constexpr std::string_view kSecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kDateHeader = "x-amz-date";

// "20150830T123600Z"
Result<WallTime> parse_date(std::string_view text) {
  if (text.size() != 16) return fail(Code::invalid, "X-Amz-Date is malformed");
  std::string at;
  at.append(text, 0, 4).append("-").append(text, 4, 2).append("-").append(text, 6, 5);
  at.append(":").append(text, 11, 2).append(":").append(text, 13, 3);
  return parse_rfc3339(at);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// A request as it stands in a .req file: targets may hold spaces and bytes over 0x7f, values of
// headers may go on in the next line. `out` points into `text`.
Result<aws::SigningRequest> parse_request(std::string_view text) {
  constexpr std::string_view kVersion = " HTTP/1.1";
  aws::SigningRequest out;
  std::string_view line = take_line(text);
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !line.ends_with(kVersion)) {
    return fail(Code::invalid, "the request line is malformed");
  }
  line.remove_suffix(kVersion.size());
  out.method = line.substr(0, space);
  out.target = line.substr(space + 1);
  std::optional<std::string> date;
  while (!text.empty()) {
    line = take_line(text);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') {
      if (out.headers.empty()) return fail(Code::invalid, "a header is malformed");
      out.headers.back().second.append("\n").append(line);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fail(Code::invalid, "a header is malformed");
    if (equals_ignoring_case(line.substr(0, colon), kDateHeader)) {
      date = line.substr(colon + 1);
    } else {
      out.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  if (!date) return fail(Code::invalid, "X-Amz-Date is missing");
  MC_TRY(out.time, parse_date(*date));
  out.body = text;
  out.region = "us-east-1";
  out.service = "service";
  return out;
}

std::string differs(const char* what, const std::string& wanted, const std::string& got) {
  return std::string(what) + " differs: expected " + excerpt(wanted, 400) + ", got " +
         excerpt(got, 400);
}

// The canonical request without the length of the body, where only the library has signed it.
std::string without_length(std::string text) {
  for (const std::string_view name : {"content-length:", "content-length;"}) {
    const std::size_t begin = text.find(name);
    if (begin == std::string::npos) continue;
    const std::size_t size = name.ends_with(';') ? name.size() : text.find('\n', begin) + 1 - begin;
    text.erase(begin, size);
  }
  return text;
}

// A file of a case as it is, or without the line end that editors put at its end.
Result<std::string> expected(const Vectors& vectors, const std::string& path) {
  MC_TRY(std::string text, vectors.read(path));
  text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void check_case(const Vectors& vectors, const std::string& id, Report& report) {
  const auto text = vectors.read(id + ".req");
  const auto canonical = expected(vectors, id + ".creq");
  const auto string_to_sign = expected(vectors, id + ".sts");
  const auto authorization = expected(vectors, id + ".authz");
  if (!text || !canonical || !string_to_sign || !authorization) {
    return report.fail(id, "one of .req, .creq, .sts and .authz is missing");
  }
  const auto request = parse_request(*text);
  if (!request) return report.fail(id, request.error().what);
  const auto made = aws::sign(*request, {kAccessKey, kSecretKey});
  if (!made) return report.fail(id, made.error().what);
  if (made->canonical != *canonical && without_length(made->canonical) == *canonical) {
    return report.miss(id,
                       "the library signs the length of a body, which this case does not; all "
                       "else of the canonical request is equal");
  }
  if (made->canonical != *canonical) {
    return report.fail(id, differs("canonical request", *canonical, made->canonical));
  }
  if (made->string_to_sign != *string_to_sign) {
    return report.fail(id, differs("string to sign", *string_to_sign, made->string_to_sign));
  }
  if (made->authorization != *authorization) {
    return report.fail(id, differs("authorization", *authorization, made->authorization));
  }
  report.pass();
}

}  // namespace

void run_sigv4(const Vectors& vectors, Report& report) {
  constexpr std::string_view kEnding = ".req";
  for (const std::string& path : vectors.find("", kEnding)) {
    check_case(vectors, path.substr(0, path.size() - kEnding.size()), report);
  }
}

}  // namespace mc::conformance
