// Minutes in UTC as a form and an address have them: 2026-11-27T12:00.
export function isMinute(text: string): boolean {
  return /^2\d{3}-\d\d-\d\dT\d\d:\d\d$/.test(text) && new Date(Date.parse(`${text}Z`) || 0).toISOString().startsWith(text);
}

export const instantOf = (minute: string) => minute && `${minute}:00Z`;
