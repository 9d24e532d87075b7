// Applies masks to the answer of an upstream, before any byte of it leaves.
//
// The text is read against the operation that was asked: every key must be one of its response
// keys, in an object of that place; lists, objects and leaves must be where the schema has them.
// Whatever else an upstream sends is an error, and nothing of it is passed on. What is not masked
// keeps its text, numbers to the digit; keys keep their order; blanks between them go.
//
//   - Values are masked as those of datasets are (dataset/guard.cc): a type that cannot hold what
//     the mask makes gives null, and so does a value that the mask cannot treat.
//   - A null that a mask makes where the schema promises a value is an error FORBIDDEN of that
//     field, and goes up to the next place that may be null (GraphQL, section 6.4.4).
//   - Errors of the upstream keep path and locations; their messages and extensions, and those of
//     the answer, may hold values: they are left out.
//
// Pure, any thread; time is linear in the answer and the operation.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/answer_plan.h"
#include "gateway/byte_budget.h"

namespace mc::gateway {

// Bytes of an answer that is masked, before and after it.
inline constexpr std::size_t kMaskedBytesMax = 16 << 20;
inline constexpr std::string_view kWithheldMessage =
    "the upstream reports an error; its text may hold masked values and is withheld";

struct AskedOperation {
  const graphql::Document* document = nullptr;
  const graphql::OperationNode* operation = nullptr;
};

// Of a request whose answer is masked.
struct Masking {
  std::vector<ColumnMask> columns;
  std::vector<AskedOperation> asked;
  ByteBudget::Share room;  // of the answer, from before it is asked for until the client has it
  bool answering = false;  // the upstream has answered; what the client gets is made of that
};

enum class Shape : std::uint8_t { single, batch };

struct MaskRequest {
  const ListedFields& listed;
  std::span<const ColumnMask> masks;  // by column of `listed`
  std::span<const AskedOperation> asked;
  Shape shape = Shape::single;
  std::size_t bytes_max = kMaskedBytesMax;
};

// The answer as it may be shown. Errors: `corrupt` says what is wrong with it and where, in words
// that hold nothing of it but response keys; `exhausted` that it is too large.
Result<std::string> mask_answer(std::string_view body, const MaskRequest& request);

}  // namespace mc::gateway
