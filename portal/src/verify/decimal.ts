// Exact decimals, as the accountant writes them: at most 18 places, the shortest text that says it.
const PLACES = 18;
const ONE = 10n ** BigInt(PLACES);
const FORM = /^(0|[1-9]\d*)(?:\.(\d{1,18}))?$/;

// In units of 10^-18; null: it is no such text.
export function unitsOf(text: string): bigint | null {
  const [, whole, part = ""] = FORM.exec(text) ?? [];
  return whole === undefined ? null : BigInt(whole) * ONE + BigInt(part.padEnd(PLACES, "0"));
}

export function textOfUnits(units: bigint): string {
  const part = String(units % ONE).padStart(PLACES, "0").replace(/0+$/, "");
  return part === "" ? String(units / ONE) : `${units / ONE}.${part}`;
}
