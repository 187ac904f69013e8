// What the package's types promise, an entry a file, in api/: `npm run api` after `npm run build`. With `--check` nothing is written, and
// it fails where the types are other ones, so that a change of the interface is seen in review.
import { resolve } from 'node:path';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type IConfigFile,
} from '@microsoft/api-extractor';

const entries = ['index', 'vitest', 'vitest-matchers', 'jest', 'jest-global', 'jest-matchers', 'playwright'];
const isCheck = process.argv.includes('--check');
const quiet = { default: { logLevel: ExtractorLogLevel.None } };

const configOf = (entry: string): IConfigFile => ({
  projectFolder: resolve('.'),
  mainEntryPointFilePath: `<projectFolder>/dist/${entry}.d.ts`,
  compiler: {
    overrideTsconfig: {
      compilerOptions: {
        module: 'NodeNext',
        moduleResolution: 'NodeNext',
        target: 'ES2023',
        skipLibCheck: true,
        types: ['node'],
        strict: true,
      },
      include: ['dist/*.d.ts'],
    },
  },
  apiReport: {
    enabled: true,
    reportFileName: `${entry}.api.md`,
    reportFolder: '<projectFolder>/api',
    reportTempFolder: '<projectFolder>/.tools/api',
  },
  docModel: { enabled: false },
  dtsRollup: { enabled: false },
  tsdocMetadata: { enabled: false },
  messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
});

const configs = entries.map((entry) =>
  ExtractorConfig.prepare({
    configObject: configOf(entry),
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  }),
);
const [first] = configs;
if (first === undefined) throw new Error('no entries');
// The compiler reads all of them once.
const compilerState = CompilerState.create(first, {
  additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});
const stale = entries.filter((_, n) => {
  const { apiReportChanged } = Extractor.invoke(configs[n] ?? first, {
    compilerState,
    localBuild: !isCheck,
    messageCallback: (message) => {
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  return isCheck && apiReportChanged;
});
for (const entry of stale) console.error(`api/${entry}.api.md is not what dist/${entry}.d.ts says`);
if (stale.length > 0) {
  console.error('Try: npm run api');
  process.exitCode = 1;
}
