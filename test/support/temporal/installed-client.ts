import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { clientConverter } from '../../../temporal/payloads/data-converter.ts';
import { KeyRing } from '../../../temporal/payloads/key-ring.ts';

/** A client that reads the sessions of an installation, with the keys of its data folder. Its connection must be closed. */
export async function installedClient(installation: { home: string; temporalAddress: string }): Promise<Client> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const ring = new KeyRing(readFileSync(join(installation.home, 'secrets', 'payload-keys'), 'utf8'));
  return new Client({ connection, dataConverter: clientConverter(ring) });
}
