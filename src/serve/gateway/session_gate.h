// Policies at the gateway: a decision for each dataset and use of a request, and one for a request
// that is forwarded. What the policies know of a resource comes from the model, once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "access/terms.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "gateway/http_request.h"
#include "residency/residency.h"

namespace mc::gateway {

struct Call;

// The datasets of a model as resources of policies; by dataset index.
std::vector<access::Resource> resources_of(const dataset::Model& model);
access::Resource resource_of(const RouteConfig& route);

// A decision that was made for a request: it holds for the whole of it.
struct Decided {
  const access::Resource* resource = nullptr;
  access::Action action = access::Action::read;
  access::Verdict verdict;
};

// Of one thread.
class Decider {
 public:
  Decider(const GatewayWorld& world, const PolicyWorld& policy);
  // The decision of the request for this resource, made now or before.
  const access::Verdict& decide(Call& call, const access::Resource& resource,
                                access::Action action);
  // What the policies of this process say of the request's budgets (access/terms.h).
  Result<access::TermsPtr> terms(const Call& call);
  const mask::ColumnKey& key(std::string_view tenant, const access::Resource& resource, int column);

 private:
  access::Request request_of(const Call& call, const access::Resource& resource,
                             access::Action action) const;
  bool has_fresh_proof(const identity::Caller& caller) const;

  const GatewayWorld& world_;
  const PolicyWorld& policy_;
  access::Gate gate_;
  access::TermsGate terms_gate_;
  std::map<std::string, mask::ColumnKey, std::less<>> keys_;
};

// What a caller is told of a denial.
HttpError denial_of(const access::Verdict& verdict);
// How a person makes up for a missing proof (RFC 9470).
net::Headers step_up_challenge(const identity::StepUp& rule);

// The gate of one session.
class SessionGate final : public dataset::DatasetGate {
 public:
  struct World {
    const dataset::Model& model;
    const std::vector<access::Resource>& resources;
    residency::Residency* residency = nullptr;
  };
  SessionGate(Decider& decider, Call& call, const World& world)
      : decider_(decider), call_(call), world_(world) {}
  Result<dataset::DatasetAccess> enter(int dataset, dataset::Use use) override;
  mask::ColumnKey key(int dataset, int column) override;

 private:
  Decider& decider_;
  Call& call_;
  World world_;
};

}  // namespace mc::gateway
