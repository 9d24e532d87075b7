// The budgets that the page lists: how fast they are used, and, of one tenant, all that it has.
import type { EffectiveBudget } from "../client.ts";
import type { BudgetBurn, Dimension, LimitScope, Scope } from "./wire.ts";

export interface Limit {
  tenant: string;
  scope: LimitScope;
  route: string | null;
  ofClass: string | null; // of a tenant-class
  dimension: Dimension;
  limit: number;
  left: number | null;
  planned: number | null; // what the plan says; null: nothing, or it is not known
  factors: boolean; // a factor of the plan's can be asked for
  until: string | null; // changed until then
  warnOnly: boolean;
  counted: boolean;
  burn: number | null;
  level: 80 | 90 | null;
  exhausted_at: string | null;
}

const ofBurn = (one: BudgetBurn): Limit => ({
  tenant: one.tenant, scope: "tenant", route: null, ofClass: null, dimension: one.dimension as Dimension, limit: one.limit, left: null, planned: null,
  factors: true, until: null, warnOnly: false, counted: true, burn: one.burn, level: one.level, exhausted_at: one.exhausted_at,
});

function ofEffective(tenant: string, one: EffectiveBudget, burns: BudgetBurn[]): Limit {
  const burn = one.scope === "tenant"
    ? burns.find((each) => each.tenant === tenant && each.dimension === one.dimension) : undefined;
  return {
    tenant, scope: one.scope, route: one.route, ofClass: one.class, dimension: one.dimension, limit: one.limit, left: one.left,
    planned: one.limit_of_plan, factors: one.limit_of_plan !== null, until: one.until, warnOnly: one.warn_only,
    counted: one.counted, burn: burn?.burn ?? null, level: burn?.level ?? null, exhausted_at: burn?.exhausted_at ?? null,
  };
}

export const limitKey = ({ tenant, scope, route, ofClass, dimension }: Pick<Limit, "tenant" | "scope" | "route" | "ofClass" | "dimension">) =>
  JSON.stringify([tenant, scope, route, ofClass, dimension]);

// The limits of a class are the plan's, and no override changes them.
export type Changeable = Limit & { scope: Scope };
export const isChangeable = (one: Limit): one is Changeable => one.counted && one.scope !== "tenant-class";

// Of all tenants, what burns most first; of one, as the server lists them.
export function limitsOf(burns: BudgetBurn[], one: { tenant: string; items: EffectiveBudget[] } | null): Limit[] {
  if (one !== null) return one.items.map((item) => ofEffective(one.tenant, item, burns));
  const byName = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);
  return burns.map(ofBurn).sort((a, b) => (b.burn ?? 0) - (a.burn ?? 0) || byName(a.tenant, b.tenant));
}
