// What the admin API says of budgets, as this page names it.
import type { BudgetOverride, BudgetUsage, EffectiveBudget } from "../client.ts";

export type Dimension = BudgetOverride["dimension"];
export type Scope = BudgetOverride["scope"]; // of what can be changed
export type LimitScope = EffectiveBudget["scope"];
export type Reason = BudgetOverride["reason"];
export type UsageRow = BudgetUsage["rows"][number];
export type UsageStep = Pick<UsageRow, "admitted" | "rejected" | "shed">;
export type BudgetBurn = BudgetUsage["budgets"][number];
