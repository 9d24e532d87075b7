// Reading JSON of which nothing is known.
export type Members = Record<string, unknown>;
export const members = (value: unknown): Members => (typeof value === "object" && value !== null ? (value as Members) : {});
export const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
