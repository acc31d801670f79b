import { isGrpcServiceError, type Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributes } from '../workflows/definitions.ts';

const ALREADY_EXISTS = 6;
const DAY_SECONDS = 86_400;
/** gRPC's PERMISSION_DENIED and UNIMPLEMENTED: asked again, the server says the same. */
const REFUSALS = [7, 12];

/**
 * Adds to the namespace what the product needs: the search attributes that operators filter by, and a retention that keeps ended
 * sessions in the Web UI for `retentionDays`. With null the retention stays as it is: a shared namespace is not ours to change.
 * Resolves with `refused` where the server does not allow it to us; what is there must then do. Safe to repeat.
 */
export async function prepareNamespace(
  client: Client,
  options: { retentionDays: number | null },
): Promise<'prepared' | 'refused'> {
  try {
    await addSearchAttributes(client);
    if (options.retentionDays !== null) await setRetention(client, options.retentionDays * DAY_SECONDS);
    return 'prepared';
  } catch (error) {
    if (isGrpcServiceError(error) && REFUSALS.includes(Number(error.code))) return 'refused';
    throw error;
  }
}

async function addSearchAttributes(client: Client): Promise<void> {
  const { namespace } = client.options;
  const { KEYWORD, DOUBLE } = {
    KEYWORD: proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    DOUBLE: proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
  };
  const wanted = Object.fromEntries(
    Object.values(searchAttributes).map(({ name, type }) => [name, type === 'DOUBLE' ? DOUBLE : KEYWORD]),
  );
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in (customAttributes ?? {}))));
  if (Object.keys(missing).length > 0) {
    await client.connection.operatorService
      .addSearchAttributes({ namespace, searchAttributes: missing })
      .catch((error: unknown) => {
        if (!isGrpcServiceError(error) || Number(error.code) !== ALREADY_EXISTS) throw error;
      });
  }
}

async function setRetention(client: Client, seconds: number): Promise<void> {
  const { namespace } = client.options;
  const { config } = await client.workflowService.describeNamespace({ namespace });
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === seconds) return;
  await client.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: seconds as never } },
  });
}
