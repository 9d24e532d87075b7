// What the admin API says of budgets, as this page names it.
import type { BudgetOverride, BudgetUsage } from "../client.ts";

export type Dimension = BudgetOverride["dimension"];
export type Scope = BudgetOverride["scope"];
export type Reason = BudgetOverride["reason"];
export type UsageRow = BudgetUsage["rows"][number];
export type UsageStep = Pick<UsageRow, "admitted" | "rejected" | "shed">;
export type BudgetBurn = BudgetUsage["budgets"][number];
