// The rows of a dataset that an export reads: for one tenant, page by page in the order of the key,
// through a session and its gate. Private to the module.
//
// A reader of an in-process database sees one state of it from its first page to its last; of a
// database server each page is of one state. Which rows were read is what the snapshot's digest
// says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "dataset/dataset.h"
#include "export/profile.h"
#include "export/run.h"
#include "residency/residency.h"

namespace mc::exporting {

inline constexpr Nanos kPageTime = seconds(30);

// What of the model an export reads.
struct Wanted {
  int dataset = -1;                 // of the model
  std::vector<int> columns;         // of the dataset; the key first
  std::vector<std::string> names;   // of the columns
  std::vector<bool> must_be_clear;  // by column: what is masked is refused
  bool any_text = false;            // values may have control characters
};
// `invalid` names the column that the dataset does not have, or that cannot leave (JSON).
Result<Wanted> wanted_of(const dataset::Model& model, const Profile& profile);
// Of a hold: the key, then the columns in the order of the dataset; none = all. What is masked
// leaves masked.
Result<Wanted> wanted_of_hold(const dataset::Model& model, const std::string& dataset,
                              const std::vector<std::string>& columns);

Requester requester_of(const identity::Caller& caller, std::string_view purpose);
// The caller that policies see; `corrupt` for roles that there are not.
Status fill_caller(const TenantId& tenant, const Requester& from, identity::Caller& out);

// Asks policies and residency before the first row is read. A quasi-identifier, a sensitive column
// and the key must be shown as they are to who asks, since a masked value has no place in a
// hierarchy; an insensitive column leaves with the stricter of the masks for reading and exports.
class RowGate final : public dataset::DatasetGate {
 public:
  struct World {
    access::Gate& gate;
    const access::Resource& resource;
    const mask::Keys& mask_keys;
    const dataset::Model& model;
    residency::Residency* residency = nullptr;
  };
  struct Question {
    const identity::Caller& caller;
    const TenantId& tenant;
    std::string_view purpose, tenant_region, node_region, request_id;
    bool stepped_up = false;
    const Wanted& wanted;
    access::Action leaves = access::Action::export_;  // what is asked beside `read`
  };
  RowGate(const World& world, const Question& question) : world_(world), question_(question) {}
  Result<dataset::DatasetAccess> enter(int dataset, dataset::Use use) override;
  mask::ColumnKey key(int dataset, int column) override;
  const std::string& decision() const { return decision_; }
  // Behind enter(): "mail: hash", of the columns that leave masked; and what let them leave.
  std::vector<std::string> masked() const;
  const access::Verdict& verdict() const { return verdict_; }
  Result<access::Verdict> decide(access::Action action);

 private:
  Status check_clear(const std::vector<mask::Mask>& masks) const;

  Result<dataset::DatasetAccess> ask(int dataset);

  World world_;
  Question question_;
  std::string decision_;
  access::Verdict verdict_;
  std::optional<Result<dataset::DatasetAccess>> answer_;  // the same for each page
};

class RowReader {
 public:
  struct World {
    const dataset::Catalog& catalog;
    dataset::ConnectionSet& connections;
    sys::Clock& clock;
    sys::Random& random;
  };
  struct Place {
    TenantId tenant;
    std::string region;
  };
  // Texts of the columns, in the order of Wanted; valid during the call.
  using OnRow = std::function<Status(const std::vector<std::string>& row)>;

  // What is borrowed outlives it. One view of the database begins with it, and ends with it.
  RowReader(const World& world, Place place, Wanted wanted);
  ~RowReader();
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  // The next page; false when it was the last one. `denied` by the gate, `invalid` for a value that
  // cannot stand in a table (the column is named, the value is not).
  Result<bool> page(dataset::DatasetGate& gate, const OnRow& on_row);

 private:
  Result<json::Value> ask(dataset::DatasetGate& gate);
  World world_;
  Place place_;
  Wanted wanted_;
  std::string list_;  // the field that gives pages
  std::unique_ptr<const graphql::Document> document_;
  std::string after_;
};

}  // namespace mc::exporting
