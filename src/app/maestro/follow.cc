#include "maestro/follow.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "json/json.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

constexpr std::size_t kCursorBytesMax = 4096;
constexpr std::int64_t kBodyBytesMax = 64 << 20;

struct Line {
  std::int64_t number = 0;
  std::string text;  // with its end
};
struct Page {
  std::string head;  // of CSV
  std::vector<Line> lines;
  std::int64_t next_after = 0;
  std::int64_t total = 0;
};

Error odd(const std::string& what) {
  return {Code::corrupt, "the server's answer is no list of records: " + what};
}

Result<std::int64_t> whole(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
  if (number == nullptr) return tl::unexpected<Error>(odd(std::string(name) + " is no number"));
  return *number;
}

Result<std::int64_t> whole(const net::Response& response, std::string_view name) {
  for (const auto& [held, value] : response.headers) {
    if (equals_ignoring_case(held, name)) return parse_int(value);
  }
  return tl::unexpected<Error>(odd("it has no " + std::string(name)));
}

Status read_json(const net::Response& response, Page& out) {
  MC_TRY(const json::Value body, json::parse(response.body, {.bytes_max = kBodyBytesMax}));
  MC_TRY(out.next_after, whole(body, "next_after"));
  MC_TRY(out.total, whole(body, "total"));
  const json::Value* items = body.find("items");
  if (items == nullptr || items->as_array() == nullptr) {
    return tl::unexpected<Error>(odd("it has no items"));
  }
  for (const json::Value& item : *items->as_array()) {
    MC_TRY(const std::int64_t number, whole(item, "record"));
    out.lines.push_back({number, json::print(item) + "\n"});
  }
  return ok();
}

// Up to the end of a line that is outside of quotes, with it.
std::string_view take_line(std::string_view& text) {
  bool quoted = false;
  std::size_t end = 0;
  while (end < text.size()) {
    const char c = text[end++];
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) break;
  }
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(end);
  return out;
}

Status read_csv(const net::Response& response, Page& out) {
  std::string_view left = response.body;
  out.head = take_line(left);
  while (!left.empty()) {
    const std::string_view line = take_line(left);
    MC_TRY(const std::int64_t number, parse_int(line.substr(0, line.find(','))));
    out.lines.push_back({number, std::string(line)});
  }
  return ok();
}

Status read_ocsf(const net::Response& response, Page& out) {
  for (const std::string_view line : split(response.body, '\n')) {
    if (line.empty()) continue;
    MC_TRY(const json::Value event, json::parse(line));
    const json::Value* metadata = event.find("metadata");
    if (metadata == nullptr) return tl::unexpected<Error>(odd("an event has no metadata"));
    MC_TRY(const std::int64_t number, whole(*metadata, "sequence"));
    out.lines.push_back({number, std::string(line) + "\n"});
  }
  return ok();
}

Result<Page> read_page(const net::Response& response, const std::string& form) {
  Page out;
  if (form == "json") {
    MC_TRY_OK(read_json(response, out));
    return out;
  }
  MC_TRY_OK(form == "csv" ? read_csv(response, out) : read_ocsf(response, out));
  MC_TRY(out.next_after, whole(response, "x-next-after"));
  MC_TRY(out.total, whole(response, "x-total"));
  return out;
}

class Follower {
 public:
  Follower(const FollowWorld& world, const FollowOptions& options)
      : world_(world),
        options_(options),
        filtered_(!query_of(options.filters).empty()),
        after_(options.after) {}
  Status run();

 private:
  Status load_cursor();
  Status save_cursor();
  Status check_owner();
  Status poll();
  Result<Page> page();
  Status take(Page page);
  Status give(const Page& page, std::size_t lines, std::int64_t next_after);
  void tell_gap(const Page& page, std::size_t good);
  void tell_short(const Page& page);

  const FollowWorld& world_;
  const FollowOptions& options_;
  const bool filtered_;
  std::int64_t after_;
  bool resumed_ = false;  // from the cursor file
  bool owned_ = false;    // the caller is known to be the tenant's
  bool told_short_ = false;
  std::optional<std::int64_t> missed_;  // what is behind this number was left out once
};

Status Follower::load_cursor() {
  const std::string& path = options_.cursor_file;
  if (path.empty()) return ok();
  MC_TRY(const bool there, world_.files.exists(path));
  if (!there) return ok();
  MC_TRY(const std::string text, world_.files.read_all(path, kCursorBytesMax));
  const Result<json::Value> held = json::parse(text);
  const Result<std::int64_t> after =
      held ? whole(*held, "after") : Result<std::int64_t>(tl::unexpected<Error>(held.error()));
  if (!after || *after < -1) return fail(Code::invalid, "cursor-file: " + path + " is no cursor");
  const std::string tenant = text_of(*held, "tenant");
  if (tenant != options_.tenant) {
    return fail(Code::invalid, "cursor-file: " + path + " is of tenant " + excerpt(tenant));
  }
  after_ = *after;
  resumed_ = true;
  return ok();
}

Status Follower::save_cursor() {
  if (options_.cursor_file.empty()) return ok();
  json::Object out;
  out.set("after", after_);
  out.set("tenant", options_.tenant);
  return world_.files.write_atomic(options_.cursor_file, json::print(out) + "\n");
}

Status Follower::check_owner() {
  if (owned_ || options_.once) return ok();
  MC_TRY(const net::Response response, world_.fetch("/v1/session"));
  MC_TRY(const json::Value session, json::parse(response.body));
  const std::string tenant = text_of(session, "tenant");
  if (tenant != options_.tenant) {
    return fail(Code::invalid,
                "tenant: the token is of " + excerpt(tenant) +
                    ", and each look at the records of " + options_.tenant +
                    " is recorded among them, so that following would feed itself: use a token of "
                    "the tenant's own, or --once");
  }
  owned_ = true;
  return ok();
}

Result<Page> Follower::page() {
  Fields query = options_.filters;
  query.emplace_back("after", std::to_string(after_));
  query.emplace_back("form", options_.form);
  query.emplace_back("limit", "200");
  MC_TRY(const net::Response response,
         world_.fetch(v1_path({"tenants", options_.tenant, "records"}) + query_of(query)));
  MC_TRY(Page out, read_page(response, options_.form));
  std::int64_t last = after_;
  for (const Line& line : out.lines) {
    if (line.number <= last) return tl::unexpected<Error>(odd("its numbers do not rise"));
    last = line.number;
  }
  if (out.next_after < last) return tl::unexpected<Error>(odd("next_after is before a record"));
  return out;
}

// What the first `lines` of the page say, and that the next page begins behind `next_after`.
Status Follower::give(const Page& page, std::size_t lines, std::int64_t next_after) {
  std::string text = resumed_ ? "" : page.head;
  resumed_ = true;
  for (std::size_t i = 0; i < lines; ++i) text += page.lines[i].text;
  if (!text.empty()) MC_TRY_OK(world_.print(text));
  if (after_ == next_after) return ok();
  after_ = next_after;
  return save_cursor();
}

void Follower::tell_gap(const Page& page, std::size_t good) {
  const std::int64_t from = after_ + 1;
  const std::int64_t to = good < page.lines.size() ? page.lines[good].number - 1 : page.next_after;
  world_.talk("records " + std::to_string(from) + " to " + std::to_string(to) +
              " were left out; they are asked for again\n");
}

// A log that was brought back from an old copy, or the cursor of another one.
void Follower::tell_short(const Page& page) {
  const bool is_short = page.total <= after_;
  if (is_short && !told_short_) {
    world_.talk("the log has " + std::to_string(page.total) + " records, and " +
                std::to_string(after_) + " was read before: is it another log?\n");
  }
  told_short_ = is_short;
}

Status Follower::take(Page page) {
  if (filtered_) return give(page, page.lines.size(), page.next_after);
  std::size_t good = 0;
  while (good < page.lines.size() &&
         page.lines[good].number == after_ + 1 + static_cast<std::int64_t>(good)) {
    ++good;
  }
  const std::int64_t dense_to = after_ + static_cast<std::int64_t>(good);
  if (good == page.lines.size() && page.next_after == dense_to) {
    return give(page, good, dense_to);
  }
  if (good == 0 && missed_ == after_) {
    return fail(Code::corrupt, "record " + std::to_string(after_ + 1) + " of tenant " +
                                   options_.tenant +
                                   " is missing: the log is dense, and the server leaves it out");
  }
  MC_TRY_OK(give(page, good, dense_to));
  tell_gap(page, good);
  missed_ = after_;
  return ok();
}

Status Follower::poll() {
  MC_TRY_OK(check_owner());
  std::optional<std::int64_t> end;  // what there is now
  do {
    MC_TRY(Page got, page());
    if (!end) {
      end = got.total - 1;
      tell_short(got);
    }
    const std::int64_t before = after_;
    MC_TRY_OK(take(std::move(got)));
    if (after_ == before && after_ < *end && missed_ != after_) {
      return tl::unexpected<Error>(odd("next_after does not go on"));
    }
  } while (after_ < *end);
  return ok();
}

bool is_away(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::exhausted;
}

Status Follower::run() {
  MC_TRY_OK(load_cursor());
  for (bool away = false;;) {
    Status polled = poll();
    if (!polled && (options_.once || !is_away(polled.error()))) return polled;
    if (polled && options_.once) return ok();
    if (!polled && !away) {
      world_.talk(polled.error().what + "; tried again every " + format_duration(options_.every) +
                  "\n");
    }
    if (polled && away) world_.talk("the server is back\n");
    away = !polled;
    if (!world_.wait(options_.every)) return ok();
  }
}

}  // namespace

Status follow(const FollowWorld& world, const FollowOptions& options) {
  return Follower(world, options).run();
}

}  // namespace mc::app
