import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

export interface GetBinaryOptions {
  version: string;
  target: string;
  env: NodeJS.ProcessEnv;
  onProgress: (text: string) => void;
}

const downloadInfo = z.object({ archiveUrl: z.url(), fileToExtract: z.string() });
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** Gets Temporal's CLI from the official download, the same way as Temporal's own SDKs do. */
export async function downloadTemporal({ version, target, onProgress }: GetBinaryOptions): Promise<void> {
  const platform = PLATFORMS[process.platform];
  const arch = ARCHITECTURES[process.arch];
  if (platform === undefined || arch === undefined) throw new Error(`no download for ${process.platform}`);
  onProgress(`downloading Temporal ${version}`);
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  try {
    const query = new URLSearchParams({ platform, arch, format: 'tar.gz' });
    const answer = await get(`https://temporal.download/cli/v${version}?${query.toString()}`, 10_000);
    const { archiveUrl, fileToExtract } = downloadInfo.parse(await answer.json());
    const archive = join(folder, 'temporal.tar.gz');
    await save(await get(archiveUrl, 300_000), archive, onProgress);
    await run('tar', ['-xzf', archive, '-C', folder, fileToExtract]);
    await rename(join(folder, fileToExtract), target);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new Error(`the download failed: ${error instanceof Error ? error.message : String(error)}${cause}`, {
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function get(url: string, timeoutMs: number): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer;
}

async function save(answer: Response, path: string, onProgress: (text: string) => void): Promise<void> {
  if (answer.body === null) throw new Error('an empty answer');
  const total = Number(answer.headers.get('content-length') ?? 0);
  let bytes = 0;
  let told = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      bytes += chunk.length;
      if (total > 0 && bytes - told > total / 10) {
        told = bytes;
        onProgress(`downloading Temporal: ${Math.round((100 * bytes) / total)} % of ${Math.round(total / 1e6)} MB`);
      }
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(answer.body as never), count, createWriteStream(path));
}
