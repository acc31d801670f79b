import { isGrpcServiceError, type Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributes } from '../workflows/definitions.ts';

const ALREADY_EXISTS = 6;
const DAY_SECONDS = 86_400;

/**
 * Gives the namespace what the product needs: the search attributes that operators filter by, and a retention that
 * keeps ended sessions in the Web UI for `retentionDays`. Safe to repeat.
 */
export async function prepareNamespace(client: Client, options: { retentionDays: number }): Promise<void> {
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
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const wantedSeconds = options.retentionDays * DAY_SECONDS;
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === wantedSeconds) return;
  await client.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: wantedSeconds as never } },
  });
}
