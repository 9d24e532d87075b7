// budget_oracle: one JSON request a line on standard input, one line of JSON back for each:
//   {"book": {"budgets": {...}, "admission": {...}}, "paths": [TEXT]}    a new book
//     {"ok": true}  or  {"error": TEXT}
//   {"reserve": ID, "tenant": TEXT, "plan": TEXT, "user": TEXT, "route": INDEX, "amounts": {...}}
//     {"admitted": BOOL, "against": [POLICY], "warned": [POLICY]}; when denied, "eligible_in":
//     TICKS after now, "never" or "let-go"
//   {"settle": ID, "used": {...}}                                        {"ok": true}
//   {"left": TENANT, "plan": TEXT}                                       {DIMENSION: COUNT, ...}
// All but the first have "at_ns" since the start and "wall_ms" since 1970.
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "budget/budget.h"
#include "budget/settings.h"
#include "json/describe.h"

namespace {

using namespace mc;

constexpr std::size_t kLineBytesMax = 1 << 20;

struct Loaded {
  std::unique_ptr<budget::Book> book;
  std::unordered_map<std::int64_t, budget::Reservation> open;  // ends before the book does
};

std::int64_t int_of(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
  return number == nullptr ? 0 : *number;
}

std::string_view text_of(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

budget::Moment moment_of(const json::Value& request) {
  return budget::Moment::of({int_of(request, "at_ns")}, from_unix_ms(int_of(request, "wall_ms")));
}

Result<budget::Amounts> amounts_of(const json::Value& request, std::string_view name) {
  budget::Amounts out;
  const json::Value* value = request.find(name);
  const json::Object* object = value == nullptr ? nullptr : value->as_object();
  if (object == nullptr) return fail(Code::invalid, std::string(name) + ": must be an object");
  for (const json::Member& member : object->members()) {
    const auto dimension = budget::dimension_of(member.name);
    const std::int64_t* amount = member.value.as_int();
    if (!dimension || amount == nullptr) {
      return fail(Code::invalid, std::string(name) + "." + member.name + ": no such amount");
    }
    out.set(*dimension, *amount);
  }
  return out;
}

Status load(Loaded& loaded, const json::Value& settings, const json::Value& request) {
  loaded.open.clear();
  loaded.book.reset();
  const json::Value none = json::Object();
  const json::Value* plans = settings.find("budgets");
  const json::Value* admission = settings.find("admission");
  json::Reader reader;
  budget::BudgetSettings made;
  made.plans = json::read_into<std::map<std::string, budget::PlanSettings>>(
      plans == nullptr ? none : *plans, reader);
  made.admission =
      json::read_into<budget::AdmissionSettings>(admission == nullptr ? none : *admission, reader);
  if (!reader.problems().empty()) {
    return tl::unexpected<Error>(json::to_error(reader.problems()));
  }
  std::vector<std::string> paths;
  const json::Value* listed = request.find("paths");
  const json::Array* array = listed == nullptr ? nullptr : listed->as_array();
  if (array == nullptr) return fail(Code::invalid, "paths: must be a list");
  for (const json::Value& path : *array) {
    const std::string* text = path.as_string();
    if (text == nullptr) return fail(Code::invalid, "paths: must be text");
    paths.push_back(*text);
  }
  MC_TRY(loaded.book, budget::Book::make(made, paths));
  return ok();
}

void write_marks(json::Writer& writer, const std::vector<budget::Mark>& marks, bool warns) {
  writer.key(warns ? "warned" : "against").begin_array();
  for (const budget::Mark& mark : marks) {
    if (mark.warns == warns) writer.value(budget::policy_of(mark));
  }
  writer.end_array();
}

void write_eligible(json::Writer& writer, budget::Ticks eligible_at, budget::Ticks now) {
  writer.key("eligible_in");
  if (eligible_at == budget::kNever) {
    writer.value("never");
  } else if (eligible_at == 0) {
    writer.value("let-go");
  } else {
    writer.value(eligible_at - now);
  }
}

Status reserve(Loaded& loaded, const json::Value& request, json::Writer& writer) {
  MC_TRY(const budget::Amounts amounts, amounts_of(request, "amounts"));
  const budget::Book::Who who = {.tenant = text_of(request, "tenant"),
                                 .plan = text_of(request, "plan"),
                                 .user = text_of(request, "user"),
                                 .route = static_cast<std::size_t>(int_of(request, "route"))};
  const budget::Moment at = moment_of(request);
  std::vector<budget::Mark> against;
  budget::Reservation made;
  const budget::Answer answer = loaded.book->reserve(who, amounts, at, made, &against);
  writer.member("admitted", answer.admitted);
  write_marks(writer, against, false);
  write_marks(writer, against, true);
  if (!answer.admitted) write_eligible(writer, answer.eligible_at, at.now);
  if (made.is_open()) loaded.open.insert_or_assign(int_of(request, "reserve"), std::move(made));
  return ok();
}

Status settle(Loaded& loaded, const json::Value& request, json::Writer& writer) {
  MC_TRY(const budget::Amounts used, amounts_of(request, "used"));
  const auto found = loaded.open.find(int_of(request, "settle"));
  if (found != loaded.open.end()) {
    found->second.settle(used, moment_of(request));
    loaded.open.erase(found);
  }
  writer.member("ok", true);
  return ok();
}

Status run(Loaded& loaded, const std::string& line, json::Writer& writer) {
  MC_TRY(const json::Value request, json::parse(line, {.bytes_max = kLineBytesMax}));
  if (const json::Value* settings = request.find("book")) {
    MC_TRY_OK(load(loaded, *settings, request));
    writer.member("ok", true);
    return ok();
  }
  if (loaded.book == nullptr) return fail(Code::invalid, "book: there is none yet");
  if (request.find("reserve") != nullptr) return reserve(loaded, request, writer);
  if (request.find("settle") != nullptr) return settle(loaded, request, writer);
  for (const auto& left :
       loaded.book->left(text_of(request, "left"), text_of(request, "plan"), moment_of(request))) {
    writer.member(budget::name_of(left.dimension), left.left);
  }
  return ok();
}

std::string answer_line(Loaded& loaded, const std::string& line) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  const Status done = run(loaded, line, writer);
  if (!done) writer.member("error", done.error().what);
  writer.end_object();
  out += '\n';
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Loaded loaded;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer_line(loaded, line);
    // The peer may wait for this answer before it asks again.
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();
  }
  return 0;
}
