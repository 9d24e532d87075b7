// The one pass over a released file: its digest, its form, and what is counted in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/crypto.h"
#include "recheck/lines.h"
#include "recheck/manifest.h"
#include "recheck/recheck.h"
#include "recheck/tables.h"

namespace mc::recheck {

// A sensitive column that a criterion is about; with starred rows, every one.
struct SensitiveCount {
  std::size_t field = 0;
  std::string name;
  TextTable values;
  PairTable pairs;  // class, value
};

class Count {
 public:
  // `manifest` outlives this.
  Count(const Manifest& manifest, const Limits& limits, std::uint64_t secret);
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  void add(std::string_view bytes);
  void finish();  // once, before any of the following

  crypto::Digest digest() const { return digest_; }
  std::int64_t bytes() const { return bytes_; }
  const Status& form() const { return form_; }
  const Status& columns() const { return columns_; }
  const Status& limits() const { return within_; }
  bool has_header() const { return has_header_; }
  std::int64_t rows() const { return rows_; }  // without the header
  const TextTable& classes() const { return classes_; }
  const std::vector<SensitiveCount>& sensitive() const { return sensitive_; }

 private:
  Status take(const std::vector<csv::Field>& fields);
  Status take_header(const std::vector<csv::Field>& fields);
  void take_row(const std::vector<csv::Field>& fields);
  Status pass(std::string_view what, std::size_t limit) const;

  const Manifest& manifest_;
  Limits limits_;
  crypto::Sha256 hash_;
  crypto::Digest digest_ = {};
  std::int64_t bytes_ = 0;
  std::vector<std::size_t> quasi_;  // fields
  TextTable classes_;
  std::vector<SensitiveCount> sensitive_;
  std::string key_;
  bool has_header_ = false;
  std::int64_t rows_ = 0;
  Status form_, columns_, within_;
  Lines lines_;
};

}  // namespace mc::recheck
