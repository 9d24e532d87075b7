#include "redis/answer.h"

#include <hiredis/hiredis.h>

#include <algorithm>

#include "redis/script.h"

namespace mc::redis {
namespace {

constexpr std::int64_t kNumberMax = std::int64_t{1} << 53;

// Null makes hiredis give up: more than any answer of ours has.
Value* add(const redisReadTask* task, Value::Type type) {
  auto* count = static_cast<std::size_t*>(task->privdata);
  if (task->parent == nullptr) *count = 0;
  if (++*count > kValuesMax) return nullptr;
  auto value = std::make_unique<Value>();
  value->type = type;
  Value* out = value.get();
  if (task->parent == nullptr) return value.release();
  auto* parent = static_cast<Value*>(task->parent->obj);
  parent->list.push_back(std::move(value));
  return out;
}

void* on_text(const redisReadTask* task, char* bytes, size_t length) {
  const bool error = task->type == REDIS_REPLY_ERROR;
  Value* out = add(task, error ? Value::Type::error : Value::Type::text);
  if (out != nullptr) out->text.assign(bytes, std::min(length, kTextMax));
  return out;
}

void* on_list(const redisReadTask* task, int elements) {
  if (elements < 0 || static_cast<std::size_t>(elements) > kValuesMax) return nullptr;
  return add(task, Value::Type::list);
}

void* on_integer(const redisReadTask* task, long long number) {
  Value* out = add(task, Value::Type::integer);
  if (out != nullptr) out->integer = number;
  return out;
}

void* on_nil(const redisReadTask* task) {
  return add(task, Value::Type::nil);
}

void free_value(void* value) {
  delete static_cast<Value*>(value);
}

redisReplyObjectFunctions* functions() {
  static redisReplyObjectFunctions out = {on_text, on_list, on_integer, on_nil, free_value};
  return &out;
}

Error corrupt(std::string what) {
  return {.code = Code::corrupt, .what = std::move(what)};
}

}  // namespace

void Answers::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

Answers::Answers()
    : values_(std::make_unique<std::size_t>(0)),
      reader_(redisReaderCreateWithFunctions(functions())) {
  MC_CHECK(reader_ != nullptr);
  reader_->privdata = values_.get();
}

Answers::~Answers() = default;

Status Answers::feed(std::string_view bytes) {
  if (reader_->len - reader_->pos + bytes.size() > kAnswerBytesMax) {
    return tl::unexpected(
        corrupt("redis: an answer has more than " + std::to_string(kAnswerBytesMax) + " bytes"));
  }
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return tl::unexpected(corrupt("redis: the server does not speak RESP"));
  }
  return ok();
}

Result<std::optional<Value>> Answers::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    return tl::unexpected(corrupt("redis: the server does not speak RESP"));
  }
  if (reply == nullptr) return std::optional<Value>();
  const std::unique_ptr<Value> value(static_cast<Value*>(reply));
  return std::optional<Value>(std::move(*value));
}

std::string code_of(const Value& error) {
  const std::string_view text = error.text;
  const auto end = std::ranges::find_if_not(text, [](char c) { return c >= 'A' && c <= 'Z'; });
  const auto length = static_cast<std::size_t>(end - text.begin());
  if (end != text.end() && *end != ' ') return {};
  return length > 20 ? std::string() : std::string(text.substr(0, length));
}

Error failure_of(const Value& value) {
  if (value.type != Value::Type::error) return corrupt("redis: an answer of another kind");
  const std::string code = code_of(value);
  if (code == "WRONGPASS" || code == "NOAUTH" || code == "NOPERM") {
    return {.code = Code::denied, .what = "redis: the server refuses this user: " + code};
  }
  return {.code = Code::unavailable,
          .what = "redis: the server answers with an error" + (code.empty() ? "" : ": " + code)};
}

Result<std::string> hash_of(const Value& value) {
  if (value.type != Value::Type::text) return tl::unexpected(failure_of(value));
  const bool sound = value.text.size() == 40 && std::ranges::all_of(value.text, [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (!sound) return tl::unexpected(corrupt("redis: the hash of the script is none"));
  return value.text;
}

Result<std::vector<share::Reply>> replies_of(const Value& value, std::size_t asks) {
  if (value.type != Value::Type::list) return tl::unexpected(failure_of(value));
  if (value.list.size() != asks * kNumbersAReply) {
    return tl::unexpected(corrupt("redis: an answer of another length"));
  }
  std::vector<share::Reply> out;
  out.reserve(asks);
  for (std::size_t i = 0; i < asks; ++i) {
    std::int64_t numbers[kNumbersAReply] = {};
    for (std::size_t j = 0; j < kNumbersAReply; ++j) {
      const Value& number = *value.list[i * kNumbersAReply + j];
      const bool sound = number.type == Value::Type::integer && number.integer <= kNumberMax &&
                         number.integer >= (j == 4 ? -1 : 0) && (j > 1 || number.integer <= 1);
      if (!sound) return tl::unexpected(corrupt("redis: an answer has a number that is none"));
      numbers[j] = number.integer;
    }
    out.push_back({.stale = numbers[0] != 0,
                   .known = numbers[1] != 0,
                   .lease = numbers[2],
                   .left = numbers[3],
                   .eligible_us = numbers[4],
                   .nodes = numbers[5]});
  }
  return out;
}

}  // namespace mc::redis
