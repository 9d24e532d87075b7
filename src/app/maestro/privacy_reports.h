// Answers that were released, for exports: what the accountant keeps, told again. Nothing is
// charged for it.
#pragma once

#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "dataset/model.h"
#include "export/export.h"

namespace mc::app {

class PrivacyReports final : public exporting::DpReports {
 public:
  // Both outlive it.
  PrivacyReports(accountant::Accountant& accountant, const dataset::Model& model)
      : accountant_(accountant), model_(model) {}
  Result<exporting::DpReport> report(const TenantId& tenant, const std::string& dataset,
                                     const std::vector<std::string>& releases) override;

 private:
  accountant::Accountant& accountant_;
  const dataset::Model& model_;
};

}  // namespace mc::app
