// Commands to copy into a shell.
export const quoted = (word: string) => (/^[\w./+=@:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export const receiptName = (tenant: string, record: number) => `receipt-${tenant}-${record}.json`;

export function verifyLine(file: string, logKey: string): string {
  return `maestro verify ${quoted(file)} --log-key ${quoted(logKey)}`;
}

// What the server calls the files of a proof of residency.
export const proofNames = (tenant: string, period: string) => {
  const name = `residency-${tenant}-${period}`;
  return { bundle: `${name}.sigstore.json`, document: `${name}.json` };
};

// `signer.pem` is the server's own key, which the page Ledger shows.
export function proofLine(tenant: string, period: string): string {
  const { bundle, document } = proofNames(tenant, period);
  return `maestro verify ${quoted(bundle)} --trust trusted_root.json --key signer.pem --artifact ${quoted(document)}`;
}
