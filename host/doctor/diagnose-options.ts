import type { Config } from '../config/sections.ts';

/** What the checks look at. */
export interface DiagnoseOptions {
  config: Config;
  dataDir: string;
  cacheDir: string;
  env: NodeJS.ProcessEnv;
}
