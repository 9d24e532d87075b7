// The operations on privacy budgets: those that show, of the demo's alpha, which has spent; those that
// change, of the tenant of this test. And their commands.
import assert from "node:assert/strict";

import { eventually } from "../lib/children.mjs";
import { post } from "../lib/http.mjs";

const WANTED = { dataset: "person", purpose: "demo", epsilon: "1", lifetime: "1h", ticket: "T",
  reason: "a test that needs a little more" };

// A query of alpha's analyst that waits for the next window, in which it has as much again.
async function queuedOf(world, from) {
  const ben = (await world.child.says(/Ben Okafor, .*?(mct_\S+)/))[1];
  for (let least = from; least < from + 5; least += 1) {
    const query = `{ personsDP { count(where: {riskScore: {gte: ${least}}}, epsilon: "5", consent: [QUEUE]) { verdict queued { id } } } }`;
    const { json, text } = await post(`${world.url}/graphql`, ben, { query });
    const { verdict, queued } = json.data?.personsDP?.count ?? assert.fail(text);
    if (verdict === "QUEUE") return { id: queued.id, ben };
  }
  return assert.fail("the window's budget has no end");
}

// A warrant of the tenant, which top-ups are asked for under.
async function warrantOf(world) {
  const { id } = await world.must("POST", "/v1/tenants/contract/warrants", world.operator,
    { class: "support-ticket", reference: "TKT-9", reason: "a test", lifetime: "1h" });
  return id;
}

export async function privacy(world) {
  const admin = world["tenant-admin"];
  const { operator } = world;
  const ada = (await world.child.says(/Ada Lindqvist, .*?(mct_\S+)/))[1];
  const alpha = "/v1/tenants/alpha/privacy";
  await eventually("alpha has spent", async () =>
    (await world.must("GET", `${alpha}/charges?dataset=person`, ada)).items.length > 0);
  const { items: [charge] } = await world.must("GET", `${alpha}/charges?dataset=person&limit=1`, ada);
  await world.must("GET", `${alpha}/charges/${charge.id}`, ada);
  await world.must("GET", `${alpha}/budgets`, ada);
  await world.must("GET", `${alpha}/burn-down?dataset=person&purpose=demo`, ada);
  for (const by of ["analyst", "query_type", "day"]) {
    const { items } = await world.must("GET", `${alpha}/spend?dataset=person&by=${by}`, ada);
    assert.ok(items.length > 0);
  }
  await world.must("GET", `${alpha}/accountant?dataset=person`, ada);
  for (const path of ["charges", "charges?dataset=person&limit=0", "spend?dataset=person&by=mood", "burn-down?dataset=person",
    "budgets?colour=red", "accountant"]) {
    await world.refused(400, "GET", `${alpha}/${path}`, ada);
  }
  await world.refused(404, "GET", `${alpha}/charges/chg_x`, ada);
  await world.refused(404, "GET", `${alpha}/budgets`, admin);
  const { id: queued, ben } = await queuedOf(world, 11);
  const waits = `${alpha}/queue/${queued}`;
  for (const who of [ben, ada]) {
    assert.ok((await world.must("GET", `${alpha}/queue`, who)).items.some(({ id }) => id === queued));
    await world.must("GET", waits, who);
  }
  await world.refused(404, "GET", waits, admin);
  await world.refused(404, "POST", `${waits}/cancel`, admin, {});
  await world.refused(404, "GET", `${alpha}/queue/dpq_x`, ben);
  await world.refused(400, "GET", `${alpha}/queue?colour=red`, ben);
  for (const dry of ["?dry_run=true", ""]) await world.must("POST", `${waits}/cancel${dry}`, ben, {});
  assert.equal((await world.must("POST", `${waits}/cancel`, ada, {})).state, "cancelled");
  const base = "/v1/tenants/contract/privacy/top-ups";
  const wanted = { ...WANTED, warrant: await warrantOf(world) };
  for (const verb of ["approve", "refuse", "revoke"]) {
    for (const dry of ["?dry_run=true", ""]) await world.must("POST", base + dry, admin, wanted);
    const { items: [{ id }] } = await world.must("GET", base, admin);
    if (verb === "approve") await world.refused(403, "POST", `${base}/${id}/approve`, admin, {});
    for (const dry of ["?dry_run=true", ""]) await world.must("POST", `${base}/${id}/${verb}${dry}`, operator, {});
    await world.refused(409, "POST", `${base}/${id}/refuse`, operator, {});
    if (verb === "approve") await world.must("POST", `${base}/${id}/revoke`, operator, {});
  }
  for (const bad of [{ epsilon: "0" }, { reason: "short" }, { lifetime: "40d" }, { expires: "2100-01-01T00:00:00Z" }, { colour: 1 }]) {
    await world.refused(400, "POST", base, admin, { ...wanted, ...bad });
  }
  await world.refused(403, "POST", base, admin, { ...wanted, warrant: "wrt_x" });
  await world.refused(403, "POST", base, world.analyst, wanted);
  for (const who of [admin, operator]) await world.must("POST", `${base}/preview`, who, wanted);
  await world.refused(404, "POST", `${base}/top_x/approve`, operator, {});
}

const SUBJECT = ["--tenant", "alpha", "--dataset", "person"];
const NOWHERE = ["--tenant", "nowhere", "--dataset", "person"];
const AMOUNT = ["--tenant", "contract", "--dataset", "person", "--purpose", "demo", "--epsilon", "1"];

// Rows of commands.mjs; they run as the operator.
export function privacyRows(api) {
  const ask = [...AMOUNT, "--for", "1h", "--warrant", "{warrant_of_privacy}", "--reason", "a test that needs a little more"];
  const deciding = (verb, id) => [`privacy top-up ${verb}`, [id, "--tenant", "contract"], api("TopUp"),
    [[3, "top_x", "--tenant", "contract"], [8, id, "--tenant", "contract"]]];
  return [
    ["privacy budgets", ["--tenant", "alpha"], api("PrivacyBudgetPage"), [[3, "--tenant", "nowhere"]]],
    ["privacy burn-down", [...SUBJECT, "--purpose", "demo"], api("PrivacyBurnDown"), [[2, ...SUBJECT]]],
    ["privacy spend", [...SUBJECT, "--by", "day"], api("PrivacySpendPage"), [[3, ...NOWHERE]]],
    ["privacy charges", SUBJECT, api("PrivacyChargePage"), [[3, ...NOWHERE]]],
    ["privacy charge", ["{charge_of_privacy}", "--tenant", "alpha"], api("PrivacyCharge"), [[3, "chg_x", "--tenant", "alpha"]]],
    ["privacy accountant", SUBJECT, api("Accountant"), [[3, ...NOWHERE]]],
    ["privacy queue list", ["--tenant", "alpha"], api("QueuedQueryPage"), [[3, "--tenant", "nowhere"]]],
    ["privacy queue show", ["{queued_of_privacy}", "--tenant", "alpha"], api("QueuedQuery"), [[3, "dpq_x", "--tenant", "alpha"]]],
    ["privacy queue cancel", ["{queued_of_privacy}", "--tenant", "alpha"], api("QueuedQuery"), [[3, "dpq_x", "--tenant", "alpha"]]],
    ["privacy top-up preview", AMOUNT, api("TopUpPreview"), [[2, ...AMOUNT.slice(0, -1), "x"]]],
    ["privacy top-up ask", ask, api("TopUp"), [[2, ...ask.slice(0, -1), "short"]]],
    ["privacy top-up list", ["--tenant", "contract"], api("TopUpPage"), [[3, "--tenant", "nowhere"]]],
    deciding("approve", "{top_up_wanted}"),
    deciding("refuse", "{top_up_unwanted}"),
    ["privacy top-up revoke", ["{top_up_wanted}", "--tenant", "contract"], api("TopUp"),
      [[3, "top_x", "--tenant", "contract"], [8, "{top_up_wanted}", "--tenant", "contract"]]],
  ];
}

// What the rows name, made before them.
export async function privacyPlaces(world) {
  const warrant = await warrantOf(world);
  const ask = async () => (await world.must("POST", "/v1/tenants/contract/privacy/top-ups", world["tenant-admin"],
    { ...WANTED, warrant })).id;
  const { items: [charge] } = await eventually("alpha has spent", async () => {
    const page = await world.must("GET", "/v1/tenants/alpha/privacy/charges?dataset=person", world.operator);
    return page.items.length > 0 && page;
  });
  return { queued_of_privacy: (await queuedOf(world, 21)).id, warrant_of_privacy: warrant, charge_of_privacy: charge.id, top_up_wanted: await ask(), top_up_unwanted: await ask() };
}
