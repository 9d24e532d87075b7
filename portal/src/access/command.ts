// Commands to copy into a shell.
const quoted = (word: string) => (/^[\w./+=@:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export const receiptName = (tenant: string, record: number) => `receipt-${tenant}-${record}.json`;

export function verifyLine(file: string, logKey: string): string {
  return `maestro verify ${quoted(file)} --log-key ${quoted(logKey)}`;
}
